"""A proof that no order passes a level with little memory, operator by operator.

From a state of the level, one that holds so many operators, an order runs one more. So it takes
what is live in the state, and what the cheapest operator adds that may run next.

Where the cut of a level (see ``level_cuts``) leaves it open whether some state of so many operators
fits, an operator is taken of which it does not tell whether it has run: either it has, with all
before it, or it has not, nor has what is after it. Both ways the cut gets larger: by much if much
is before the operator, and after it. If it is too large at last both ways, there is no such state.
The more is given, the fewer operators may run next, and the more the cheapest of them adds.
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
        least: Bytes that the next operator takes in all of them, at the least.
        step: What it adds of that, at the least.
        run, waiting: What must have run, and what cannot have.
        start: A cut of the same, or of fewer operators.
    """

    least: int
    step: int
    run: int
    waiting: int
    start: LevelCut | None


class LevelProof:
    """The proof for one level, for any budget.

    What is excluded within little stays so within less, and says where to go on within more.

    Args:
        cuts: The network.
        order: An order of it.
        level: How many operators the states hold; not all.
        steps: Bytes that each operator adds while it runs, at the least.

    Attributes:
        level: The same.
        budget: Bytes that the next operator may take.
        met: What it takes from a state that was found, the least of them.
        refuted: Whether it takes more from all states of the level.
        settled: Whether that is known, or a state from which it does not.
    """

    def __init__(
        self, cuts: LevelCuts, order: Sequence[int], level: int, steps: Sequence[int]
    ) -> None:
        self.level, self.budget = level, 0
        self._steps = steps
        self._cheapest = sorted(range(len(steps)), key=steps.__getitem__)
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
        """If it is refuted, bytes that are taken from all states of the level."""
        return min([case.least for case in self._closed], default=self._cuts.highest)

    def aim(self, budget: int) -> None:
        """Go on within so many bytes, be it more than before or less."""
        self.budget = budget
        self._open += [case for case in self._closed if case.least <= budget]
        self._closed = [case for case in self._closed if case.least > budget]
        self.refuted = not self._open
        self.settled = self.refuted or self.met <= budget

    def run(self, most: int, limits: Limits) -> "LevelProof":
        """Go on, until flows walked about so many nodes.

        Raises:
            LimitReached: A limit was reached first.
        """
        graph = self._cuts.graph
        last = graph.walked + most
        while graph.walked < last and not self.settled:
            _, step, run, waiting, start = self._open.pop()
            cut = LevelCut(self._cuts, self.level, run, waiting, self.budget - step, start)
            self._first = self._first or cut
            least = cut.least + step
            if least > self.budget:
                kept = cut if len(self._closed) < _KEPT else self._first
                self._closed.append(_Case(least, step, run, waiting, kept))
            elif (taken := self._between(cut)) <= self.budget:
                self._open.append(_Case(least, step, run, waiting, cut))
                self.met = min(self.met, taken)
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

    def _next_step(self, run: int, waiting: int) -> int | None:
        """What the cheapest operator adds that may run next; None: there are no such states."""
        ancestors, descendants = self._cuts.ancestors, self._cuts.descendants
        most_waiting = self._count - self.level
        for v in self._cheapest:
            if (
                not (run >> v & 1 or ancestors[v] & waiting)
                and (run | ancestors[v]).bit_count() <= self.level
                and (waiting | descendants[v] | 1 << v).bit_count() <= most_waiting
            ):
                return self._steps[v]
        return None

    def _between(self, cut: LevelCut) -> int:
        """What the next operator takes from a state between the two downsets of a cut, in bytes."""
        state, missing = cut.few, self.level - cut.few.bit_count()
        left = cut.many & ~cut.few
        for v in self._order:
            if not missing:
                break
            if left >> v & 1:
                state |= 1 << v
                missing -= 1
        step = self._next_step(state, self._cuts.everything & ~state)
        assert step is not None  # the level is not the last
        return self._cuts.bytes_live(state) + step

    def _split(self, cut: LevelCut) -> None:
        """Take one more operator as run, and as waiting, where that leaves states of the level."""
        ancestors, descendants = self._cuts.ancestors, self._cuts.descendants
        free = self._cuts.everything & ~(cut.run | cut.waiting)
        left = cut.many & ~cut.few or free  # one state has the least live; others, dearer steps
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
        step = self._next_step(run, waiting)
        if step is not None:
            self._open.append(_Case(0, step, run, waiting, start))
