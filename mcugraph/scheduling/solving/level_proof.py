"""A proof that no state of a level has little live, operator by operator.

Where the cut of a level (see ``level_cuts``) leaves it open whether some state of so many operators
fits, an operator is taken of which it does not tell whether it has run: either it has, with all
before it, or it has not, nor has what is after it. Both ways the cut gets larger: by much if much
is before the operator, and after it. If it is too large at last both ways, there is no such state.
"""

from collections.abc import Iterator

from mcugraph.scheduling.solving.cut_graph import CutFlow
from mcugraph.scheduling.solving.level_cuts import LevelCut, LevelCuts
from mcugraph.scheduling.solving.limits import Limits


class LevelProof:
    """The proof for one level.

    Args:
        cuts: The network.
        level: How many operators the states hold.
        room: Bytes that may be live.

    Attributes:
        level, room: The same.
        refuted: Whether no state of the level has as little live.
        least: If so, what is live in all of them, at the least; else, once it is settled, what is
            live in the state that was found.
        settled: Whether a state was found, or that there is none.
        walked: How many nodes flows walked for it.
    """

    def __init__(self, cuts: LevelCuts, level: int, room: int) -> None:
        self.level, self.room = level, room
        self._cuts = cuts
        self._open: list[tuple[int, int, LevelCut | None]] = [(0, 0, None)]
        self._count = len(cuts.ancestors)
        self.least = cuts.highest
        self.refuted = self.settled = False
        self.walked = 0

    def run(self, most: int, limits: Limits) -> "LevelProof":
        """Go on, until flows walked about so many nodes.

        Raises:
            LimitReached: A limit was reached first.
        """
        graph = self._cuts.graph
        began = graph.walked
        while graph.walked < began + most and not self.settled:
            run, waiting, start = self._open.pop()
            cut = LevelCut(self._cuts, self.level, run, waiting, self.room, start)
            if cut.least > self.room:
                self.least = min(self.least, cut.least)
            elif cut.few == cut.many:
                self.least = cut.least
                self.settled = True
                break
            else:
                self._split(cut)
            self.refuted = self.settled = not self._open
            self._cuts.check(limits)
        self.walked += graph.walked - began
        return self

    def held(self) -> Iterator[CutFlow]:
        """What flows, as far as it is kept; some of it more than once."""
        for _, _, start in self._open:
            if start:
                yield from start.flows

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
        run = cut.run | ancestors[best] | 1 << best
        if run.bit_count() <= self.level:
            self._open.append((run, cut.waiting, cut))
        waiting = cut.waiting | descendants[best] | 1 << best
        if waiting.bit_count() <= self._count - self.level:
            self._open.append((cut.run, waiting, cut))
