"""The bound by who reads a tensor last: never too high, and met where branches have one source."""

from random import Random

import pytest
from support.numbered import numbered

from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.cuts import DownsetCut
from mcugraph.scheduling.solving.direction import Direction
from mcugraph.scheduling.solving.dp import dp_order
from mcugraph.scheduling.solving.instance import Instance
from mcugraph.scheduling.solving.last_readers import last_reader_bounds
from mcugraph.scheduling.solving.limits import TIME, LimitReached, Limits
from mcugraph.scheduling.solving.network import descendant_masks
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.scheduling.solving.search import Search
from mcugraph.scheduling.solving.solver import solve
from mcugraph.testing import SHAPES, build_problem


@pytest.mark.parametrize("overlaps", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_no_order_needs_less(shape: str, overlaps: bool) -> None:
    for seed in range(60):
        random = Random(seed)
        n = random.randint(3, 10)
        net = build_problem(
            random.randint, n, shape, max_size=9, plain=False, overlaps=overlaps
        ).network()
        least = order_peak(net, dp_order(net, Limits()))
        given = range(len(net.preds))
        before = 0
        for bound, order in last_reader_bounds(net, given, 0):
            assert before <= bound <= least
            before = bound
            if order is None:
                continue
            assert order_peak(net, order) == bound
            assert sorted(order) == list(given)
            place = {v: step for step, v in enumerate(order)}
            assert all(place[u] < place[v] for v, preds in enumerate(net.preds) for u in preds)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_has_to_wait_is_taken_out_of_a_cut(shape: str) -> None:
    for seed in range(30):
        random = Random(seed)
        net = build_problem(random.randint, random.randint(3, 9), shape, max_size=9).network()
        n = len(net.preds)
        cut = DownsetCut(net, list(range(n)))
        least, descendants = cut.least, descendant_masks(net)
        for w in range(n):
            below = descendants[w] | 1 << w
            fresh = DownsetCut(net, [n + 1 if below >> v & 1 else v for v in range(n)])
            assert least + cut.unless_run([w]) == fresh.least
            waiting = cut.waiting_unless_run([w])
            assert w in waiting
            assert all(v in waiting for v in range(n) if below >> v & 1)
            left = DownsetCut(net, [n + 1 if v in waiting else n for v in range(n)])
            assert left.least == fresh.least
        assert cut.unless_run([]) == 0


def branches(count: int, length: int, joined: bool, same: bool) -> Problem:
    """Branches that all begin with one tensor, larger than all that they make."""
    random = Random(count)
    sizes, inputs = [9000], []
    drawn = [random.randint(1, 99) for _ in range(length)]
    ends = []
    for _ in range(count):
        at = 0
        for step in range(length):
            inputs.append((at,))
            sizes.append(drawn[step] if same else random.randint(1, 99))
            at = len(inputs)
        ends.append(at)
    if joined:
        inputs.append(tuple(ends))
        sizes.append(7)
        ends = [len(inputs)]
    problem = numbered(sizes, inputs, ends)
    problem.verify()
    return problem


@pytest.mark.parametrize("same", [False, True])
@pytest.mark.parametrize(("length", "joined"), [(2, False), (2, True), (3, False), (3, True)])
def test_branches_of_one_tensor_are_not_searched(length: int, joined: bool, same: bool) -> None:
    for count in (4, 50, 600):
        instance, limits = Instance(branches(count, length, joined, same).network()), Limits()
        found = solve(instance, "auto", limits)
        assert found.peak == found.lower_bound
        assert limits.looks < 30 + 4 * count
        if count == 4:
            assert found.peak == order_peak(instance.net, dp_order(instance.net, Limits()))


def test_a_search_stops_in_time_within_one_state() -> None:
    net = branches(400, 2, joined=False, same=False).network()
    seconds = iter(range(10**6))
    limits = Limits(5, clock=lambda: float(next(seconds)))
    search = Search(Direction(net, forward=True), 1 << 40)
    with pytest.raises(LimitReached, match=TIME):
        search.run(1, limits)
    assert search.states == 0
