"""What closes the gap: whatever it is told and however little a turn may do, nothing false."""

from itertools import pairwise
from random import Random

import pytest

from mcugraph.scheduling.bounds import operator_bound
from mcugraph.scheduling.entry import schedule
from mcugraph.scheduling.order_checker import check_schedule
from mcugraph.scheduling.solving import improve as improving
from mcugraph.scheduling.solving.improve import improve
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.testing import SHAPES, build_problem


def dear(seed, shape, size=18):
    """A problem, what it needs, and an order that needs more than that."""
    random = Random(seed)
    problem = build_problem(random.randint, size, shape, 60, seed % 3 > 0, seed % 2 > 0)
    best = schedule(problem, "dp").peak
    given = check_schedule(problem, problem.operators)
    return problem, best, given


def followed(problem, given, quota, bounds):
    """Bounds and orders as they come, each held against those before."""
    net, peak = problem.network(), given
    order = list(range(len(problem.operators)))
    floor = operator_bound(problem)
    proven = [floor]
    if floor < given:
        for bound, found in improve(net, order, floor, Limits(), quota, [bounds]):
            proven.append(bound)
            if found is not None:
                better = check_schedule(problem, [problem.operators[v] for v in found])
                assert better < peak
                peak = better
    assert all(low <= high for low, high in pairwise(proven))
    return proven[-1], peak


@pytest.mark.parametrize("quota", [1, 500])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("step", [1, 1000])
def test_further_bounds_are_taken(shape, quota, step, monkeypatch):
    """Asked for from the first turn on: those below the optimum help, and none is overshot."""
    monkeypatch.setattr(improving, "_SEARCHED", 0)
    for seed in range(4):
        problem, best, given = dear(seed, shape)
        proven = [*range(operator_bound(problem), best, step), best]
        bounds = ((bound, None) for bound in proven)
        assert followed(problem, given, quota, bounds) == (best, best)


@pytest.mark.parametrize("shape", SHAPES)
def test_beams_find_orders(shape, monkeypatch):
    """With all the time for beams, and searches that find none."""
    monkeypatch.setattr(improving, "_CELLS", 1 << 40)
    monkeypatch.setattr(improving, "_BEAMS", 0)
    for seed in range(4):
        problem, best, given = dear(seed, shape, 20)
        assert followed(problem, given, 1, ()) == (best, best)
