"""Orders found without search."""

from heapq import heapify, heappop, heappush

from mcugraph.memory.network import Network


def greedy_orders(net: Network) -> list[list[int]]:
    """A few orders: the file's, one built from the front and one from the back."""
    return [list(range(len(net.preds))), forward_order(net), backward_order(net)]


def forward_order(net: Network) -> list[int]:
    """Run the ready operator after which the least is live, the latest to become ready first."""
    left = list(map(len, net.consumers))
    gain = list(net.kept)
    for tensor, readers in enumerate(net.consumers):
        if len(readers) == 1 and not net.keep[tensor]:
            gain[readers[0]] -= net.sizes[tensor]
    waiting = list(map(len, net.preds))
    done = [False] * len(waiting)
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
        for tensor in net.frees[v]:
            left[tensor] -= 1
            if left[tensor] == 1:
                reader = next(w for w in net.consumers[tensor] if not done[w])
                gain[reader] -= net.sizes[tensor]
                if not waiting[reader]:
                    heappush(heap, (gain[reader], stamp, reader))
        for w in net.succs[v]:
            waiting[w] -= 1
            if not waiting[w]:
                heappush(heap, (gain[w], stamp, w))
    return order


def backward_order(net: Network) -> list[int]:
    """Build the order from its end: undo the operator before which the least is live."""
    undone = [False] * len(net.preds)
    dead = [not keep for keep in net.keep]  # whether the tensor is dead after what is left
    gain = [-bytes_kept for bytes_kept in net.kept]
    for v, tensors in enumerate(net.frees):
        gain[v] += sum(net.sizes[tensor] for tensor in tensors)
    waiting = list(map(len, net.succs))
    heap = [(gain[v], 0, v) for v, count in enumerate(waiting) if not count]
    heapify(heap)
    order: list[int] = []
    while heap:
        delta, _, v = heappop(heap)
        if undone[v] or delta != gain[v]:
            continue
        undone[v] = True
        order.append(v)
        stamp = -len(order)
        for tensor in net.frees[v]:
            if dead[tensor]:
                dead[tensor] = False
                for w in net.consumers[tensor]:
                    gain[w] -= net.sizes[tensor]
                    if not undone[w] and not waiting[w]:
                        heappush(heap, (gain[w], stamp, w))
        for u in net.preds[v]:
            waiting[u] -= 1
            if not waiting[u]:
                heappush(heap, (gain[u], stamp, u))
    return order[::-1]
