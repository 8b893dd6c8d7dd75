"""Trees that share a tensor: never too high a bound, and the peak where all joins are light."""

from random import Random

import pytest
from support.numbered import numbered

from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.dp import dp_order
from mcugraph.scheduling.solving.instance import Instance
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.scheduling.solving.shared_tree import shared_tree_bounds
from mcugraph.scheduling.solving.solver import solve
from mcugraph.testing import SHAPES, brute_force_peak, build_problem


def tree(readers: int, random: Random, light: bool, alike: bool = False) -> Problem:
    """Branches of one tensor that are added, two or three by two or three, until one is left."""
    sizes = [random.randint(1, 60)]
    inputs: list[tuple[int, ...]] = []
    scratch: list[int] = []

    def run(read: tuple[int, ...]) -> int:
        if read == (0,):
            size = 16 if alike else random.randint(5, 20)
        elif alike:
            size = 16
        else:
            size = random.randint(1, min(5, sum(map(sizes.__getitem__, read)))) if light else 9
        inputs.append(read)
        sizes.append(size)
        scratch.append(0 if light or read == (0,) else random.choice((0, 0, 30)))
        return len(sizes) - 1

    ends = [run((0,)) for _ in range(readers)]
    ends = [run((end,)) if random.random() < 0.3 else end for end in ends]
    while len(ends) > 1:
        if not alike:
            random.shuffle(ends)
        take = 2 if alike else random.randint(2, 3)
        more = () if light or random.random() < 0.8 else (0,)
        ends = [*ends[take:], run((*ends[:take], *more))]
    problem = numbered(sizes, inputs, ends, scratch)
    problem.verify()
    return problem


@pytest.mark.parametrize("light", [False, True])
def test_light_joins_leave_nothing_open(light: bool) -> None:
    met = 0
    for seed in range(150):
        random = Random(seed)
        problem = tree(random.randint(2, 5), random, light)
        net = problem.network()
        least = order_peak(net, dp_order(net, Limits()))
        found = list(shared_tree_bounds(net))
        peaks = [order_peak(net, order) for _, order in found if order]
        best = max([bound for bound, _ in found], default=0)
        assert best <= least <= min(peaks, default=least)
        met += [best] == peaks
        if light:
            assert not peaks or [best] == peaks
            if len(net.preds) < 8:
                assert least == brute_force_peak(problem)
    assert met > (100 if light else 50)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_order_needs_less(shape: str) -> None:
    for seed in range(60):
        random = Random(seed)
        problem = build_problem(
            random.randint, random.randint(2, 8), shape, max_size=9, plain=False, overlaps=True
        )
        for part in Instance(problem.network()).parts:
            least = order_peak(part.net, dp_order(part.net, Limits()))
            for bound, order in shared_tree_bounds(part.net):
                assert bound <= least
                assert order is None or sorted(order) == list(range(len(part.net.preds)))


@pytest.mark.parametrize("alike", [False, True])
def test_pools_that_are_added_are_not_searched(alike: bool) -> None:
    for readers in (30, 1001):
        limits = Limits()
        problem = tree(readers, Random(1), light=True, alike=alike)
        found = solve(Instance(problem.network()), "auto", limits)
        assert found.peak == found.lower_bound
        assert limits.looks < 4 * readers
