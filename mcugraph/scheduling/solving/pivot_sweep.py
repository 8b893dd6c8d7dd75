"""What can follow some states before a pivot, or come before them: nothing, or an order.

The states (see ``pivot_states``) hold different numbers of operators. All that follows them within
a budget is found level by level, those that hold more operators joining in at their levels (see
``bit_steps``). If nothing is left at some level, no order of the budget passes any of them.

Otherwise an order that does passes one of those at the level with the fewest, of the levels where
much is live in all of them. From these the way goes to both ends; and back on either side, such
that of each state it is known what is live at the most on the best way to the end, as far as it
makes free moves at once (see ``search``). If none is reached from both ends, there is no order;
else the best one through these states is known. Where ways are very many, only the lowest states
are gone through: then an order may be found, but nothing is refuted.
"""

from collections.abc import Generator, Iterator
from typing import NamedTuple

import numpy as np

from mcugraph.scheduling.solving.bit_steps import BitStates, BitSteps, Followers
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network
from mcugraph.scheduling.solving.ragged import Ints
from mcugraph.scheduling.solving.set_arrays import words

_LOOK = 4000  # states, between two looks at the limits
_STATE_BYTES = 400  # that a state takes while what follows it is found
_STEP_BYTES = 20  # that a step takes which is kept
_HIGH = 0.9  # of what is live at some level in all states: to be there takes as much
_KEPT = 10_000  # states of a level, of those that ways lead through
_NEVER = 1 << 62  # bytes, if the end is not reached


class _Ways(NamedTuple):
    """The ways from some states to an end.

    Attributes:
        steps: Those of each level.
        most: Of the states of each level, what is live at the most on the best way.
    """

    steps: list[Followers]
    most: list[Ints]

    def best(self, number: int) -> list[int]:
        """The operators of the best way from one of the states."""
        added = list[int]()
        for found, most in zip(self.steps, self.most[1:], strict=True):
            chosen = np.flatnonzero(found.rows == number)
            worst = np.maximum(found.cost[chosen], most[found.to[chosen]])
            step = chosen[worst.argmin()]
            added.append(int(found.added[step]))
            number = int(found.to[step])
        return added


class PivotSweep:
    """Sweeps from states within a budget.

    Args:
        net: The network without overlays, its bytes ``countable``.
        budget: Bytes.
        width: States of a level, beyond which it is left open what follows.

    Attributes:
        refuted: Whether no order passes the states of the last run.
        order: An order that does, if one was found.
    """

    def __init__(self, net: Network, budget: int, width: int) -> None:
        self.refuted = False
        self.order: list[int] | None = None
        self._count = len(net.preds)
        self._budget, self._width = budget, width
        self._full = words(np.ones((self._count, 1), bool))
        self._steps = BitSteps(net, False), BitSteps(net, True)
        self._kept = 0  # bytes of steps
        self._dropped = False  # whether some of the ways were not looked at

    def run(self, pivot: int, states: BitStates, forward: bool, limits: Limits) -> Iterator[None]:
        """Look from states before a pivot to one of the ends, then to both.

        Yields:
            Now and then.

        Raises:
            LimitReached: A limit was reached.
        """
        self.refuted, self.order = False, None
        steps = self._steps[forward]
        states = steps.added_to(states, pivot) if forward else states.turned(self._full)
        sizes = np.bitwise_count(states.words).sum(axis=0)
        level, last = int(sizes.min()), int(sizes.max())
        now = states.of(np.flatnonzero(sizes == level))
        narrow, narrow_level, high = now, level, -1
        while level < self._count:
            now = self._following(now, forward, limits).states
            yield
            level += 1
            if level <= last:
                now = now.joined(states.of(np.flatnonzero(sizes == level)))
            elif not len(now):
                self.refuted = True
                return
            if len(now) > self._width:
                return
            low = int(now.live.min()) if level >= last else -1
            if low * _HIGH > high or (low > high * _HIGH and len(now) < len(narrow)):
                narrow, narrow_level = now, level
            high = max(high, low)
        yield from self._both(narrow, narrow_level, forward, limits)

    def _both(self, states: BitStates, level: int, forward: bool, limits: Limits) -> Iterator[None]:
        """Look from states of a level to both ends."""
        self._kept, self._dropped = 0, False
        ahead = yield from self._ways(states, level, forward, limits)
        back = states.turned(self._full)
        behind = yield from self._ways(back, self._count - level, not forward, limits)
        most = np.maximum(ahead.most[0], behind.most[0])
        best = int(most.argmin())
        if most[best] == _NEVER:
            self.refuted = not self._dropped
            return
        order = [*reversed(behind.best(best)), *ahead.best(best)]
        self.order = order if forward else order[::-1]

    def _ways(
        self, states: BitStates, level: int, forward: bool, limits: Limits
    ) -> Generator[None, None, _Ways]:
        """The ways from states of a level to an end, by the lowest states where there are many."""
        steps: list[Followers] = []
        counts = [len(states)]
        for _ in range(self._count - level):
            found = self._following(states, forward, limits)
            if len(found.states) > _KEPT:
                self._dropped = True
                found = found.leading_to(np.argpartition(found.states.live, _KEPT)[:_KEPT])
            steps.append(found)
            states = found.states
            self._kept += _STEP_BYTES * len(found.rows)
            counts.append(len(states))
            yield
        most = [np.zeros(counts[-1], np.int64)]
        for found, count in zip(reversed(steps), reversed(counts[:-1]), strict=True):
            worst = np.full(count, _NEVER, np.int64)
            np.minimum.at(worst, found.rows, np.maximum(found.cost, most[-1][found.to]))
            most.append(worst)
        return _Ways(steps, most[::-1])

    def _following(self, states: BitStates, forward: bool, limits: Limits) -> Followers:
        """What follows states of a level."""
        found = self._steps[forward].following(states, self._budget)
        for _ in range(len(states) // _LOOK + 1):
            limits.check(_STATE_BYTES * (len(states) + len(found.states)) + self._kept)
        return found
