"""Greedy orders: each step is the best one of those that are possible there."""

from random import Random

import pytest

from mcugraph.scheduling.solving.greedy_orders import backward_order, forward_order, greedy_orders
from mcugraph.testing import SHAPES, build_problem, check_schedule


def live_after(problem, done):
    """Bytes that are live between what is done and the rest."""
    rest = [v for v in range(len(problem.operators)) if v not in done]
    made = set(problem.graph_inputs).union(*(problem.outputs[v] for v in done))
    needed = set(problem.graph_outputs).union(*(problem.inputs[v] for v in rest))
    return sum(problem.sizes[t] for t in made & needed)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(12))
def test_each_step_leaves_the_least(seed, shape):
    problem = build_problem(Random(seed).randint, 12, shape, 50, plain=True)
    net = problem.network()
    every = set(range(12))
    order = forward_order(net)
    for at, v in enumerate(order):
        done = set(order[:at])
        ready = [w for w in every - done if done.issuperset(net.preds[w])]
        assert live_after(problem, done | {v}) == min(
            live_after(problem, done | {w}) for w in ready
        )
    order = backward_order(net)
    for at, v in enumerate(order):
        done = set(order[: at + 1])
        last = [w for w in done if done.isdisjoint(net.succs[w])]
        assert live_after(problem, done - {v}) == min(live_after(problem, done - {w}) for w in last)


@pytest.mark.parametrize("size", [1, 2, 9])
def test_orders_are_orders(size):
    for seed, shape in enumerate(SHAPES):
        problem = build_problem(Random(seed).randint, size, shape)
        found = greedy_orders(problem.network())
        assert len(found) == (1 if size == 1 else 3)
        for order in found:
            check_schedule(problem, [problem.operators[v] for v in order])
