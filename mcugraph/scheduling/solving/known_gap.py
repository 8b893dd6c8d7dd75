"""What is known of a network while a proof is sought: an order of it, and a lower bound."""

from collections.abc import Sequence

from mcugraph.scheduling.solving.network import Network
from mcugraph.scheduling.solving.replay import order_peak


class KnownGap:
    """The gap between the best order known and the best bound.

    Attributes:
        net: The network.
        order, peak: The best order, and the bytes that it takes.
        lower_bound: Bytes that every order takes.
    """

    __slots__ = ("lower_bound", "net", "order", "peak")

    def __init__(self, net: Network, order: Sequence[int], lower_bound: int) -> None:
        self.net = net
        self.order = order
        self.peak = order_peak(net, order)
        self.lower_bound = lower_bound

    @property
    def size(self) -> int:
        """Bytes between the two; 0: the order is proven to be the best."""
        return self.peak - self.lower_bound

    def take(self, bound: int, order: Sequence[int] | None) -> bool:
        """Take over what was found; tell whether the order is better than the one known."""
        better = order is not None and (peak := order_peak(self.net, order)) < self.peak
        if order is not None and better:
            self.order, self.peak = order, peak
        self.lower_bound = max(self.lower_bound, min(bound, self.peak))
        return better
