"""A network with what everybody who works on it needs, made once."""

from functools import cached_property

from mcugraph.records import dataclass
from mcugraph.scheduling.solving.cuts import cut_bounds, operator_floor
from mcugraph.scheduling.solving.exchange import exchanged
from mcugraph.scheduling.solving.greedy_orders import greedy_orders
from mcugraph.scheduling.solving.limits import LimitReached, Limits
from mcugraph.scheduling.solving.network import Network, has_one_order
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.scheduling.solving.split import split


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a network whose order does not depend on the rest.

    Attributes:
        net: The part.
        operators: For each of its operators, the number in the whole network.
        orders: Orders of it that are found without search.
    """

    net: Network
    operators: list[int]
    orders: list[list[int]]

    @classmethod
    def of(cls, net: Network, operators: list[int]) -> "Part":
        """A part, with the orders that are found for it."""
        orders = [list(range(len(operators)))] if has_one_order(net) else greedy_orders(net)
        return cls(net, operators, orders)

    @property
    def one_order(self) -> bool:
        """Whether each of its operators has to run right after the one before."""
        return has_one_order(self.net)


class Instance:
    """A network, and what follows from it."""

    def __init__(self, net: Network) -> None:
        self.net = net

    @cached_property
    def parts(self) -> list[Part]:
        """Independent parts in the order in which they run; of what stands alike, see ``exchange``.

        The orders that they leave are orders of the network, and one of them has the least peak.
        """
        net, numbers = self._exchanged
        return [Part.of(part, [numbers[v] for v in operators]) for part, operators in split(net)]

    @property
    def leaves_orders_out(self) -> bool:
        """Whether the parts have fewer orders than the network."""
        return self._exchanged[0] is not self.net

    @cached_property
    def _exchanged(self) -> tuple[Network, list[int]]:
        return exchanged(self.net)

    @cached_property
    def _given_parts(self) -> list[Part]:
        """Independent parts of the network with all its orders."""
        if not self.leaves_orders_out:
            return self.parts
        return [Part.of(part, operators) for part, operators in split(self.net)]

    @cached_property
    def floor(self) -> int:
        """The bound by single operators, in bytes."""
        return operator_floor(self.net)

    def cut_bound(self, limits: Limits | None = None) -> int:
        """The bound by one minimum cut for each operator, in bytes.

        By the cuts that ``limits`` leave time for: no order needs less than that either.
        """
        keep_on = (limits or Limits()).check
        best = self.floor
        try:
            for part in self._given_parts:
                if part.one_order:  # and so one downset at which each operator is ready
                    best = max(best, order_peak(part.net, part.orders[0]))
                    continue
                for bound in cut_bounds(part.net, part.orders, best, keep_on):
                    best = bound
                    keep_on()
        except LimitReached:
            pass
        return best
