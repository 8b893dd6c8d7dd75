"""In-place pairs: the solvers' matching and the checker's, each against trying everything."""

from itertools import combinations
from random import Random

import pytest

from mcugraph.scheduling.order_checker import live_bytes
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.matching import best_pairs, saved_bytes


def operator(pairs, sizes_in, sizes_out):
    """One operator that reads and writes everything, with the given in-place pairs."""
    n = len(sizes_in)
    return Problem(
        tensors=tuple(range(n + len(sizes_out))),
        sizes=(*sizes_in, *sizes_out),
        operators=("f",),
        inputs=(tuple(range(n)),),
        outputs=(tuple(range(n, n + len(sizes_out))),),
        graph_inputs=tuple(range(n)),
        graph_outputs=tuple(range(n, n + len(sizes_out))),
        inplace=(tuple(pairs),),
    )


def everything(pairs, sizes):
    best = 0
    for count in range(len(pairs) + 1):
        for chosen in combinations(pairs, count):
            if len({a for a, _ in chosen}) == len({b for _, b in chosen}) == count:
                best = max(best, sum(sizes[b] for _, b in chosen))
    return best


@pytest.mark.parametrize("seed", range(150))
def test_both_save_the_most(seed):
    random = Random(seed)
    inputs, outputs = random.randint(1, 5), random.randint(1, 5)
    sizes_out = [random.randint(1, 9) for _ in range(outputs)]
    sizes = [9] * inputs + sizes_out
    pairs = [
        (a, b)
        for a in range(inputs)
        for b in range(inputs, inputs + outputs)
        if random.random() < 0.4
    ]
    best = everything(pairs, sizes)
    weighted = [(a, b, sizes[b]) for a, b in pairs]
    assert saved_bytes(weighted) == best
    chosen = best_pairs(weighted)
    assert set(chosen) <= set(pairs)
    assert len({a for a, _ in chosen}) == len({b for _, b in chosen}) == len(chosen)
    assert sum(sizes[b] for _, b in chosen) == best
    problem = operator(pairs, [9] * inputs, sizes_out)
    assert live_bytes(problem, ["f"]) == [sum(sizes) - best]


@pytest.mark.parametrize("n", [30, 60])
def test_many_pairs_take_no_time(n):
    everyone = [(a, b) for a in range(n) for b in range(n, 2 * n)]
    assert live_bytes(operator(everyone, [3] * n, [2] * n), ["f"]) == [3 * n]
    one_each = [(a, n + a) for a in range(n)]
    assert live_bytes(operator(one_each, [3] * n, [2] * n), ["f"]) == [3 * n]
    assert saved_bytes([(a, b, 2) for a, b in everyone]) == 2 * n
