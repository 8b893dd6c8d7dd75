"""The network of numbers that the solvers compute with.

Only what changes the answer is kept: tensors that take bytes, direct precedence between
operators, what one step allocates and what it may free.
"""

from collections.abc import Iterable, Sequence

from mcugraph.records import dataclass
from mcugraph.scheduling.solving.overlay import Overlay, covered_bytes, renumbered

OUTSIDE = -1  # the producer of a tensor that is live from the start


@dataclass(frozen=True, slots=True)
class Network:
    """Operators 0..n-1 and the tensors whose life depends on their order.

    The numbers of the operators are a valid order: whatever runs before ``v`` is less than ``v``.

    Attributes:
        preds: For each operator, those that must run before it, directly.
        succs: The same relation backwards.
        sizes: Bytes of each tensor; none is 0.
        producer: Operator that writes the tensor, or ``OUTSIDE``.
        consumers: Operators that read the tensor.
        keep: Whether the tensor stays to the end.
        frees: For each operator, the tensors that die if it is their last reader.
        step: Bytes that the operator adds while it runs: all its outputs and its scratch, less what
            it saves in every order.
        kept: Bytes that it adds after it ran: outputs that somebody reads later, or kept ones.
        overlays: For each operator, which output may lie over which input, if that dies; none where
            all orders save the same. The outputs are numbers that are not tensors of the network.
        constant: Bytes that are live all the time.
        first: Bytes that are live, besides, only while the first operator runs.
        start: Bytes live before any operator ran, without ``first``.
    """

    preds: tuple[tuple[int, ...], ...]
    succs: tuple[tuple[int, ...], ...]
    sizes: tuple[int, ...]
    producer: tuple[int, ...]
    consumers: tuple[tuple[int, ...], ...]
    keep: tuple[bool, ...]
    frees: tuple[tuple[int, ...], ...]
    step: tuple[int, ...]
    kept: tuple[int, ...]
    overlays: tuple[tuple[Overlay, ...], ...]
    constant: int
    first: int
    start: int


def assemble(
    *,
    n: int,
    edges: Iterable[tuple[int, int]],
    sizes: Sequence[int],
    producer: Sequence[int],
    consumers: Sequence[Sequence[int]],
    keep: Sequence[bool],
    step: Sequence[int],
    overlays: tuple[tuple[Overlay, ...], ...],
    constant: int,
    first: int,
) -> Network:
    """A network from its independent parts; the rest follows.

    Where it does not depend on the order what an operator saves, its ``step`` becomes less by that,
    and it has no ``overlays`` any more.
    """
    preds: list[list[int]] = [[] for _ in range(n)]
    succs: list[list[int]] = [[] for _ in range(n)]
    for a, b in sorted(edges):
        preds[b].append(a)
        succs[a].append(b)
    if any(overlays):
        step, overlays = _settled(preds, consumers, keep, step, overlays)
    frees: list[list[int]] = [[] for _ in range(n)]
    kept = [0] * n
    start = constant
    for tensor, size in enumerate(sizes):
        if producer[tensor] == OUTSIDE:
            start += size
        else:
            kept[producer[tensor]] += size
        if not keep[tensor]:
            for reader in consumers[tensor]:
                frees[reader].append(tensor)
    return Network(
        preds=tuple(map(tuple, preds)),
        succs=tuple(map(tuple, succs)),
        sizes=tuple(sizes),
        producer=tuple(producer),
        consumers=tuple(map(tuple, consumers)),
        keep=tuple(keep),
        frees=tuple(map(tuple, frees)),
        step=tuple(step),
        kept=tuple(kept),
        overlays=overlays,
        constant=constant,
        first=first,
        start=start,
    )


def _settled(
    preds: Sequence[Sequence[int]],
    consumers: Sequence[Sequence[int]],
    keep: Sequence[bool],
    step: Sequence[int],
    overlays: Sequence[Sequence[Overlay]],
) -> tuple[list[int], tuple[tuple[Overlay, ...], ...]]:
    """Steps and overlays without what no order can change.

    An input dies with the reader that has the highest number if all others are its ancestors, and
    with none of these. If what dies in every order saves as much as all does, nothing is left.
    """
    known: dict[int, tuple[int, set[int]]] = {}  # by tensor: the last reader, what must be before
    steps: list[int] = []
    left: list[tuple[Overlay, ...]] = []
    for v, (added, given) in enumerate(zip(step, overlays, strict=True)):
        certain, possible = [], []
        for overlay in given:
            if keep[overlay.input]:
                continue
            readers = consumers[overlay.input]
            if overlay.input not in known:
                known[overlay.input] = _last_reader(preds, readers)
            last, before = known[overlay.input]
            if v in before:
                continue
            possible.append(overlay)
            if v == last and len(before) == len(readers) - 1:
                certain.append(overlay)
        saved = covered_bytes(certain)
        settled = saved == covered_bytes(possible)
        steps.append(added - saved if settled else added)
        left.append(() if settled else tuple(possible))
    return steps, tuple(left)


