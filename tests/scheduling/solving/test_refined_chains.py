"""Networks whose chains are one operator each, if a budget allows it: against the best orders."""

from random import Random

from mcugraph.scheduling.solving.dp import dp_order
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.refined_chains import RefinedChains
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.testing import SHAPES, build_problem

NO_LIMITS = Limits()


def drawn(seed, shape, plain=True):
    """A network; a plain one has nothing in place, and nothing for the first operator alone."""
    return build_problem(Random(seed).randint, 12, shape, 60, plain).network()


def least(net):
    return order_peak(net, dp_order(net, NO_LIMITS))


def test_what_takes_too_much_is_taken_apart_until_the_bound_is_the_best():
    """Within less than the best order takes, nothing is left then."""
    taken = fewer = 0
    for seed in range(60):
        net = drawn(seed, SHAPES[seed % len(SHAPES)])
        best = least(net)
        chains = RefinedChains(net)
        fewer += len(chains.net.preds) < len(net.preds)
        while (peak := least(chains.net)) < best:
            finer = chains.refined(dp_order(chains.net, NO_LIMITS), best - 1)
            assert finer is not None
            assert len(finer.net.preds) > len(chains.net.preds)
            chains, taken = finer, taken + 1
        assert peak == best
    assert fewer > 10
    assert taken > 0


def test_smaller_networks_need_no_more_and_stand_for_orders():
    """In place, too; and what needs as much as a budget in them is an order of all operators."""
    for seed in range(60):
        net = drawn(seed, SHAPES[seed % len(SHAPES)], plain=seed % 2 > 0)
        chains = RefinedChains(net)
        order = dp_order(net, NO_LIMITS)
        smaller = chains.order_of(order)
        assert sorted(smaller) == list(range(len(chains.net.preds)))
        assert least(chains.net) <= order_peak(net, order)
        assert sorted(chains.whole(smaller)) == list(range(len(net.preds)))
        assert order_peak(net, chains.whole(smaller)) >= order_peak(chains.net, smaller)
