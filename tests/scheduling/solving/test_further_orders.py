"""Further orders are orders, and take no more than they may."""

from random import Random

import pytest

from mcugraph.scheduling.solving.dp import dp_order
from mcugraph.scheduling.solving.further_orders import orders_within
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.testing import SHAPES, build_problem


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(5))
def test_valid_and_within_the_peak(seed, shape, plain):
    random = Random(seed)
    net = build_problem(random.randint, 9, shape, plain=plain, overlaps=not plain).network()
    least = order_peak(net, dp_order(net, Limits()))
    found = list(orders_within(net, least, Limits()))
    assert len(found) == (1 if net.first else 2)  # so small a network is searched to the end
    for order in found:
        place = {v: position for position, v in enumerate(order)}
        assert sorted(order) == list(range(len(net.preds)))
        assert all(place[u] < place[v] for v, preds in enumerate(net.preds) for u in preds)
        assert order_peak(net, order) == least
    assert not list(orders_within(net, least - 1, Limits()))