def _last_reader(preds: Sequence[Sequence[int]], readers: Sequence[int]) -> tuple[int, set[int]]:
    """The reader with the highest number, and those that run before it in every order."""
    last, first = max(readers), min(readers)
    if first == last:
        return last, set()
    reached, pending = {last}, [last]
    while pending:
        for u in preds[pending.pop()]:
            if u >= first and u not in reached:
                reached.add(u)
                pending.append(u)
    return last, reached.intersection(readers) - {last}


def grouped(
    net: Network,
    groups: Sequence[Sequence[int]],
    step: Sequence[int],
    first: int,
    further: Iterable[tuple[int, int]] = (),
) -> Network:
    """The network in which some operators that follow one another are one.

    A tensor that is made and read within a group is no tensor any more: it is part of its step.

    Args:
        net: The network.
        groups: All of its operators, in a valid order; only the first of each may have overlays.
        step: Bytes that each group adds while it runs.
        first: Bytes that are live, besides, only while the first group runs.
        further: Pairs of operators, of different groups, of which the first has to run before.
    """
    of = {v: number for number, group in enumerate(groups) for v in group}
    of[OUTSIDE] = OUTSIDE
    readers = [[of[v] for v in consumers] for consumers in net.consumers]
    left = [
        tensor
        for tensor, (producer, keep, read) in enumerate(
            zip(net.producer, net.keep, readers, strict=True)
        )
        if keep or read.count(of[producer]) < max(len(read), 1)
    ]
    number_of = {tensor: number for number, tensor in enumerate(left)}
    return assemble(
        n=len(groups),
        edges={(of[u], of[v]) for v, preds in enumerate(net.preds) for u in preds if of[u] != of[v]}
        | {(of[u], of[v]) for u, v in further},
        sizes=[net.sizes[tensor] for tensor in left],
        producer=[of[net.producer[tensor]] for tensor in left],
        consumers=[readers[tensor] for tensor in left],
        keep=[net.keep[tensor] for tensor in left],
        step=step,
        overlays=tuple([renumbered(net.overlays[group[0]], number_of) for group in groups]),
        constant=net.constant,
        first=first,
    )


def has_one_order(net: Network) -> bool:
    """Whether each operator has to run right after the one before."""
    return all(succs[:1] == (v + 1,) for v, succs in enumerate(net.succs[:-1]))


def highest_cost(net: Network) -> int:
    """Bytes that no order can need: all that starts or is made, live at once."""
    return net.start + net.first + sum(net.step)


def countable(net: Network) -> bool:
    """Whether arrays of 64 bits can hold all bytes that come up where orders are looked for."""
    return highest_cost(net) < 1 << 62


def end_bytes(net: Network) -> int:
    """Bytes that are live after the last operator."""
    return net.constant + sum(size for size, keep in zip(net.sizes, net.keep, strict=True) if keep)


def mask(operators: Iterable[int]) -> int:
    """A set of operators as an integer, one bit an operator."""
    result = 0
    for v in operators:
        result |= 1 << v
    return result


def ancestor_masks(net: Network) -> list[int]:
    """For each operator, the bit mask of all that must run before it."""
    masks: list[int] = []
    for preds in net.preds:
        masks.append(_reached(masks, preds))
    return masks


def descendant_masks(net: Network) -> list[int]:
    """For each operator, the bit mask of all that must run after it."""
    masks = [0] * len(net.succs)
    for v in reversed(range(len(masks))):
        masks[v] = _reached(masks, net.succs[v])
    return masks


def _reached(masks: Sequence[int], neighbours: Iterable[int]) -> int:
    """The neighbours and what can be reached from them."""
    result = 0
    for u in neighbours:
        result |= masks[u] | 1 << u
    return result


def without_shortcuts(net: Network) -> tuple[list[list[int]], list[list[int]]]:
    """Direct predecessors and successors, without edges that follow from others."""
    ancestors = ancestor_masks(net)
    succs: list[list[int]] = [[] for _ in net.preds]
    kept = []
    for v, preds in enumerate(net.preds):
        indirect = 0
        for u in preds if len(preds) > 1 else ():
            indirect |= ancestors[u]
        kept.append([u for u in preds if not indirect >> u & 1] if indirect else list(preds))
        for u in kept[-1]:
            succs[u].append(v)
    return kept, succs
