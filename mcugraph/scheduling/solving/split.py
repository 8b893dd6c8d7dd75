"""Split a network at operators that are comparable with every other one.

Such an operator has a fixed place in every order, so what lies between two of them is a problem of
its own, and the peak is the largest of theirs. Those that follow one another have one order, and
are one part.
"""

from collections.abc import Sequence

from mcugraph.scheduling.solving.network import OUTSIDE, Network, assemble
from mcugraph.scheduling.solving.overlay import renumbered


def split(net: Network) -> list[tuple[Network, list[int]]]:
    """Independent parts in the order in which they run, each with its operators' numbers."""
    n = len(net.preds)
    part_of: list[int] = []
    members: list[list[int]] = []
    alone: bool | None = None  # whether the operator before is comparable with every other one
    last = [preds[-1] if preds else -1 for preds in net.preds]
    first = [succs[0] if succs else n for succs in net.succs]
    for v, fixed in enumerate(comparable(last, first)):
        if fixed is not alone:
            members.append([])
        alone = fixed
        part_of.append(len(members) - 1)
        members[-1].append(v)
    if len(members) <= 1:
        return [(net, list(range(n)))]
    return _cut(net, part_of, members)


def comparable(last: Sequence[int], first: Sequence[int]) -> list[bool]:
    """For each operator, whether every other one has to run before or after it.

    All that stand after ``v`` in a valid order come after it by precedence if each of them has a
    direct predecessor that is ``v`` or stands after it; the same holds before ``v``.

    Args:
        last: By operator, in a valid order: the last of its direct predecessors; -1: it has none.
        first: The first of its direct followers; their number: it has none.
    """
    result = [True] * len(last)
    most = 0  # the last of the first followers of the operators so far
    for v, follower in enumerate(first):
        result[v] = most <= v
        most = max(most, follower)
    least = (
        len(last) - 1
    )  # the first of the last predecessors of the operators so far, from the end
    for v in reversed(range(len(last))):
        result[v] = result[v] and least >= v
        least = min(least, last[v])
    return result


def _cut(
    net: Network, part_of: list[int], members: list[list[int]]
) -> list[tuple[Network, list[int]]]:
    """The parts as networks. Tensors that only pass by become constants of the part."""
    parts = len(members)
    passing = [0] * (parts + 1)  # differences of the bytes that pass by
    local: list[list[tuple[int, bool]]] = [[] for _ in range(parts)]  # tensor, kept beyond
    for tensor, size in enumerate(net.sizes):
        made = net.producer[tensor]
        begin = part_of[made] if made != OUTSIDE else -1
        touched = {part_of[reader] for reader in net.consumers[tensor]}
        end = parts if net.keep[tensor] else max(touched, default=begin)
        touched.add(begin)
        for part in touched:
            if part >= 0:
                local[part].append((tensor, end > part))
        # Passing by: from after its first part to before its last one, where it is untouched.
        passing[begin + 1] += size
        passing[max(end, begin + 1)] -= size
        for part in touched:
            if begin < part < end:
                passing[part] -= size
                passing[part + 1] += size
    result = []
    constant = net.constant
    for part, ops in enumerate(members):
        constant += passing[part]
        number = {v: new for new, v in enumerate(ops)}
        tensors = [t for t, _ in local[part]]
        keep = [kept for _, kept in local[part]]
        tensor_number = {t: new for new, t in enumerate(tensors)}
        result.append(
            (
                assemble(
                    n=len(ops),
                    edges=[
                        (number[u], number[v]) for v in ops for u in net.preds[v] if u in number
                    ],
                    sizes=[net.sizes[t] for t in tensors],
                    producer=[number.get(net.producer[t], OUTSIDE) for t in tensors],
                    consumers=[
                        [number[v] for v in net.consumers[t] if v in number] for t in tensors
                    ],
                    keep=keep,
                    step=[net.step[v] for v in ops],
                    overlays=tuple(renumbered(net.overlays[v], tensor_number) for v in ops),
                    constant=constant,
                    first=0 if part else net.first,
                ),
                ops,
            )
        )
    return result
