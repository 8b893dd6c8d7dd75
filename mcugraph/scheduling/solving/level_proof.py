"""A proof that no state of a level has little live, operator by operator.

Where the cut of a level (see ``level_cuts``) leaves it open whether some state of so many operators
fits, an operator is taken of which it does not tell whether it has run: either it has, with all
before it, or it has not, nor has what is after it. Both ways the cut gets larger: by much if much
is before the operator, and after it. If it is too large at last both ways, there is no such state.
Wherever a cut leaves it open, a state between its two downsets is looked at: often one fits.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from mcugraph.scheduling.solving.cut_graph import CutFlow
from mcugraph.scheduling.solving.level_cuts import LevelCut, LevelCuts
from mcugraph.scheduling.solving.limits import Limits

_KEPT = 256  # cases of which it is kept what flows


class _Case(NamedTuple):
    """States of the level of which something is given.

    Attributes:
        least: Bytes that are live in all of them, at the least.
        run, waiting: What must have run, and what cannot have.
        start: A cut of the same, or of fewer operators.
    """

    least: int
    run: int
    waiting: int
    start: LevelCut | None


class LevelProof:
    """The proof for one level, for any room.

    What is excluded with little room stays so with less, and says where to go on with more.

    Args:
        cuts: The network.
        order: An order of it.
        level: How many operators the states hold.

    Attributes:
        level: The same.
        room: Bytes that may be live.
        met: What is live in a state that was found, the least of them.
        refuted: Whether no state of the level has as little live.
        settled: Whether that is known, or such a state.
    """

    def __init__(self, cuts: LevelCuts, order: Sequence[int], level: int) -> None:
        self.level, self.room = level, 0
        self._cuts, self._order = cuts, order
        self._open: list[_Case] = []
        self._closed: list[_Case] = []
        self._first: LevelCut | None = None  # from which all others may start
        self._count = len(cuts.ancestors)
        self.met = cuts.highest
        self.refuted = self.settled = False
        self._begin(0, 0, None)

    @property
    def least(self) -> int:
        """If it is refuted, bytes that are live in all states of the level."""
        return min([case.least for case in self._closed], default=self._cuts.highest)

    def aim(self, room: int) -> None:
        """Go on with so many bytes as may be live, be it more than before or less."""
        self.room = room
        self._open += [case for case in self._closed if case.least <= room]
        self._closed = [case for case in self._closed if case.least > room]
        self.refuted = not self._open
        self.settled = self.refuted or self.met <= room

    def run(self, most: int, limits: Limits) -> "LevelProof":
        """Go on, until flows walked about so many nodes.

        Raises:
            LimitReached: A limit was reached first.
        """
        graph = self._cuts.graph
        last = graph.walked + most
        while graph.walked < last and not self.settled:
            _, run, waiting, start = self._open.pop()
            cut = LevelCut(self._cuts, self.level, run, waiting, self.room, start)
            self._first = self._first or cut
            if cut.least > self.room:
                kept = cut if len(self._closed) < _KEPT else self._first
                self._closed.append(_Case(cut.least, run, waiting, kept))
            elif (live := self._between(cut)) <= self.room:
                self._open.append(_Case(cut.least, run, waiting, cut))
                self.met = min(self.met, live)
                self.settled = True
            else:
                self._split(cut)
            if not self._open:
                self.refuted = self.settled = True
            self._cuts.check(limits)
        return self

    def held(self) -> Iterator[CutFlow]:
        """What flows, as far as it is kept; some of it more than once."""
        for case in chain(self._open, self._closed):
            if case.start:
                yield from case.start.flows

    def _between(self, cut: LevelCut) -> int:
        """What is live in a state between the two downsets of a cut, in bytes."""
        state, missing = cut.few, self.level - cut.few.bit_count()
        left = cut.many & ~cut.few
        for v in self._order:
            if not missing:
                break
            if left >> v & 1:
                state |= 1 << v
                missing -= 1
        return self._cuts.bytes_live(state)

    def _split(self, cut: LevelCut) -> None:
        """Take one more operator as run, and as waiting, where that leaves states of the level."""
        ancestors, descendants = self._cuts.ancestors, self._cuts.descendants
        left, free = cut.many & ~cut.few, self._cuts.everything & ~(cut.run | cut.waiting)
        best, most = 0, -1
        while left:
            lowest = left & -left
            left ^= lowest
            v = lowest.bit_length() - 1
            before, after = ancestors[v] & free, descendants[v] & free
            if (decided := (before.bit_count() + 1) * (after.bit_count() + 1)) > most:
                best, most = v, decided
        self._begin(cut.run | ancestors[best] | 1 << best, cut.waiting, cut)
        self._begin(cut.run, cut.waiting | descendants[best] | 1 << best, cut)

    def _begin(self, run: int, waiting: int, start: LevelCut | None) -> None:
        """Note what is to be looked at, with all that follows from how many operators run."""
        ancestors, descendants = self._cuts.ancestors, self._cuts.descendants
        most_waiting = self._count - self.level
        before = -1
        while before != run | waiting:
            if run & waiting or run.bit_count() > self.level or waiting.bit_count() > most_waiting:
                return
            before = run | waiting
            left = self._cuts.everything & ~before
            while left:
                v = left.bit_length() - 1
                left ^= 1 << v
                above, below = ancestors[v] | 1 << v, descendants[v] | 1 << v
                if (run | above).bit_count() > self.level:
                    waiting |= below
                elif (waiting | below).bit_count() > most_waiting:
                    run |= above
        self._open.append(_Case(0, run, waiting, start))
