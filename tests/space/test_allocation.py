"""Widths that make the most of budgets, against trying them all and a checker of their own."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mcugraph as mg
from mcugraph.coupling.polynomial import Polynomial
from mcugraph.ir import Array
from mcugraph.space.allocation import Allocation
from mcugraph.space.lattice import Lattice
from mcugraph.space.resources import PolynomialResource
from mcugraph.space.utility import Utility

NETWORKS = ["branching", "densenet", "efficientnet", "inception", "resnet", "unet"]


def check(space: mg.Space, budgets: dict[str, int], w: Array) -> None:
    """Widths that can be built and meet all budgets, and of which none can be raised."""
    assert w.dtype == np.int64
    assert space.feasible(w)
    costs = {name: getattr(space, name) for name in budgets}
    assert all(cost(w) <= budgets[name] for name, cost in costs.items())
    for group in range(len(w)):
        wider = w + np.eye(len(w), dtype=np.int64)[group]
        if space.feasible(wider):
            assert any(cost(wider) > budgets[name] for name, cost in costs.items()), group


def part(space: mg.Space, **fractions: float) -> dict[str, int]:
    return {n: int(getattr(space, n)(space.full) * part) for n, part in fractions.items()}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("fractions", [(0.5, 0.3, 0.3), (0.55, 0.6, 0.6), (0.9, 0.35, 0.5)])
def test_networks(
    name: str, fractions: tuple[float, ...], fixture_space: Callable[..., mg.Space]
) -> None:
    space = fixture_space(name)
    budgets = part(space, **dict(zip(("peak", "size", "macs"), fractions, strict=True)))
    w = space.allocate(budgets)
    check(space, budgets, w)
    # Worth more than all groups by one factor.
    shares = np.linspace(0.01, 1, 200)
    even = np.array([space.round(share * space.full) for share in shares])
    costs = {n: getattr(space, n)(even.astype(float)) for n in budgets}
    fits = np.all([costs[n] <= budgets[n] for n in budgets], axis=0)
    worth = -((space.full / even[fits]) @ space.worth)
    assert -((space.full / w) @ space.worth) >= worth.max() - 1e-9


@pytest.mark.parametrize("name", ["resnet", "shufflenet", "mobilenet_v2", "ds_cnn"])
@pytest.mark.parametrize("sram", ["arena", "overlap_arena"])
def test_arenas(name: str, sram: str, fixture_space: Callable[..., mg.Space]) -> None:
    space = fixture_space(name)
    budgets = part(space, **{sram: 0.6, "size": 0.6, "macs": 0.5})
    w = space.allocate(budgets)
    assert space.feasible(w)
    assert all(getattr(space, n)(w) <= most for n, most in budgets.items())
    assert max(getattr(space, n)(w) / most for n, most in budgets.items()) > 0.9


def test_equal_widths_stay_equal(fixture_space: Callable[..., mg.Space]) -> None:
    space = fixture_space("shufflenet")
    assert space.equal
    budgets = part(space, peak=0.6, size=0.5, macs=0.5)
    check(space, budgets, space.allocate(budgets))


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Polynomial], list[float], Utility]:
    """Costs like those of a chain of layers, with all widths that there are few enough to try."""
    count = draw(st.integers(1, 4))
    full = np.array(draw(st.lists(st.integers(1, 8), min_size=count, max_size=count)))
    number = st.integers(0, 9)
    costs = [
        chain([draw(st.integers(1, 9)) for _ in full], [draw(number) for _ in full[1:]])
        for _ in range(draw(st.integers(1, 3)))
    ]
    shares = draw(st.lists(st.floats(0.1, 1.0), min_size=len(costs), max_size=len(costs)))
    worth = np.array(draw(st.lists(st.floats(0.05, 1.0), min_size=count, max_size=count)))
    concavity = draw(st.sampled_from([0, 0.5, 1, 2, 8]))
    return costs, shares, Utility(worth / worth.max(), full, concavity)


def chain(alone: list[int], pairs: list[int]) -> Polynomial:
    total = Polynomial.of(0)
    for i, times in enumerate(alone):
        total = total + Polynomial.variable(i) * times
    for i, times in enumerate(pairs):
        total = total + Polynomial.variable(i) * Polynomial.variable(i + 1) * times
    return total


def regret(polynomials: list[Polynomial], shares: list[float], utility: Utility) -> float:
    """How much more than the widths that are found the best ones are worth."""
    full = utility.full
    names = [f"w{i}" for i in range(len(full))]
    costs = {str(i): PolynomialResource(names, p) for i, p in enumerate(polynomials)}
    ones = np.ones(len(full), np.int64)
    limits = {
        n: max(int(cost(full) * share), int(cost(ones)))
        for (n, cost), share in zip(costs.items(), shares, strict=True)
    }
    lattice = Lattice(ones, full, np.zeros((0, len(full)), np.int64))
    found = Allocation(costs, limits, lattice, utility).solve()
    everything = np.array(list(product(*(range(1, top + 1) for top in full.tolist()))))
    fits = np.all([costs[n](everything.astype(float)) <= limits[n] for n in costs], axis=0)
    assert (everything[fits] == found).all(axis=1).any()
    wider = (everything[fits] >= found).all(axis=1)
    assert wider.sum() == 1  # itself
    return float(utility.of(everything[fits]).max() - utility.of(found))


@settings(max_examples=60)
@given(problems())
def test_what_is_found_fits_and_cannot_be_raised(
    problem: tuple[list[Polynomial], list[float], Utility],
) -> None:
    assert regret(*problem) > -1e-9


@pytest.mark.parametrize(("concavity", "regretted"), [(0.0, 0.01), (1.0, 0.01), (2.0, 0.02)])
def test_mostly_it_is_the_best_of_all(concavity: float, regretted: float) -> None:
    random = np.random.default_rng(3)
    missed = []
    for _ in range(100):
        full = random.integers(4, 11, 4)
        costs = [chain(random.integers(1, 9, 4), random.integers(0, 9, 3)) for _ in range(3)]
        utility = Utility(random.uniform(0.2, 1, 4), full, concavity)
        missed.append(regret(costs, random.uniform(0.2, 0.9, 3).tolist(), utility))
    assert np.mean(np.array(missed) < 1e-9) >= 0.8
    assert np.mean(missed) < regretted


def test_bounds_hold(fixture_space: Callable[..., mg.Space]) -> None:
    space = fixture_space("resnet")
    budgets = part(space, macs=0.5)
    least, most = np.ceil(0.4 * space.full), space.round(0.9 * space.full)
    w = space.allocate(budgets, least=least, most=most)
    assert ((w >= least) & (w <= most)).all()
    assert space.macs(w) <= budgets["macs"]
    plenty = space.allocate({"macs": 10**12}, most=most)
    assert (plenty == most).all()


@pytest.mark.parametrize("concavity", [4, 8, 20])
def test_very_even_shares(concavity: float, fixture_space: Callable[..., mg.Space]) -> None:
    """Nearly the largest least share that fits, however steep the utility is there."""
    space = fixture_space("resnet")
    budgets = part(space, peak=0.9, size=0.12, macs=0.5)
    w = space.allocate(budgets, np.ones(len(space.full)), concavity=concavity)
    check(space, budgets, w)
    even = [space.round(share * space.full) for share in np.linspace(0.01, 1, 300)]
    fits = [e for e in even if all(getattr(space, n)(e) <= most for n, most in budgets.items())]
    best = max((e / space.full).min() for e in fits)
    assert (w / space.full).min() > best - 1.01 / space.full.min()


def test_what_is_worth_more_stays_wider(fixture_space: Callable[..., mg.Space]) -> None:
    space = fixture_space("resnet")
    budgets = part(space, size=0.3, macs=0.3)
    even = space.allocate(budgets)
    for group in range(len(space.full)):
        utility = np.ones(len(space.full))
        utility[group] = 10
        w = space.allocate(budgets, utility)
        check(space, budgets, w)
        assert w[group] >= even[group]
        assert w[group] > even[group] or even[group] == space.full[group]


def test_of_many_groups_hardly_anything_is_left() -> None:
    """A chain of products, whose steps are small against the budgets."""
    count = 60
    random = np.random.default_rng(0)
    full = random.integers(16, 256, count)
    names = [f"w{i}" for i in range(count)]
    costs = {}
    for name in ("size", "macs"):
        total = Polynomial.of(0)
        for i in range(1, count):
            pair = Polynomial.variable(i) * Polynomial.variable(i - 1)
            total = total + pair * int(random.integers(1, 1000))
        costs[name] = PolynomialResource(names, total)
    limits = {"size": int(costs["size"](full) * 0.3), "macs": int(costs["macs"](full) * 0.4)}
    lattice = Lattice(np.ones(count, np.int64), full, np.zeros((0, count), np.int64))
    w = Allocation(costs, limits, lattice, Utility(np.ones(count), full, 1.0)).solve()
    for name, cost in costs.items():
        assert cost(w) <= limits[name]
    assert max(cost(w) / limits[name] for name, cost in costs.items()) > 0.99


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"budgets": ["peak"]}, "budgets: a dict like"),
        ({"budgets": {"sram": 3}}, "unknown budget 'sram'"),
        ({"budgets": {"macs": float("nan")}}, "budget macs: it has to be at least 1, not nan"),
        ({"budgets": {"size": 9}}, "budget size: .* even with one channel a group"),
        ({"utility": [float("nan")] * 6}, "not finite"),
        ({"utility": [1.0]}, "6 widths are needed"),
        ({"utility": [-1.0] * 6}, "utility: numbers from 0 on"),
        ({"utility": [0.0] * 6}, "utility: numbers from 0 on"),
        ({"utility": "flat"}, "6 widths are needed"),
        ({"least": [999.0] * 6}, "least: a group would be wider than"),
        ({"least": [float("inf")] * 6}, "not finite"),
        ({"most": [2.5] * 6}, "most: feasible widths"),
        ({"least": [6.0] * 6, "budgets": {"macs": 20_000}}, "even with the least widths"),
    ],
)
def test_refusals(
    arguments: dict[str, Any], said: str, fixture_space: Callable[..., mg.Space]
) -> None:
    with pytest.raises(mg.UsageError, match=said) as error:
        fixture_space("resnet").allocate(**{"budgets": {"macs": 200_000}, **arguments})
    assert "\n" not in str(error.value)
