"""Further orders within a peak that is known, for those to whom not only the peak matters."""

from collections.abc import Iterator

from mcugraph.scheduling.solving.contraction import contracted, expanded
from mcugraph.scheduling.solving.direction import Direction
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network
from mcugraph.scheduling.solving.search import Search

_STATES = 2000  # a search within an ample budget visits about as many as there are operators


def orders_within(net: Network, peak: int, limits: Limits) -> Iterator[list[int]]:
    """One order from a search in each direction, where it soon finds one.

    Raises:
        LimitReached: A limit was reached first.
    """
    smaller, pieces = contracted(net)
    for forward in (True,) if net.first else (True, False):
        order = Search(Direction(smaller, forward), peak).run(_STATES, limits).order
        if order is not None:
            yield expanded(order, pieces)
