"""Branches that begin with one tensor: hills and valleys against all orders."""

from collections.abc import Callable
from itertools import pairwise, permutations
from random import Random

import pytest

from mcugraph.scheduling.entry import schedule
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.hill_valley import (
    Chain,
    hill_of,
    in_parallel,
    in_series,
    no_worse,
    single,
)
from mcugraph.scheduling.solving.relaxation import series_parallel_bounds
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.testing import brute_force_peak

Steps = list[tuple[list[int], int]]  # what each operator reads, and the tensor that it writes


def built(steps: Steps, sizes: list[int], outputs: tuple[int, ...]) -> Problem:
    """A problem whose only input is its first tensor."""
    problem = Problem(
        tensors=tuple(range(len(sizes))),
        sizes=tuple(sizes),
        operators=tuple(range(len(steps))),
        inputs=tuple(tuple(read) for read, _ in steps),
        outputs=tuple((written,) for _, written in steps),
        graph_inputs=(0,),
        graph_outputs=outputs,
    )
    problem.verify()
    return problem


def forks(random: Random, count: int, most: int = 4) -> Problem:
    """A network of one tensor an operator; whatever has several branches begins them all.

    Each branch begins with an operator of its own.
    """
    steps: Steps = []
    sizes = [random.randint(1, 30)]

    def run(reads: list[int]) -> int:
        sizes.append(random.randint(1, 30))
        steps.append((reads, len(sizes) - 1))
        return len(sizes) - 1

    def branch(data: int, length: int) -> int:
        data, left = run([data]), length - 1
        while left > 2:
            width = random.randint(1, min(most, left - 1))
            if width == 1:
                data, left = run([data]), left - 1
                continue
            inside = random.randint(width, left - 1)
            cuts = [0, *sorted(random.sample(range(1, inside), width - 1)), inside]
            ends = [branch(data, b - a) for a, b in pairwise(cuts)]
            data, left = run(ends), left - inside - 1
        for _ in range(left):
            data = run([data])
        return data

    last = branch(0, count)
    return built(steps, sizes, (last,))


def out_tree(random: Random, count: int, most: int = 4) -> Problem:
    """Each operator reads the only tensor of an earlier one, which a few read at the most."""
    sizes = [random.randint(1, 30) for _ in range(count + 1)]
    readers = [0] * (count + 1)
    steps: Steps = []
    for v in range(count):
        data = random.choice([t for t in range(v + 1) if readers[t] < most])
        readers[data] += 1
        steps.append(([data], v + 1))
    unread = tuple(t for t in range(1, count + 1) if not readers[t])
    return built(steps, sizes, unread)


def best(problem: Problem) -> tuple[int, int]:
    """The largest bound and the least peak."""
    net = problem.network()
    found = list(series_parallel_bounds(net, range(len(problem.operators))))
    return max(bound for bound, _ in found), min(order_peak(net, order) for _, order in found)


@pytest.mark.parametrize("make", [forks, out_tree])
@pytest.mark.parametrize("seed", range(25))
def test_as_all_orders(make: Callable[[Random, int], Problem], seed: int) -> None:
    random = Random(seed)
    problem = make(random, random.randint(4, 8))
    assert best(problem) == (brute_force_peak(problem),) * 2


@pytest.mark.parametrize("make", [forks, out_tree])
@pytest.mark.parametrize("seed", range(12))
def test_as_the_dynamic_programme(make: Callable[[Random, int], Problem], seed: int) -> None:
    random = Random(seed)
    problem = make(random, random.randint(11, 16))
    assert best(problem) == (schedule(problem, method="dp").peak,) * 2


@pytest.mark.parametrize("seed", range(20))
def test_no_order_takes_less_than_the_bound(seed: int) -> None:
    """With more branches than are looked at, and ones that begin with several operators, too."""
    random = Random(seed)
    sizes = [random.randint(1, 30) for _ in range(12)]
    steps: Steps = [([0], t) for t in range(1, 8)]
    steps += [([1, 2], 8), ([3], 9), ([8, 9], 10), ([4, 5, 6, 7, 10], 11)]
    random.shuffle(sizes)
    problem = built(steps, sizes, (11,))
    bound, peak = best(problem)
    assert bound <= schedule(problem, method="dp").peak <= peak


@pytest.mark.parametrize("make", [forks, out_tree])
def test_thousands_of_operators(make: Callable[[Random, int], Problem]) -> None:
    found = schedule(make(Random(3), 1000))
    assert found.optimal


@pytest.mark.parametrize("seed", range(60))
def test_what_is_no_worse_stays_so_beside_and_around_others(seed: int) -> None:
    random = Random(seed)

    def some(count: int) -> list[tuple[int, int]]:
        return [(random.randint(0, 9), random.randint(-6, 6)) for _ in range(count)]

    steps = some(4)
    orders = [
        _chain([steps[i] for i in order]) for order in random.sample([*permutations(range(4))], 6)
    ]
    before, beside, after = (_chain(some(random.randint(1, 3))) for _ in range(3))

    def around(middle: Chain) -> int:
        return hill_of(in_series(in_series(before, in_parallel([middle, beside])), after))

    for one in orders:
        for other in orders:
            if no_worse(one, other):
                assert around(one) <= around(other)


def _chain(steps: list[tuple[int, int]]) -> Chain:
    whole = single(0, *steps[0])
    for v, step in enumerate(steps[1:], 1):
        whole = in_series(whole, single(v, *step))
    return whole
