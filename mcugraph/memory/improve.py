"""Close the gap between an order and a bound by searches of growing width."""

from collections.abc import Iterator

from mcugraph.memory.direction import Direction
from mcugraph.memory.limits import Limits
from mcugraph.memory.network import Network
from mcugraph.memory.replay import order_peak
from mcugraph.memory.search import Search

_FIRST_WIDTH = 16
_GROWTH = 4


def improve(
    net: Network, peak: int, lower_bound: int, limits: Limits
) -> Iterator[tuple[int, list[int] | None]]:
    """Better and better bounds, with orders, until the two meet.

    At each width the budgets between bound and peak are bisected, in both directions; only
    searches that left nothing out raise the bound.

    Args:
        net: The network.
        peak: Peak of the best order known, in bytes.
        lower_bound: What is proven, in bytes; less than ``peak``.
        limits: Limits to keep.

    Yields:
        The proven bound, and the order if it is a better one than before.

    Raises:
        LimitReached: A limit was reached first.
    """
    directions = [Direction(net, forward=True)]
    if not net.first:
        directions.insert(0, Direction(net, forward=False))
    width = _FIRST_WIDTH
    while True:
        low = lower_bound  # at this width, nothing was found below it
        while low < peak:
            budget = (low + peak) // 2
            next_low = 0
            for direction in directions:
                search = Search(direction, budget, width, limits)
                if search.order is not None:
                    peak = order_peak(net, search.order)
                    yield lower_bound, search.order
                    break
                if search.complete:
                    lower_bound = max(lower_bound, min(peak, search.next_budget))
                    yield lower_bound, None
                    break
                next_low = budget + 1
            low = max(lower_bound, low, next_low)
        if lower_bound >= peak:
            return
        width *= _GROWTH
