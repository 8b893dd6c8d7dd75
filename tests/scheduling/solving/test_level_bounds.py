"""What is live at a level, against all states of it; bounds by levels, against the best order."""

from random import Random

import pytest

from mcugraph.scheduling.solving import level_bounds as level_bounds_module
from mcugraph.scheduling.solving.dp import dp_order
from mcugraph.scheduling.solving.level_bounds import level_bounds
from mcugraph.scheduling.solving.level_cuts import LevelCuts
from mcugraph.scheduling.solving.level_proof import LevelProof
from mcugraph.scheduling.solving.limits import MEMORY, LimitReached, Limits
from mcugraph.scheduling.solving.network import ancestor_masks
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.testing import SHAPES, build_problem


def drawn(seed, size=12):
    random = Random(seed)
    problem = build_problem(random.randint, size, random.choice(SHAPES), 60, True, seed % 2 > 0)
    return problem.network()


def live_bytes(net, state):
    """Bytes of the tensors that are made in a state, or before, and read or kept after it."""
    return net.constant + sum(
        size
        for size, made, readers, keep in zip(
            net.sizes, net.producer, net.consumers, net.keep, strict=True
        )
        if (made < 0 or made in state) and (keep or not state.issuperset(readers))
    )


def levels(net, steps):
    """For each number of operators, what the cheapest next operator takes from each state."""
    ancestors = ancestor_masks(net)

    def ready(state):
        return [
            v
            for v in set(range(len(net.preds))) - state
            if all(ancestors[v] >> u & 1 == 0 or u in state for u in range(v))
        ]

    states = {frozenset()}
    for _ in net.preds[1:]:
        states = {state | {v} for state in states for v in ready(state)}
        yield [live_bytes(net, s) + min(steps[v] for v in ready(s)) for s in states]


@pytest.mark.parametrize("seed", range(20))
def test_proofs_tell_the_least_of_a_level(seed):
    net = drawn(seed)
    cuts = LevelCuts(net)
    random = Random(seed)
    steps = [random.randint(0, 40) if seed % 3 else 9 for _ in net.preds]
    for level, taken in enumerate(levels(net, steps), 1):
        least = min(taken)
        proof = LevelProof(cuts, range(len(net.preds)), level, steps)
        for budget in (least - 7, least + 7, least - 1, least):
            proof.aim(budget)
            while not proof.settled:
                proof.run(100, Limits())
            assert proof.refuted == (budget < least)
            if proof.refuted:
                assert budget < proof.least <= least
            else:
                assert proof.met in taken
                assert proof.met <= budget


@pytest.mark.parametrize("above", [0, 17])
def test_no_bound_is_above_the_best_order(above):
    met = 0
    for seed in range(60):
        net = drawn(seed, 14)
        order = range(len(net.preds))
        best = order_peak(net, dp_order(net, Limits()))
        bounds = list(level_bounds(net, order, lambda: 1, lambda best=best: best + above, Limits()))
        assert bounds == sorted(bounds)
        assert max(bounds, default=0) <= best
        met += best in bounds
    assert met > 5


def test_flows_count_as_memory(monkeypatch):
    monkeypatch.setattr(level_bounds_module, "_TURN", 1)
    net = drawn(0)
    order = range(len(net.preds))
    best = order_peak(net, dp_order(net, Limits()))
    with pytest.raises(LimitReached) as reached:
        list(level_bounds(net, order, lambda: 1, lambda: best, Limits(memory=1)))
    assert reached.value.reason == MEMORY
