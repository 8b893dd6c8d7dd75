"""Close the gap between an order and a bound by searches of growing effort."""

from collections.abc import Iterable, Iterator
from itertools import count

from mcugraph.scheduling.direction import Direction
from mcugraph.scheduling.limits import Limits
from mcugraph.scheduling.network import Network
from mcugraph.scheduling.replay import order_peak
from mcugraph.scheduling.search import Search

FIRST_QUOTA = 500  # states
_GROWTH = 4
_FAILURES = 3  # searches a turn that may end without an order or a proof
_TURNS = 4  # before the further bounds are asked for
_PROBES = 2  # searches a turn that only aim at the bound
_FORWARD_COST = 4  # a state counts for so many: forwards, networks rarely need fewer of them


def improve(
    net: Network,
    peak: int,
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
        peak: Peak of the best order known, in bytes.
        lower_bound: What is proven, in bytes; less than ``peak``.
        limits: Limits to keep.
        quota: States that the first search of a turn may visit.
        bounds: Further lower bounds, worth their time only where the first turns do not suffice.

    Yields:
        The proven bound, and the order if it is a better one than before.

    Raises:
        LimitReached: A limit was reached first.
    """
    efforts = [_Effort(Direction(net, forward=True), _FORWARD_COST, quota)]
    if not net.first:
        efforts.insert(0, _Effort(Direction(net, forward=False), 1, quota))
    for turn in count():
        if turn == _TURNS:
            for bound in bounds:
                limits.check()
                if bound > lower_bound:
                    lower_bound = bound
                    yield lower_bound, None
                    if lower_bound == peak:
                        return
        effort = min(efforts, key=lambda effort: effort.spent)
        low = lower_bound  # this turn finds nothing below
        budget = (low + peak - 1) // 2 if effort.spent == 0 else peak - 1
        failures = 0
        while low < peak and failures < _FAILURES:
            search = effort.search(budget, effort.quota, limits)
            if search.order is not None:
                peak = order_peak(net, search.order)
                yield lower_bound, search.order
            else:
                low = min(peak, search.next_budget)
                failures += not search.complete
                if search.complete:
                    lower_bound = low
                    yield lower_bound, None
            budget = (low + peak - 1) // 2
        if lower_bound == peak:
            return
        # The proof for all of the gap takes longer; see what a part of the effort can prove.
        for _ in range(_PROBES):
            search = effort.search((lower_bound + peak) // 2, effort.quota // 4, limits)
            if not search.complete or search.order is not None:
                break
            lower_bound = min(peak, search.next_budget)
            yield lower_bound, None
        effort.quota *= _GROWTH


class _Effort:
    """A direction, how many states its next search may visit, and what it cost so far."""

    __slots__ = ("cost", "direction", "quota", "spent")

    def __init__(self, direction: Direction, cost: int, quota: int) -> None:
        self.direction = direction
        self.cost = cost
        self.quota = quota
        self.spent = 0

    def search(self, budget: int, quota: int, limits: Limits) -> Search:
        """Search in this direction, and count it."""
        search = Search(self.direction, budget).run(quota, limits)
        self.spent += search.states * self.cost
        return search
