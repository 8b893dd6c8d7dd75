"""Searches of growing effort between an order and a bound.

The two directions take turns, such that neither visits many more states than the other; each turn
of a direction may visit more than the one before. In a turn the budgets between bound and peak are
bisected; only complete searches raise the bound.
"""

from collections.abc import Iterator
from itertools import count
from math import inf

from mcugraph.scheduling.solving.contraction import contracted, expanded
from mcugraph.scheduling.solving.direction import Direction
from mcugraph.scheduling.solving.known_gap import KnownGap
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.search import CHECK_EVERY, Search

_GROWTH = 2
_PROBES = 2  # searches a turn, within less than closes the gap, that may end without a result
_SLICE = 500  # states, after which it is looked at what else there is to do
_BESIDES = 8  # what all searches take, for what the one takes that is to close the gap
_FORWARD_COST = 4  # a state counts for so many: forwards, networks rarely need fewer of them


class Searches:
    """The searches in one network.

    Args:
        gap: What is known, by others as well.
        quota: States that the first search of a turn may visit.
        limits: Limits to keep.
    """

    def __init__(self, gap: KnownGap, quota: int, limits: Limits) -> None:
        self._gap = gap
        self._quota = quota
        self._limits = limits
        self._smaller, self._pieces = contracted(gap.net)
        self._proven = 0  # by searches
        self._efforts: list[_Effort] = []

    @property
    def left(self) -> float:
        """How many looks at the limits it takes yet, at a guess, until the gap is closed."""
        left = min([effort.main.left for effort in self._efforts], default=inf)
        return _BESIDES * left / CHECK_EVERY

    def run(self) -> Iterator[tuple[int, list[int] | None]]:
        """Go on for as long as there is a gap.

        Yields:
            After each slice of a search what it has proven, and an order if it found one.

        Raises:
            LimitReached: A limit was reached first.
        """
        efforts = self._efforts = [self._effort(forward=bool(self._gap.net.first))]
        for turn in count():
            if turn == 1 and not self._gap.net.first:
                efforts.append(self._effort(forward=True))
            effort = min(efforts, key=lambda effort: effort.spent)
            yield from self._turn(effort, hopeful=turn == 0)
            effort.quota *= _GROWTH

    def _effort(self, forward: bool) -> "_Effort":
        return _Effort(Direction(self._smaller, forward=forward), self._quota)

    def _turn(self, effort: "_Effort", hopeful: bool) -> Iterator[tuple[int, list[int] | None]]:
        """One turn; ``hopeful``: the bound is often met, and then nothing is left to prove."""
        gap = self._gap
        before = self._proven
        low = gap.lower_bound  # this turn finds nothing below
        unproven = gap.peak  # this turn proves nothing from here on
        probes = _PROBES
        # To dive through takes no more states than there are operators.
        dive = min(effort.quota // 4, max(effort.quota // 8, len(self._pieces)))
        while gap.size:
            low = max(low, gap.lower_bound)
            # Where there is room, orders are found soon; without it, one is found or excluded.
            probing = probes > 0 and (hopeful or low < gap.peak - 1)
            if probing:
                search = effort.probe(low if hopeful else (low + gap.peak - 1) // 2)
                yield from self._run(effort, search, effort.quota // 2 if hopeful else dive)
                hopeful = False
            else:
                search = effort.closing(gap.peak - 1)
                yield from self._run(effort, search, effort.quota)
            if search.order is not None:
                probes = max(probes, 1)
            elif search.complete or not gap.lower_bound <= search.budget < gap.peak:
                continue
            elif probing:
                probes -= 1
                low = search.budget + 1
                unproven = min(unproven, search.budget)
            else:
                break
        # The proof for all of the gap takes longer; see what a part of the effort can prove.
        for _ in range(_PROBES):
            unproven = min(unproven, gap.peak)
            if self._proven > before or gap.lower_bound >= unproven:
                return
            search = effort.probe(effort.aimed(gap.lower_bound, unproven))
            yield from self._run(effort, search, effort.quota // 2)
            unproven = gap.peak if search.order is not None else search.budget

    def _run(
        self, effort: "_Effort", search: Search, most: int
    ) -> Iterator[tuple[int, list[int] | None]]:
        """Search on, for so many states, while its budget lies in the gap."""
        gap = self._gap
        last = search.states + most
        while True:
            effort.run(search, min(_SLICE, last - search.states), self._limits)
            if search.order is not None:
                yield 0, expanded(search.order, self._pieces)
                return
            if search.complete:
                self._proven = max(self._proven, search.next_budget)
                yield search.next_budget, None
                return
            yield 0, None
            if search.states >= last or not gap.lower_bound <= search.budget < gap.peak:
                return


class _Effort:
    """A direction, how many states its next search may visit, and what it cost so far.

    Attributes:
        aim: The budget above the bound that was last too much to prove anything about.
        main: The search that is to close the gap, within less than the best order needs. What is
            dead in it stays so when a better order is found.
        begun: The last probe, to be gone on with when its budget comes again.
    """

    __slots__ = ("aim", "begun", "cost", "direction", "main", "quota", "spent")

    def __init__(self, direction: Direction, quota: int) -> None:
        self.direction = direction
        self.cost = _FORWARD_COST if direction.forward else 1
        self.quota = quota
        self.spent = 0
        self.aim = 0
        self.main = self.begun = Search(direction, direction.highest)

    def closing(self, budget: int) -> Search:
        """The search that is to close the gap, begun again if the budget is less than before."""
        if budget == self.begun.budget < self.main.budget:
            self.main = self.begun.knowing(self.main)
        elif budget < self.main.budget:
            self.main = self.main.within(budget)
        return self.main

    def aimed(self, low: int, high: int) -> int:
        """A budget from ``low`` up to ``high`` about which something may be proven.

        First half-way; then what was too much before, as there is more effort now.
        """
        budget = self.aim if low <= self.aim < high else (low + high) // 2
        self.aim = (low + budget) // 2
        return budget

    def probe(self, budget: int) -> Search:
        """A search within a budget that need not be the last."""
        if budget != self.begun.budget:
            self.begun = Search(self.direction, budget, self.main.dead)
        return self.begun

    def run(self, search: Search, quota: int, limits: Limits) -> None:
        """Search on, and count it."""
        before = search.states
        search.run(quota, limits)
        self.spent += (search.states - before) * self.cost
