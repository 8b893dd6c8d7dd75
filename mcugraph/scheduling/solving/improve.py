"""Close the gap between an order and a bound by searches of growing effort.

Searches prove, and find orders where the network is not too large. What the first of them leave
open is shared: after each turn beams look for a better order (see ``polish``), for as long as it
took, about, if they found one after the turn before; else for half as long as then, down to a
sixteenth. They begin with a quarter.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count

from mcugraph.scheduling.solving.contraction import contracted, expanded
from mcugraph.scheduling.solving.direction import Direction
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network
from mcugraph.scheduling.solving.polish import Polish
from mcugraph.scheduling.solving.search import Search

FIRST_QUOTA = 500  # states
_GROWTH = 2
_SEARCHED = 250  # looks at the limits before the further bounds are asked for
_BOUNDING = 3  # times as long as searches, further bounds may take
_PROBES = 2  # searches a turn, within less than closes the gap, that may end without a result
_CELLS = 700_000  # of beams that take as long as a search does between two looks at the limits
_IDLE = 4  # how often at most the time of beams is halved; to begin with, two times less
_FORWARD_COST = 4  # a state counts for so many: forwards, networks rarely need fewer of them


def improve(
    net: Network,
    order: Sequence[int],
    lower_bound: int,
    limits: Limits,
    quota: int = FIRST_QUOTA,
    bounds: Iterable[int] = (),
) -> Iterator[tuple[int, list[int] | None]]:
    """Better and better bounds, with orders, until the two meet.

    The two directions take turns, such that neither visits many more states than the other; each
    turn of a direction may visit more than the one before. In a turn the budgets between bound and
    peak are bisected; only complete searches raise the bound.

    Args:
        net: The network.
        order: The best order known.
        lower_bound: What is proven, in bytes; less than its peak.
        limits: Limits to keep.
        quota: States that the first search of a turn may visit.
        bounds: Further lower bounds, worth their time only where the first turns do not suffice:
            in each turn from then on, for about ``_BOUNDING`` times as long as the searches of the
            last turn took.

    Yields:
        The proven bound, and the order if it is a better one than before.

    Raises:
        LimitReached: A limit was reached first.
    """
    polish, idle = Polish(net, order), _IDLE - 3
    peak = polish.peak
    smaller, pieces = contracted(net)
    efforts = [_Effort(Direction(smaller, forward=bool(net.first)), quota)]

    def adopt(order: Sequence[int]) -> list[int]:
        """A better order of the smaller network, as one of the network itself."""
        nonlocal peak
        found = expanded(order, pieces)
        polish.take(found)
        peak = polish.peak
        return found

    further = iter(bounds)
    searched = 0  # looks at the limits during the searches of the last turn
    begun = limits.looks
    for turn in count():
        before = lower_bound
        looks = limits.looks
        bounding = 0  # looks at the limits for further bounds
        if limits.looks - begun >= _SEARCHED:
            for bound in further:
                limits.check()
                if bound > lower_bound:
                    lower_bound = bound
                    yield lower_bound, None
                    if lower_bound == peak:
                        return
                if limits.looks - looks > _BOUNDING * searched:
                    break
            bounding = limits.looks - looks
        if turn == 1 and not net.first:
            efforts.append(_Effort(Direction(smaller, forward=True), quota))
        effort = min(efforts, key=lambda effort: effort.spent)
        looks = limits.looks
        low = lower_bound  # this turn finds nothing below
        unproven = peak  # this turn proves nothing from here on
        hopeful = turn == 0  # the bound is often met, and then nothing is left to prove
        probes = _PROBES
        # To dive through takes no more states than there are operators.
        dive = min(effort.quota // 4, max(effort.quota // 8, len(pieces)))
        while lower_bound < peak:
            # Where there is room, orders are found soon; without it, one is found or excluded.
            probing = probes > 0 and (hopeful or low < peak - 1)
            if probing:
                search = effort.probe(low if hopeful else (low + peak - 1) // 2)
                effort.run(search, effort.quota // 2 if hopeful else dive, limits)
                hopeful = False
            else:
                search = effort.closing(peak - 1)
                effort.run(search, effort.quota, limits)
            if search.order is not None:
                yield lower_bound, adopt(search.order)
                low = min(low, peak)
                probes = max(probes, 1)
            elif search.complete:
                low = lower_bound = min(peak, search.next_budget)
                yield lower_bound, None
            elif probing:
                probes -= 1
                low = search.budget + 1
                unproven = min(unproven, search.budget)
            else:
                break
        if lower_bound == peak:
            return
        # The proof for all of the gap takes longer; see what a part of the effort can prove.
        for _ in range(_PROBES):
            if lower_bound > before or lower_bound >= unproven:
                break
            search = effort.probe(effort.aimed(lower_bound, unproven))
            effort.run(search, effort.quota // 2, limits)
            if search.order is not None:
                yield lower_bound, adopt(search.order)
                unproven = peak
            elif search.complete:
                lower_bound = min(peak, search.next_budget)
                yield lower_bound, None
            else:
                unproven = search.budget
        effort.quota *= _GROWTH
        searched = limits.looks - looks
        cells = _CELLS * (searched + bounding)
        idle = min(idle + 1, _IDLE)
        for better in polish.turn(cells >> idle, lower_bound, limits):
            peak, idle = polish.peak, -1
            yield lower_bound, better
            if lower_bound == peak:
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
