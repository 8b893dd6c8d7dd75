"""Beams, windows and what is made of them: true costs, valid orders, never a worse one."""

from itertools import count, pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcugraph.scheduling.entry import schedule
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving import polish as polishing
from mcugraph.scheduling.solving.beam import Beam
from mcugraph.scheduling.solving.chains import private_chains
from mcugraph.scheduling.solving.excerpt import excerpt
from mcugraph.scheduling.solving.limits import TIME, LimitReached, Limits
from mcugraph.scheduling.solving.network import countable
from mcugraph.scheduling.solving.polish import Polish
from mcugraph.scheduling.solving.replay import order_peak, step_costs
from mcugraph.testing import SHAPES, build_problem, check_schedule, problems

NO_LIMITS = Limits()
EVERYTHING = 1 << 40


def order_at_random(net, random):
    """Any order that precedence allows."""
    waiting = list(map(len, net.preds))
    ready = [v for v, left in enumerate(waiting) if not left]
    order = []
    while ready:
        v = ready.pop(random.randrange(len(ready)))
        order.append(v)
        for w in net.succs[v]:
            waiting[w] -= 1
            if not waiting[w]:
                ready.append(w)
    return order


def checked_peak(problem, order):
    """The peak by the checker, which shares nothing with the solvers."""
    return check_schedule(problem, [problem.operators[v] for v in order])


def large_problem(seed, operators=150):
    random = Random(seed)
    shape = SHAPES[seed % len(SHAPES)]
    return build_problem(random.randint, operators, shape, max_size=99, overlaps=seed % 3 == 0)


@settings(max_examples=200, deadline=None)
@given(
    problems(min_operators=1, max_operators=12, overlaps=True), st.randoms(use_true_random=False)
)
def test_a_window_costs_what_it_costs_in_its_place(problem, random):
    net = problem.network()
    order = order_at_random(net, random)
    begin = random.randrange(len(order))
    end = random.randint(begin + 1, len(order))
    part = excerpt(net, order, begin, end)
    other = order_at_random(part, random)
    inside = [order[begin + v] for v in other]
    whole = [*order[:begin], *inside, *order[end:]]
    before, after = step_costs(net, order), step_costs(net, whole)
    assert checked_peak(problem, whole) == max(after)
    assert after[begin:end] == step_costs(part, other)
    assert after[:begin] + after[end:] == before[:begin] + before[end:]


@settings(max_examples=200, deadline=None)
@given(
    problems(min_operators=1, max_operators=12, overlaps=True), st.randoms(use_true_random=False)
)
def test_chains_cost_what_their_operators_cost(problem, random):
    net = problem.network()
    chains = {chain.operators[0]: chain for chain in private_chains(net)}
    operators = [v for chain in chains.values() for v in chain.operators]
    assert sorted(operators) == list(range(len(net.preds)))
    inner = set(operators) - chains.keys()
    order = [w for v in order_at_random(net, random) if v not in inner for w in chains[v].operators]
    costs = step_costs(net, order)
    assert checked_peak(problem, order) == max(costs)
    # What is live before a step is what its operator does not add itself.
    live = [
        cost - net.step[v] - (0 if step else net.first)
        for step, (v, cost) in enumerate(zip(order, costs, strict=True))
    ]
    for step, (v, w) in enumerate(pairwise(order)):
        if v in chains and w not in chains and not net.overlays[v]:
            chain = chains[v]
            end = step + len(chain.operators)
            if end < len(order) and not net.overlays[order[end]]:
                after = live[end]
                assert max(0, *(cost - after for cost in costs[step + 1 : end])) == chain.tail


@pytest.mark.parametrize("forward", [True, False])
@settings(max_examples=150, deadline=None)
@given(problem=problems(min_operators=1, max_operators=9, overlaps=True), seed=st.integers(0, 99))
def test_a_dive_keeps_its_budget(forward, problem, seed):
    net, random = problem.network(), Random(seed)
    beam = Beam(net, forward)
    given_order = list(range(len(net.preds)))
    best = schedule(problem).peak
    for budget in {best - 1, best, order_peak(net, given_order)}:
        order = beam.dive(budget, random.choice([1, 3, 50]), NO_LIMITS, random, 0.5)
        if order is not None:
            assert best <= checked_peak(problem, order) <= budget
    # No state is left out for its width: where free moves lose nothing (see ``search``), and no
    # operators are taken as one, the best order is found.
    if not net.first and not any(net.overlays) and len(private_chains(net)) == len(net.preds):
        order = beam.dive(best, EVERYTHING, NO_LIMITS, random)
        assert checked_peak(problem, order) == best


