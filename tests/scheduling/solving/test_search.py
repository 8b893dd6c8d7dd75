"""What the rules of the search promise, state by state."""

from math import inf
from random import Random
from statistics import median

import pytest

from mcugraph.scheduling.entry import schedule
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.direction import Direction
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.scheduling.solving.search import Search
from mcugraph.scheduling.solving.valley import lowest_between
from mcugraph.testing import SHAPES, build_problem

NO_LIMITS = Limits()
EVERYTHING = 1 << 60


class Watched(Search):
    """Asserts that states are closed, and that a valley is the least between its ends."""

    __slots__ = ()

    def _explored(self, at, limits):
        state, live, ready = at
        assert sorted(ready) == [
            v
            for v, need in enumerate(self.direction.need)
            if not need & ~state and not state >> v & 1
        ]
        for v in ready if state or not self.direction.first else ():
            change, cost = self._move(state, live, v)
            free = change <= 0 and cost <= self.budget
            if not self._between_ends(state):
                assert not free or self.direction.costs_others(state, v)
        return super()._explored(at, limits)

    def _between_ends(self, state):
        """Whether the state took the place of others as their valley: those need not be closed."""
        return any(state == valley for (valley, _, _), _ in self.valleys.values())

    def _valley(self, frame):
        found = super()._valley(frame)
        if found:
            (state, live, ready), way = found
            between = self._between(frame.operators, frame.at[0])
            assert live - frame.live == between[state] == min(between.values())
            assert state == frame.operators | sum(1 << v for v in way)
            assert len(set(ready)) == len(ready)
            at, now = frame.operators, frame.live
            for v in way:
                change, cost = self._move(at, now, v)
                assert cost <= self.budget
                at, now = at | 1 << v, now + change
        return found

    def _between(self, state, target):
        """What is live, relative to ``state``, in every state up to ``target``."""
        live = {state: 0}
        queue = [state]
        for current in queue:
            for v, need in enumerate(self.direction.need):
                following = current | 1 << v
                if following in live or following & ~target or need & ~current:
                    continue
                live[following] = live[current] + self._move(current, 0, v)[0]
                queue.append(following)
        return live


def least_peak(net, forward, search):
    """The optimum by searches without a limit."""
    direction = Direction(net, forward)
    low, high = 0, order_peak(net, range(len(net.preds)))
    while low < high:
        found = search(direction, (low + high) // 2).run(EVERYTHING, NO_LIMITS)
        if found.order is None:
            assert found.complete
            low = min(high, found.next_budget)
        else:
            high = order_peak(net, found.order)
            assert high <= found.budget
    return high


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(12))
def test_both_directions_agree(seed, shape):
    random = Random(seed)
    n = random.randint(8, 24)
    problem = build_problem(random.randint, n, shape, max_size=50, overlaps=seed % 2 > 0)
    net = problem.network()
    best = least_peak(net, True, Watched)
    if not net.first:
        assert least_peak(net, False, Watched) == best


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_what_is_dead_stays_dead_within_less(seed, forward):
    problem = build_problem(Random(seed).randint, 18, "layered", max_size=50, plain=True)
    net = problem.network()
    direction = Direction(net, forward)
    best = least_peak(net, forward, Search)
    ample = Search(direction, best).run(EVERYTHING, NO_LIMITS)
    assert order_peak(net, ample.order) == best
    for less in (ample.within(best - 1), Search(direction, best - 1, ample.dead)):
        less.run(EVERYTHING, NO_LIMITS)
        assert less.complete
        assert less.order is None


@pytest.mark.parametrize("forward", [True, False])
def test_a_search_goes_on_where_it_stopped(forward):
    net = build_problem(Random(5).randint, 40, "layered", max_size=50, plain=True).network()
    direction = Direction(net, forward)
    budget = least_peak(net, forward, Search) - 1
    at_once = Search(direction, budget).run(EVERYTHING, NO_LIMITS)
    stepwise = Search(direction, budget)
    while not stepwise.complete:
        stepwise.run(7, NO_LIMITS)
    assert stepwise.states == at_once.states
    assert stepwise.next_budget == at_once.next_budget


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(6))
def test_the_lowest_state_between_two_is_found(seed, shape):
    random = Random(seed)
    net = build_problem(random.randint, random.randint(4, 9), shape, max_size=9).network()
    for forward in (True, False):
        direction = Direction(net, forward)
        search = Watched(direction, direction.highest)
        for state in search._between(0, direction.goal):
            ends = search._between(state, direction.goal)
            for target in list(ends)[:: 1 + len(ends) // 5]:
                between = search._between(state, target)
                lowest, lower = lowest_between(direction, state, target)
                assert between[lowest] == min(between.values()) == -lower
                ties = [s for s, live in between.items() if live == -lower]
                assert all(s & ~lowest == 0 for s in ties)


@pytest.mark.parametrize("forward", [True, False])
def test_a_narrow_search_proves_nothing(forward):
    random = Random(5)
    problem = build_problem(random.randint, 40, "layered", max_size=50, plain=True)
    net = problem.network()
    best = least_peak(net, forward, Search)
    narrow = Search(Direction(net, forward), best - 1).run(1, NO_LIMITS)
    assert narrow.order is None
    full = Search(Direction(net, forward), best - 1).run(EVERYTHING, NO_LIMITS)
    assert full.complete
    assert full.next_budget <= best


def grid(random, side):
    """Each operator reads its left and its upper neighbour."""
    count = side * side
    inputs = [
        tuple([v - 1] * (v % side > 0) + [v - side] * (v >= side)) or (count,) for v in range(count)
    ]
    sizes = tuple(random.randint(1, 100) for _ in range(count + 1))
    outputs = tuple((v,) for v in range(count))
    return Problem(
        tuple(range(count + 1)), sizes, tuple(range(count)), tuple(inputs), outputs, (count,)
    )


@pytest.mark.parametrize("seed", range(3))
def test_what_is_left_of_a_proof_is_told_roughly(seed):
    """Mostly within a factor of ten; nothing of a search that has not begun."""
    problem = grid(Random(seed), 14)
    search = Search(Direction(problem.network(), forward=False), schedule(problem).peak - 1)
    assert search.left == inf
    told = []
    while not search.complete:
        search.run(20, NO_LIMITS)
        told.append((search.work, search.left))
    assert search.order is None
    ratios = [left / (search.work - work) for work, left in told[:-1] if 0 < left < inf]
    assert len(ratios) > 30
    assert 0.1 < median(ratios) < 10
