"""What the rules of the search promise, state by state."""

from random import Random

import pytest

from mcugraph.scheduling.direction import Direction
from mcugraph.scheduling.limits import Limits
from mcugraph.scheduling.replay import order_peak
from mcugraph.scheduling.search import Search
from mcugraph.testing import SHAPES, build_problem

NO_LIMITS = Limits()
EVERYTHING = 1 << 60


class Watched(Search):
    """Asserts that states are closed, and that a valley is the least between its ends."""

    __slots__ = ()

    def _push(self, state, live, ready, source, added):
        assert sorted(ready) == [
            v
            for v, need in enumerate(self.direction.need)
            if not need & ~state and not state >> v & 1
        ]
        for v in ready if state or not self.direction.first else ():
            change, cost = self._move(state, live, v)
            free = change <= 0 and cost <= self.budget
            assert not free or self.direction.fixed >> v & 1
        super()._push(state, live, ready, source, added)

    def _is_valley(self, state, target, v):
        answer = super()._is_valley(state, target, v)
        if answer:
            least = min(self._between(state, target).values())
            assert self._between(state, target)[target] == least
        return answer

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
    problem = build_problem(random.randint, random.randint(8, 24), shape, max_size=50)
    net = problem.network()
    best = least_peak(net, True, Watched)
    if not net.first:
        assert least_peak(net, False, Watched) == best


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
