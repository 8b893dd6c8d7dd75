"""Operators that follow one another without a choice, taken as one."""

from collections.abc import Collection

from mcugraph.records import dataclass
from mcugraph.scheduling.solving.network import Network


@dataclass(frozen=True, slots=True)
class PrivateChain:
    """Operators that run one right after the other.

    Only what the first one frees depends on what ran before.

    Attributes:
        operators: In order.
        kept: Bytes that are live after the last one, besides what was before the first one and is
            not freed by it.
        tail: Most bytes that are live while the others but the first run, less those after the
            last one; at least 0.
    """

    operators: tuple[int, ...]
    kept: int
    tail: int


def private_chains(net: Network, apart: Collection[int] = ()) -> list[PrivateChain]:
    """All operators in chains, as long as possible, in a valid order.

    Operators that are ``apart`` are added to none.

    An operator is added to the one before it if nothing else comes between the two by precedence,
    if all that it frees is what that one wrote for it alone, and if no more is live after it. It
    could then as well run right after, but for a budget that its own step may exceed there. What it
    saves depends on no order, so that it has no overlays left.
    """
    follower = [None if (w := _follower(net, v)) in apart else w for v in range(len(net.preds))]
    inner = set(follower)
    chains = []
    for v in range(len(follower)):
        if v in inner:
            continue
        operators = [v]
        while (w := follower[operators[-1]]) is not None:
            operators.append(w)
        kept, hill = net.kept[v], 0
        for w in operators[1:]:
            hill = max(hill, kept + net.step[w])
            kept += net.kept[w] - net.sizes[net.frees[w][0]]
        chains.append(PrivateChain(tuple(operators), kept, max(hill - kept, 0)))
    return chains


def _follower(net: Network, v: int) -> int | None:
    """The operator that runs right after ``v`` in its chain."""
    if len(net.succs[v]) != 1:
        return None
    w = net.succs[v][0]
    if len(net.preds[w]) != 1 or len(net.frees[w]) != 1:
        return None
    tensor = net.frees[w][0]
    private = net.producer[tensor] == v and len(net.consumers[tensor]) == 1
    return w if private and net.kept[w] <= net.sizes[tensor] else None
