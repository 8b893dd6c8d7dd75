"""Bounds by sweeps, and what they are made of, against brute force and the dynamic programme."""

from dataclasses import replace
from itertools import count
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings

from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.chain_relaxation import relaxed_chains
from mcugraph.scheduling.solving.climb import climb
from mcugraph.scheduling.solving.completion import Completions
from mcugraph.scheduling.solving.cuts import OperatorCut
from mcugraph.scheduling.solving.dp import dp_order
from mcugraph.scheduling.solving.limits import LimitReached, Limits
from mcugraph.scheduling.solving.network import ancestor_masks
from mcugraph.scheduling.solving.replay import order_peak, step_costs
from mcugraph.scheduling.solving.sweep import LevelSweep
from mcugraph.testing import SHAPES, brute_force_peak, build_problem, problems

NO_LIMITS = Limits()
EVERYTHING = 1 << 40


def least(net):
    return order_peak(net, dp_order(net, NO_LIMITS))


def exact(net):
    """Whether no step is taken for cheaper than it is: for the first one, or in place."""
    several = [len({overlay.output for overlay in overlays}) > 1 for overlays in net.overlays]
    return not net.first and not any(several)


def eager(monkeypatch):
    """Bounds are learned from every state that is alive, whatever that costs."""
    monkeypatch.setattr("mcugraph.scheduling.solving.completion._STATES", 1)
    monkeypatch.setattr("mcugraph.scheduling.solving.completion._SHARE", 1e9)


@settings(max_examples=200, deadline=None)
@given(problems(min_operators=1, max_operators=6, max_size=20, overlaps=True))
def test_no_sweep_proves_too_much(problem):
    """Whatever the budget: options of a problem, in place and first bytes, may loosen a sweep."""
    net, best = problem.network(), brute_force_peak(problem)
    completions = Completions(net, range(len(net.preds)), NO_LIMITS)
    sweep = LevelSweep(net)
    for budget in range(max(0, best - 12), best + 2):
        sweep.run(budget, EVERYTHING, completions, NO_LIMITS)
        assert sweep.complete
        if sweep.order is None:
            assert budget < sweep.next_budget <= best
        else:
            assert sorted(sweep.order) == list(range(len(net.preds)))
            assert order_peak(net, sweep.order) >= best
            assert order_peak(net, sweep.order) <= budget or not exact(net)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(10))
def test_sweeps_are_exact_where_nothing_is_in_place(seed, shape, monkeypatch):
    if seed % 2:
        eager(monkeypatch)
    random = Random(seed)
    problem = build_problem(random.randint, random.randint(6, 14), shape, max_size=50, plain=True)
    net = problem.network()
    best = least(net)
    completions = Completions(net, range(len(net.preds)), NO_LIMITS)
    found = LevelSweep(net).run(best, EVERYTHING, completions, NO_LIMITS)
    assert found.order is not None
    assert order_peak(net, found.order) <= best
    budget = 0
    while budget < best:
        found.run(budget, EVERYTHING, completions, NO_LIMITS)
        assert found.complete
        assert found.order is None
        assert budget < found.next_budget <= best
        budget = found.next_budget


@settings(max_examples=150, deadline=None)
@given(problems(min_operators=1, max_operators=6, max_size=20, overlaps=True))
def test_climbing_ends_at_a_bound(problem):
    net, best = problem.network(), brute_force_peak(problem)
    given = range(len(net.preds))
    bounds = [0]
    for bound, order in climb(net, given, 0, lambda: order_peak(net, given), NO_LIMITS):
        assert bounds[-1] <= bound <= best
        bounds.append(bound)
        assert order is None or order_peak(net, order) >= best
    if exact(net):
        assert bounds[-1] == best


@pytest.mark.parametrize("seed", range(12))
def test_climbing_by_sweeps_that_are_cut_short_proves_nothing_false(seed, monkeypatch):
    monkeypatch.setattr("mcugraph.scheduling.solving.climb._QUOTA", 1)
    monkeypatch.setattr("mcugraph.scheduling.solving.climb._MOST", 8)
    net = build_problem(Random(seed).randint, 14, "layered", max_size=50, plain=True).network()
    best, order = least(net), range(len(net.preds))
    ample = order_peak(net, order) + 10
    for bound, _ in climb(net, order, 0, lambda: ample, NO_LIMITS):
        assert bound <= best


