"""Budgets: what is exceeded, by how much, and where the costs fall."""

from collections.abc import Callable

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.space.budgets import Budgets


@pytest.fixture(scope="module")
def space(fixture_space: Callable[..., mg.Space]) -> mg.Space:
    return fixture_space("resnet")


def test_only_exceeded_budgets_pull(space: mg.Space) -> None:
    full = space.full
    budgets = Budgets(space, {"peak": 10**9, "size": 1000, "macs": 10**12})
    random = np.random.default_rng(0)
    for scalarisation in ("random", "sum"):
        pull = budgets.pull(full, random, scalarisation)
        assert pull.unmet == ("size",)
        assert pull.loss == pytest.approx(space.size(full) / 1000 - 1)
        np.testing.assert_allclose(pull.gradient, full * space.size.gradient(full) / 1000)
    met = budgets.pull(space.round(np.ones(len(full))), random, "sum")
    assert met.loss == 0
    assert not met.gradient.any()


def test_random_scalarisation_prefers_what_is_exceeded_most(space: mg.Space) -> None:
    full = space.full
    limits = {"size": space.size(full) / 1.2, "macs": space.macs(full) / 6}
    budgets = Budgets(space, limits)
    random = np.random.default_rng(0)
    losses = [budgets.pull(full, random, "random").loss for _ in range(400)]
    share = np.isclose(losses, 5, rtol=1e-3).mean()
    # Of two variables 1/u, one five times the other: it is larger in 9 cases of 10.
    assert share == pytest.approx(0.9, abs=0.04)
    assert np.isclose(losses, 0.2, rtol=1e-2).mean() == pytest.approx(1 - share)
    assert budgets.pull(full, random, "sum").loss == pytest.approx(5.2, rel=1e-3)


def test_budgets_take_text_as_the_command_line_does(space: mg.Space) -> None:
    limits = Budgets(space, {"peak": "64KiB", "size": "64k", "macs": "5M"}).limits
    assert limits == {"peak": 65_536, "size": 65_536, "macs": 5_000_000}


def test_costs_and_what_exceeds(space: mg.Space) -> None:
    peak, arena = round(space.peak(space.full)), round(space.arena(space.full))
    budgets = Budgets(space, {"peak": peak, "arena": arena - 1})
    found = budgets.at(space.full)
    assert set(found) == {"peak", "arena", "size", "macs"}
    assert (found["peak"], found["arena"]) == (peak, arena)
    assert budgets.unmet(space.full) == ("arena",)
    assert set(Budgets(space, {"peak": peak}).at(space.full)) == {"peak", "size", "macs"}


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (
            {"sram": 9},
            "unknown budget 'sram'; the budgets are peak, arena, overlap_arena, size, macs",
        ),
        ({"peak": "64 apples"}, "budget peak: '64 apples' is not a size; write it like 64KiB"),
        ({"macs": "5KiB"}, "budget macs: '5KiB' is not a count"),
        ({"size": "0KiB"}, "budget size: a whole number from 1 on is needed, not 0"),
        ({"peak": None}, "budget peak: a number of bytes of SRAM is needed, not None"),
        ({"peak": True}, "budget peak: a number of bytes of SRAM is needed, not True"),
        ({"peak": 0}, "budget peak: it has to be at least 1"),
        ({"peak": float("nan")}, "budget peak: it has to be at least 1, not nan"),
        ({"peak": float("inf")}, "budget peak: it has to be at most 9,223,372,036,854,775,807"),
        ({"macs": 10**400}, "budget macs: it has to be at most"),
        ({"size": 9}, r"budget size: [\d,]+ bytes of flash are needed even with one channel"),
        (["peak"], r"budgets: a dict like .* is needed, not \['peak'\]"),
    ],
)
def test_refusals(space: mg.Space, limits: object, said: str) -> None:
    with pytest.raises(mg.UsageError, match=said) as error:
        Budgets(space, limits)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
    with pytest.raises(mg.UsageError, match="unknown peak 'guess'"):
        Budgets(space, {}, peak_by="guess")
