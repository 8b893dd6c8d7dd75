"""Orders found without search."""

from collections.abc import Callable, Iterator, Sequence
from heapq import heapify, heappop, heappush

from mcugraph.scheduling.solving.network import Network

_Links = Sequence[Sequence[int]]


def greedy_orders(net: Network) -> list[list[int]]:
    """A few orders: the file's, one built from the front and one from the back."""
    given = list(range(len(net.preds)))
    if len(given) < 2:
        return [given]
    return [given, forward_order(net), backward_order(net)]


def forward_order(net: Network) -> list[int]:
    """Run the ready operator after which the least is live, the latest to become ready first."""
    gain = list(net.kept)
    for tensor, readers in enumerate(net.consumers):
        if len(readers) == 1 and not net.keep[tensor]:
            gain[readers[0]] -= net.sizes[tensor]
    waiting_readers = [set(readers) for readers in net.consumers]

    def freed(v: int) -> Iterator[tuple[int, int]]:
        """Tensors with one reader left die with it."""
        for tensor in net.frees[v]:
            left = waiting_readers[tensor]
            left.discard(v)
            if len(left) == 1:
                yield next(iter(left)), net.sizes[tensor]

    return _order(gain, net.preds, net.succs, freed)


def backward_order(net: Network) -> list[int]:
    """Build the order from its end: undo the operator before which the least is live."""
    dead = [not keep for keep in net.keep]  # whether the tensor is dead after what is left
    gain = [-bytes_kept for bytes_kept in net.kept]
    for v, tensors in enumerate(net.frees):
        gain[v] += sum(net.sizes[tensor] for tensor in tensors)

    def revived(v: int) -> Iterator[tuple[int, int]]:
        """Tensors that an operator read are live before it, whoever else reads them."""
        for tensor in net.frees[v]:
            if dead[tensor]:
                dead[tensor] = False
                for reader in net.consumers[tensor]:
                    yield reader, net.sizes[tensor]

    return _order(gain, net.succs, net.preds, revived)[::-1]


def _order(
    gain: list[int],
    needed: _Links,
    following: _Links,
    cheaper: Callable[[int], Iterator[tuple[int, int]]],
) -> list[int]:
    """Always the ready operator with the least gain, of equal ones the latest to become ready.

    Args:
        gain: Bytes by which each operator changes what is live.
        needed: For each operator, those that come before it.
        following: For each operator, those that it may make ready.
        cheaper: What an operator that was chosen takes off the gain of others, in bytes.
    """
    done = [False] * len(gain)
    waiting = list(map(len, needed))
    heap = [(gain[v], 0, v) for v, count in enumerate(waiting) if not count]
    heapify(heap)
    order: list[int] = []
    while heap:
        delta, _, v = heappop(heap)
        if done[v] or delta != gain[v]:
            continue
        done[v] = True
        order.append(v)
        stamp = -len(order)
        for w, size in cheaper(v):
            gain[w] -= size
            if not done[w] and not waiting[w]:
                heappush(heap, (gain[w], stamp, w))
        for w in following[v]:
            waiting[w] -= 1
            if not waiting[w]:
                heappush(heap, (gain[w], stamp, w))
    return order
