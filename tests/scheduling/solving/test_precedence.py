"""What budgets imply about precedence, against all orders of small networks."""

from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings

from mcugraph.scheduling.solving.dp import dp_order
from mcugraph.scheduling.solving.limits import LimitReached, Limits
from mcugraph.scheduling.solving.precedence import _LOOK, Precedence, Supports
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.testing import SHAPES, brute_force_peak, build_problem, problems

NO_LIMITS = Limits()
EVERYTHING = 1 << 40


def keeps(order, found):
    """Whether in an order everything that was found to run before an operator does so."""
    run = 0
    for v in order:
        if found.ancestors[v] & ~run:
            return False
        run |= 1 << v
    return True


def orders_within(net, budget):
    """All valid orders that keep a budget."""
    found = []
    for order in permutations(range(len(net.preds))):
        place = {v: step for step, v in enumerate(order)}
        valid = all(place[u] < place[v] for v, preds in enumerate(net.preds) for u in preds)
        if valid and order_peak(net, order) <= budget:
            found.append(order)
    return found


@settings(max_examples=100, deadline=None)
@given(problems(min_operators=1, max_operators=6, max_size=20, overlaps=True))
def test_what_is_implied_holds_in_every_order_within_the_budget(problem):
    """With supports of all budgets before, whatever their order."""
    net, best = problem.network(), brute_force_peak(problem)
    supports = Supports(net, range(len(net.preds)))
    for budget in (best, best - 1, best + 3, best - 4, best + 1, best):
        found = Precedence(supports, budget).infer(EVERYTHING, NO_LIMITS)
        if found.contradicted:
            assert budget < found.least <= best
            continue
        assert found.complete
        for order in orders_within(net, budget):
            assert keeps(order, found)


@pytest.mark.parametrize("seed", range(20))
def test_an_optimal_order_contradicts_nothing(seed):
    random = Random(seed)
    shape = random.choice(SHAPES)
    net = build_problem(random.randint, 16, shape, max_size=50, overlaps=seed % 2 > 0).network()
    order = dp_order(net, NO_LIMITS)
    peak = order_peak(net, order)
    supports = Supports(net, range(len(net.preds)))
    for budget in (peak // 2, peak, peak - 1):
        found = Precedence(supports, budget).infer(EVERYTHING, NO_LIMITS)
        if found.contradicted:
            assert budget < found.least <= peak
    found = Precedence(supports, peak).infer(EVERYTHING, NO_LIMITS)
    assert keeps(order, found)


def test_pairs_prove_more_than_single_operators():
    """Two branches that cannot both wait: each alone could be the first to end."""
    random = Random(0)
    gained = 0
    for _ in range(40):
        net = build_problem(random.randint, 12, random.choice(SHAPES), max_size=50).network()
        best = order_peak(net, dp_order(net, NO_LIMITS))
        supports = Supports(net, range(len(net.preds)))
        single = 0
        for v in range(12):
            alone = Precedence(supports, -1)
            alone._pending = {v}
            alone.infer(EVERYTHING, NO_LIMITS)
            single = max(single, alone.least)
        found = Precedence(supports, single).infer(EVERYTHING, NO_LIMITS)
        if found.contradicted:
            gained += 1
            assert single < found.least <= best
    assert gained


def test_inference_goes_on_where_it_stopped():
    net = build_problem(Random(3).randint, 16, "random", max_size=50).network()
    budget = order_peak(net, dp_order(net, NO_LIMITS))
    at_once = Precedence(Supports(net, range(len(net.preds))), budget).infer(EVERYTHING, NO_LIMITS)
    bit_by_bit = Precedence(Supports(net, range(len(net.preds))), budget)
    while not bit_by_bit.complete:
        bit_by_bit.infer(1, NO_LIMITS)
    assert bit_by_bit.ancestors == at_once.ancestors


def test_limits_are_kept():
    limits = Limits(seconds=1, clock=iter(range(1000)).__next__)
    net = build_problem(Random(0).randint, 120, "random", max_size=50).network()
    with pytest.raises(LimitReached):
        Precedence(Supports(net, range(len(net.preds))), 1 << 40).infer(EVERYTHING, limits)


def test_limits_are_looked_at_as_often_as_flows_walk_far():
    """However many flows: one in a large network may walk as far as many in a small one."""
    for operators in (60, 150):
        net = build_problem(Random(0).randint, operators, "random", max_size=50).network()
        supports, limits = Supports(net, range(len(net.preds))), Limits()
        Precedence(supports, order_peak(net, range(operators))).infer(100_000, limits)
        supports.check(limits)
        assert limits.looks == supports.walked // _LOOK > 0
