"""Contracting chains neither loses nor invents an order."""

from random import Random

import pytest

from mcugraph.scheduling.solving.contraction import contracted, expanded
from mcugraph.scheduling.solving.dp import dp_order
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.testing import SHAPES, build_problem


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(15))
def test_least_peak_stays(seed, shape, plain):
    random = Random(seed)
    n = random.randint(3, 11)
    problem = build_problem(random.randint, n, shape, max_size=9, plain=plain, overlaps=not plain)
    net = problem.network()
    smaller, pieces = contracted(net)
    assert sorted(v for piece in pieces for v in piece) == list(range(len(net.preds)))
    order = dp_order(smaller, Limits())
    whole = expanded(order, pieces)
    place = {v: position for position, v in enumerate(whole)}
    assert all(place[u] < place[v] for v, preds in enumerate(net.preds) for u in preds)
    least = order_peak(net, dp_order(net, Limits()))
    assert order_peak(smaller, order) == order_peak(net, whole) == least


def test_a_pause_stays_where_it_is_worth_something():
    random = Random(0)
    kept = joined = 0
    for _ in range(200):
        net = build_problem(random.randint, 8, "branches", max_size=20, plain=True).network()
        pieces = contracted(net)[1]
        joined += sum(len(piece) > 1 for piece in pieces)
        kept += sum(
            len(net.succs[piece[-1]]) == 1 and len(net.preds[net.succs[piece[-1]][0]]) == 1
            for piece in pieces
        )
    assert kept
    assert joined
