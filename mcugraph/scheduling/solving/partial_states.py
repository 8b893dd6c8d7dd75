"""States of which only a part is known, many at once, and what is live in them at the least.

Of a partial state it is known of some operators that they have run, of others that they wait; the
rest is open. What is live in every state that agrees with it is bounded by a flow from what has
run to what waits: tensors that are surely cut, and then what flows through open operators, from the
first to the last, each tensor carrying no more than its bytes. No flow is more than the least cut,
so none need be the largest.

Partial states are the columns of arrays, with a row for each operator.
"""

import numpy as np
from numpy.typing import NDArray

from mcugraph.scheduling.solving.network import OUTSIDE, Network, highest_cost
from mcugraph.scheduling.solving.ragged import Ints
from mcugraph.scheduling.solving.set_arrays import Bools


class PartialBounds:
    """A network without overlays, its bytes ``countable``.

    Attributes:
        net: The network.
        kind: The type of numbers in which bytes are counted.
    """

    def __init__(self, net: Network) -> None:
        count = len(net.preds)
        self.net = net
        narrow = 4 * (highest_cost(net) + 1) < 1 << 31
        self.kind: np.dtype[np.signedinteger] = np.dtype(np.int32 if narrow else np.int64)
        self._written: list[list[int]] = [[] for _ in range(count)]
        self._given: list[int] = []  # tensors that are live from the start
        for tensor, producer in enumerate(net.producer):
            (self._given if producer == OUTSIDE else self._written[producer]).append(tensor)
        moved = [
            sum([net.sizes[tensor] for tensor in (*written, *net.frees[v])])
            for v, written in enumerate(self._written)
        ]
        self._first = np.array(sorted(range(count), key=moved.__getitem__, reverse=True))

    def undecided(self, run: Bools, wait: Bools) -> Ints:
        """An open operator of each partial state, the one that moves the most bytes."""
        found: Ints = self._first[np.argmax(~(run | wait)[self._first], axis=0)]
        return found

    def live(self, run: Bools, wait: Bools) -> Ints:
        """Bytes that are live in all states that agree, at the least."""
        net, count, kind = self.net, len(run), self.kind
        opened = ~(run | wait)
        some: Bools = np.any(opened, axis=1)
        total = np.full(run.shape[1], net.constant, kind)
        none = np.zeros(run.shape[1], kind)
        room = [none] * count  # what may still flow into each open operator
        cut: list[Bools | None] = [None] * len(net.sizes)  # whether a reader waits
        most: list[NDArray[np.signedinteger]] = [none] * len(net.sizes)  # that a tensor can carry

        def carried(tensor: int) -> None:
            size = net.sizes[tensor]
            if net.keep[tensor]:
                most[tensor] = np.full(run.shape[1], size, kind)
                return
            readers = net.consumers[tensor]
            waits = np.zeros(run.shape[1], bool)
            for reader in readers:
                waits |= wait[reader]
            cut[tensor] = waits
            amount = np.where(waits, kind.type(size), kind.type(0))
            through = [reader for reader in readers if some[reader]]
            if through:
                flow = room[through[0]].copy()
                for reader in through[1:]:
                    flow += room[reader]
                np.minimum(flow, size, out=flow)
                np.maximum(amount, flow, out=amount)
            most[tensor] = amount

        def pushed(tensor: int, amount: NDArray[np.signedinteger]) -> None:
            waits = cut[tensor]
            if waits is None:
                np.add(total, amount, out=total)
                return
            np.add(total, amount * waits, out=total)
            left = amount * ~waits
            for reader in net.consumers[tensor]:
                if some[reader]:
                    flow = np.minimum(left, room[reader])
                    room[reader] -= flow
                    left -= flow

        capacity: list[NDArray[np.signedinteger]] = [none] * count
        for v in reversed(range(count)):
            if not some[v] and not run[v].any():
                continue
            through = none.copy()
            for tensor in self._written[v]:
                carried(tensor)
                through += most[tensor]
            if some[v]:
                capacity[v] = through * opened[v]
                room[v] = capacity[v].copy()
        for tensor in self._given:
            carried(tensor)
            pushed(tensor, most[tensor])
        for v in range(count):
            if not some[v]:
                for tensor in self._written[v]:
                    if cut[tensor] is not None or net.keep[tensor]:
                        pushed(tensor, most[tensor] * run[v])
                continue
            inside = capacity[v] - room[v]
            for tensor in self._written[v]:
                amount = np.minimum(inside, most[tensor])
                inside -= amount
                pushed(tensor, np.where(run[v], most[tensor], amount))
        return total.astype(np.int64)