@settings(max_examples=100, deadline=None)
@given(problems(min_operators=1, max_operators=8, max_size=20, overlaps=True))
def test_chains_as_one_operator_need_no_more(problem):
    net = problem.network()
    smaller, members = relaxed_chains(net)
    assert sorted(v for chain in members for v in chain) == list(range(len(net.preds)))
    assert least(smaller) <= least(net)


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ((8, 8, 8), [(0,), (1, 2, 3), (4, 5, 6), (7,)]),
        ((8, 5, 5), [(0,), (1, 2, 3), (4, 5, 6), (7,)]),
        ((5, 8, 8), [(0,), (1,), (2, 3), (4,), (5, 6), (7,)]),  # more is live after the second
        ((5, 8, 9), [(v,) for v in range(8)]),
    ],
)
def test_chains_are_private_where_no_more_is_live_after(sizes, groups):
    """Two branches of three steps; what they start from is read twice, and so is no one's own."""
    problem = Problem(
        tensors=tuple("xsabcdefy"),
        sizes=(9, 9, *sizes, *sizes, 1),
        operators=tuple(range(8)),
        inputs=((0,), (1,), (2,), (3,), (1,), (5,), (6,), (4, 7)),
        outputs=((1,), (2,), (3,), (4,), (5,), (6,), (7,), (8,)),
        graph_inputs=(0,),
        graph_outputs=(8,),
    )
    net = problem.network()
    smaller, members = relaxed_chains(net)
    assert sorted(members) == sorted(groups)
    assert len(smaller.preds) == len(groups)
    assert (smaller is net) == (len(groups) == 8)
    assert least(smaller) == least(net)


@settings(max_examples=100, deadline=None)
@given(problems(min_operators=2, max_operators=8, max_size=20, overlaps=True))
def test_postponed_operators_are_part_of_the_cut(problem):
    """While ``v`` runs, an order that runs others later has the bytes live that the cut says."""
    net = problem.network()
    ancestors = ancestor_masks(net)
    order = list(range(len(net.preds)))
    costs = step_costs(net, order)
    for step, v in enumerate(order):
        if net.overlays[v]:
            continue
        cut = OperatorCut(net, ancestors, v)
        for w in reversed(order[step + 1 :]):
            before = cut.least
            assert cut.postpone(w) == cut.least - before >= 0
        assert cut.least <= costs[step]


@pytest.mark.parametrize("seed", range(20))
def test_states_of_an_order_within_the_budget_stay_alive(seed, monkeypatch):
    eager(monkeypatch)
    random = Random(seed)
    shape = random.choice(SHAPES)
    net = build_problem(random.randint, 14, shape, max_size=50, overlaps=seed % 2 > 0).network()
    order = dp_order(net, NO_LIMITS)
    peak = order_peak(net, order)
    completions = Completions(net, range(14), NO_LIMITS)
    held = np.zeros((14, 1), np.uint64)
    for step in range(14):
        held[step, 0] = sum(1 << v for v in order[14 - step :])
    for _ in range(3):
        assert list(completions.alive(held, peak)) == list(range(14))


def test_limits_are_asked():
    net = build_problem(Random(3).randint, 60, "layered", max_size=50, plain=True).network()
    clock = count(step=1)
    limits = Limits(20, clock=lambda: next(clock))
    peak = order_peak(net, range(60))
    with pytest.raises(LimitReached):
        for _ in climb(net, range(60), 0, lambda: peak, limits):
            pass


def test_a_sweep_that_is_cut_short_proves_nothing():
    net = build_problem(Random(3).randint, 60, "layered", max_size=50, plain=True).network()
    peak = order_peak(net, range(60))
    sweep = LevelSweep(net).run(peak - 1, 5, Completions(net, range(60), NO_LIMITS), NO_LIMITS)
    assert not sweep.complete
    assert sweep.order is None


@pytest.mark.parametrize("factor", [10**9 + 7, 10**400])
@pytest.mark.parametrize("seed", range(6))
def test_large_sizes(seed, factor, monkeypatch):
    """Bounds of states are in larger units then, rounded down; past 64 bits nothing is swept."""
    eager(monkeypatch)
    problem = build_problem(Random(seed).randint, 14, "layered", max_size=50, plain=True)
    problem = replace(problem, sizes=tuple(size * factor for size in problem.sizes))
    net = problem.network()
    best = least(net)
    found = list(climb(net, range(14), 0, lambda: best, NO_LIMITS))
    assert all(bound <= best for bound, _ in found)
    assert found[-1][0] == best if factor < 10**12 else not found
