"""Bounds by what budgets imply, against the dynamic programme."""

from random import Random

import pytest

from mcugraph.scheduling.solving.dp import dp_order
from mcugraph.scheduling.solving.implied_bounds import implied_bounds
from mcugraph.scheduling.solving.limits import MEMORY, LimitReached, Limits
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.testing import SHAPES, build_problem


def drawn(seed):
    """A network, an order of it, and what the best one takes."""
    random = Random(seed)
    problem = build_problem(random.randint, 14, random.choice(SHAPES), 60, True, seed % 2 > 0)
    net = problem.network()
    return net, range(len(net.preds)), order_peak(net, dp_order(net, Limits()))


@pytest.mark.parametrize("above", [0, 1, 17])
def test_no_bound_is_above_the_best_order(above):
    """Whatever the best order known takes; where it is the best one, many bounds meet it."""
    met = 0
    for seed in range(30):
        net, order, best = drawn(seed)
        bounds = list(implied_bounds(net, order, 1, lambda best=best: best + above, Limits()))
        assert bounds == sorted(bounds)
        assert bounds[-1] <= best
        met += bounds[-1] == best
    assert met > 10


def test_flows_count_as_memory():
    net, order, best = drawn(0)
    with pytest.raises(LimitReached) as reached:
        list(implied_bounds(net, order, 1, lambda: best, Limits(memory=100)))
    assert reached.value.reason == MEMORY
