"""The state with the least live between two states."""

from mcugraph.scheduling.solving.direction import Direction
from mcugraph.scheduling.solving.flow import FlowNetwork
from mcugraph.scheduling.solving.network import OUTSIDE


def lowest_between(direction: Direction, state: int, target: int) -> tuple[int, int]:
    """The state from ``state`` up to ``target`` in which the least is live.

    A minimum cut of the operators between the two: what has run is on the side of the source, and a
    tensor is cut where its producer has run and a reader has not.

    Args:
        direction: The network, and how states grow in it.
        state: A state.
        target: One that holds all of it, and more.

    Returns:
        The state, the largest if there are several, and how many bytes less are live in it than in
        ``state``.
    """
    net, forward = direction.net, direction.forward
    between = target & ~state
    node: dict[int, int] = {}
    while between:
        low = between & -between
        node[low.bit_length() - 1] = len(node)
        between ^= low
    flow = FlowNetwork(len(node) + 2)
    source, sink = len(node), len(node) + 1
    run = state if forward else direction.goal & ~target

    side = dict(node)  # where the others are is looked up when they are met
    side[OUTSIDE] = source
    touched = {tensor for v in node for tensor in direction.touched[v]}
    for tensor in touched:
        for v in (net.producer[tensor], *net.consumers[tensor]):
            if v not in side:
                side[v] = source if run >> v & 1 else sink
    uncut = 1 + sum([net.sizes[tensor] for tensor in touched])  # more than a cut can cost
    at_state = always = 0  # bytes of those that are live in the state, and wherever the cut
    for tensor in touched:
        size = net.sizes[tensor]
        tail = side[net.producer[tensor]]
        if tail == sink:
            continue
        readers = {side[v] for v in net.consumers[tensor]}
        readers.discard(source)
        stays = net.keep[tensor] or sink in readers
        if tail == source and (stays or readers) if forward else stays:
            at_state += size
        if stays:
            if tail == source:
                always += size
            else:
                flow.add_arc(tail, sink, size)
        elif readers:
            middle = readers.pop() if len(readers) == 1 else flow.add_node()
            flow.add_arc(tail, middle, size)
            for reader in readers:
                flow.add_arc(middle, reader, uncut)
    for v, place in node.items():
        for u in net.preds[v]:
            if u in node:
                flow.add_arc(place, node[u], uncut)
    least = always + flow.maximum(source, sink)
    # What is only forced to run, or only forced to wait, is what this direction leaves out.
    forced = flow.leading_to(sink) if forward else flow.reached_from(source)
    for v, place in node.items():
        if forced[place]:
            target &= ~(1 << v)
    return target, at_state - least