@pytest.mark.parametrize("walk", [1, 100])
@settings(max_examples=30, deadline=None)
@given(problem=problems(min_operators=1, max_operators=12, overlaps=True), seed=st.integers(0, 99))
def test_never_a_worse_order(walk, problem, seed):
    """However soon a walk gives up and another one begins."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(polishing, "_WALK", walk)
        never_worse(problem, seed)


def never_worse(problem, seed):
    net = problem.network()
    order = order_at_random(net, Random(seed))
    polish = Polish(net, order, seed)
    peak = order_peak(net, order)
    for better in polish.turn(4_000_000, 0, NO_LIMITS):
        assert checked_peak(problem, better) == polish.peak < peak
        peak = polish.peak
    assert checked_peak(problem, polish.order) == peak


def test_a_walk_that_is_stuck_gives_way_to_another(monkeypatch):
    """It may be worse, but the best order stays, and there is credit for the dive."""
    monkeypatch.setattr(polishing, "_WALK", 1)
    problem = large_problem(4)
    net = problem.network()
    polish = Polish(net, range(len(net.preds)))
    worse = 0
    for _ in range(40):
        walks, peak = polish._walks, polish.peak
        list(polish.turn(4_000_000, 0, NO_LIMITS))
        assert polish._walks - walks in (0, 1)
        assert checked_peak(problem, polish._walk) == polish._walk_peak >= polish.peak
        assert checked_peak(problem, polish.order) == polish.peak <= peak
        worse += polish._walk_peak > polish.peak
    assert polish._walks > 2
    assert worse


@pytest.mark.parametrize("seed", range(10))
def test_large_networks(seed):
    """Windows that are smaller than the network, with all that a problem may hold."""
    problem = large_problem(seed)
    net = problem.network()
    order = order_at_random(net, Random(seed))
    polish = Polish(net, order)
    peaks = [order_peak(net, order)]
    for better in polish.turn(40_000_000, schedule(problem, "greedy").lower_bound, NO_LIMITS):
        peaks.append(checked_peak(problem, better))
    assert peaks == sorted(set(peaks), reverse=True)
    assert checked_peak(problem, polish.order) == polish.peak == peaks[-1]
    assert peaks[-1] < peaks[0]


def test_steps_decide_not_the_clock():
    net = large_problem(4).network()
    results = []
    for step in (0.0, 0.001):
        clock = count(step=step)
        polish = Polish(net, range(len(net.preds)), seed=3)
        for _ in range(3):
            list(polish.turn(15_000_000, 0, Limits(None, clock=lambda clock=clock: next(clock))))
        results.append(polish.order)
    assert results[0] == results[1]


def test_a_turn_ends_when_its_cells_are_spent():
    net = large_problem(4).network()
    looks = []
    for cells in (1_000, 20_000_000, 80_000_000):
        limits = Limits()
        list(Polish(net, range(len(net.preds))).turn(cells, 0, limits))
        looks.append(limits.looks)  # one a level
    assert looks[0] == 0  # not enough for a dive
    assert 2 < looks[2] / looks[1] < 8


def test_a_dive_waits_until_it_can_be_paid():
    net = large_problem(4).network()
    polish, limits = Polish(net, range(len(net.preds))), Limits()
    turns = 0
    while not limits.looks:
        list(polish.turn(1_000_000, 0, limits))
        turns += 1
    assert turns > 1
    assert turns * 1_000_000 < Beam(net, forward=False).most_cells(100) + 1_000_000


def test_a_bound_that_is_met_ends_it():
    problem = large_problem(4)
    net = problem.network()
    polish = Polish(net, range(len(net.preds)))
    bound = order_peak(net, range(len(net.preds))) - 1
    peaks = [polish.peak for _ in polish.turn(EVERYTHING, bound, NO_LIMITS)]
    assert len(peaks) == 1
    assert peaks[0] <= bound
    assert not list(polish.turn(EVERYTHING, polish.peak, NO_LIMITS))


@pytest.mark.parametrize("looks", [0, 3, 400])
def test_limits_are_kept(looks):
    net = large_problem(4).network()
    clock = count()
    limits = Limits(looks, clock=lambda: next(clock))
    polish = Polish(net, range(len(net.preds)))
    with pytest.raises(LimitReached) as caught:
        list(polish.turn(EVERYTHING, 0, limits))
    assert caught.value.reason == TIME
    assert next(clock) == looks + 2  # it ended at the first look past the limit
    assert polish.peak == order_peak(net, polish.order)
    with pytest.raises(LimitReached):
        list(polish.turn(EVERYTHING, 0, Limits(memory=1000)))


def test_sizes_beyond_the_arrays_are_left_alone():
    problem = build_problem(Random(1).randint, 12, "random", max_size=9, plain=True)
    huge = Problem(
        problem.tensors,
        tuple(size << 62 for size in problem.sizes),
        problem.operators,
        problem.inputs,
        problem.outputs,
        problem.graph_inputs,
        problem.graph_outputs,
    )
    net = huge.network()
    assert not countable(net)
    assert not list(Polish(net, range(12)).turn(EVERYTHING, 0, NO_LIMITS))
