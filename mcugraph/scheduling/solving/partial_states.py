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
from mcugraph.scheduling.solving.set_arrays import Bools, in_any


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
        some, runs, waiting = in_any(opened), in_any(run), in_any(wait)
        total = np.full(run.shape[1], net.constant, kind)
        none = np.zeros(run.shape[1], kind)
        room = [none] * count  # what may still flow into each open operator
        cut: list[Bools | None] = [None] * len(net.sizes)  # whether a reader waits, if any does
        through: list[list[int]] = [[]] * len(net.sizes)  # readers that are open in some states
        most: list[NDArray[np.signedinteger]] = [none] * len(net.sizes)  # that a tensor can carry

        def carried(tensor: int) -> None:
            size = kind.type(net.sizes[tensor])
            if net.keep[tensor]:
                most[tensor] = np.full(run.shape[1], size, kind)
                return
            waits = [wait[reader] for reader in net.consumers[tensor] if waiting[reader]]
            if waits:
                held = _any(waits)
                cut[tensor], most[tensor] = held, held * size
            through[tensor] = [reader for reader in net.consumers[tensor] if some[reader]]
            if through[tensor]:
                flow = room[through[tensor][0]]
                for reader in through[tensor][1:]:
                    flow = flow + room[reader]
                flow = np.minimum(flow, size)
                most[tensor] = np.maximum(most[tensor], flow) if waits else flow

        def pushed(tensor: int, amount: NDArray[np.signedinteger]) -> None:
            if net.keep[tensor]:
                np.add(total, amount, out=total)
                return
            left = amount
            waits = cut[tensor]
            if waits is not None:
                held = amount * waits
                np.add(total, held, out=total)
                left = amount - held
            for reader in through[tensor]:
                flow = np.minimum(left, room[reader])
                room[reader] -= flow
                left = left - flow

        capacity: list[NDArray[np.signedinteger]] = [none] * count
        for v in reversed(range(count)):
            if not some[v] and not runs[v]:
                continue
            for tensor in self._written[v]:
                carried(tensor)
            if some[v]:
                amount = opened[v].astype(kind)
                amount *= sum([most[t] for t in self._written[v] if most[t] is not none], none)
                capacity[v], room[v] = amount, amount.copy()
        for tensor in self._given:
            carried(tensor)
            if most[tensor] is not none:
                pushed(tensor, most[tensor])
        for v in range(count):
            written = [tensor for tensor in self._written[v] if most[tensor] is not none]
            if not some[v]:
                for tensor in written:
                    pushed(tensor, most[tensor] * run[v])
                continue
            inside = capacity[v] - room[v]
            for tensor in written:
                amount = np.minimum(inside, most[tensor])
                inside -= amount
                pushed(tensor, np.where(run[v], most[tensor], amount) if runs[v] else amount)
        return total.astype(np.int64)


def _any(rows: list[Bools]) -> Bools:
    """Where any of some rows holds."""
    found = rows[0]
    for row in rows[1:]:
        found = found | row
    return found
