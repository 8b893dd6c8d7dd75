"""Operators that stand alike have an order of their own, whatever the others do.

Say that ``u`` and ``v`` depend on the same operators, the same depend on them, and what they free
is read by nobody else or by both. In an order v A u, none of A then depends on ``v``, and ``u``
depends on none of it. So ``v`` can wait, which makes it A u v, or ``u`` can come sooner: u v A.

- Both leave more live than they find: where ``v`` waits, A and ``u`` find less live than before.
  ``v`` itself needs no more than ``u`` did, if the memory that ``u`` gives back at its end is no
  less than that of ``v``.
- Both leave less live, or as much: where ``u`` comes sooner, A and ``v`` find less live than
  before, and ``u`` needs no more than ``v`` did, if it adds no more while it runs.
- Either may take the place of the other where the two are equal, even if they save memory by
  writing over inputs.

What such operators read with others dies with the last of them, no later than before. So to say
that of any two the better one runs first excludes no least peak, and thousands of outputs that are
computed from one tensor have one order. These are the rules for jobs that add or free memory of
H. M. Abdel-Wahab and T. Kameda, "Scheduling to minimize maximum cumulative cost subject to
series-parallel precedence constraints" (1978), with other operators in between.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from mcugraph.scheduling.solving.network import Network, grouped

_Kind = tuple[object, ...]  # what those have in common of which one runs before the other


def exchanged(net: Network) -> tuple[Network, list[int]]:
    """The network with the order of operators that stand alike, and their numbers before.

    Its numbers are an order of the given network that takes no more than that by its own numbers;
    where nothing stands alike, it is the network itself.
    """
    once = [len(readers) == 1 for readers in net.consumers]
    rising: dict[_Kind, list[tuple[int, int]]] = {}
    falling: dict[_Kind, list[tuple[int, int]]] = {}
    for v, (step, frees) in enumerate(zip(net.step, net.frees, strict=True)):
        if _stands_alone(net, v):
            continue
        change = net.kept[v] - sum([net.sizes[tensor] for tensor in frees if once[tensor]])
        shared = tuple([tensor for tensor in frees if not once[tensor]])
        kind: _Kind = (net.preds[v], net.succs[v], shared)
        if net.overlays[v] or (net.first and not net.preds[v]):
            kind = (*kind, step, change, _writing_over(net, v, once))
        if change > 0:
            rising.setdefault(kind, []).append((change - step, v))
        else:
            falling.setdefault(kind, []).append((step, v))
    waits = _after(rising.values())
    sooner = _after(falling.values())
    if not waits and not sooner:
        return net, list(range(len(net.preds)))
    order = _held_back(range(len(net.preds)), waits)
    order = _held_back(order[::-1], {u: v for v, u in sooner.items()})[::-1]
    narrowed = grouped(
        net,
        [(v,) for v in order],
        [net.step[v] for v in order],
        net.first,
        [(u, v) for v, u in (waits | sooner).items()],
    )
    return narrowed, order


def _stands_alone(net: Network, v: int) -> bool:
    """Whether a neighbour has nobody else beside it, as it is along a chain."""
    preds, succs = net.preds[v], net.succs[v]
    alone_after = bool(preds) and len(net.succs[preds[0]]) == 1
    alone_before = bool(succs) and len(net.preds[succs[0]]) == 1
    return alone_after or alone_before


def _writing_over(net: Network, v: int, once: Sequence[bool]) -> object:
    """What an operator's outputs may lie over, alike for those that save alike."""
    if any(once[overlay.input] for overlay in net.overlays[v]):
        return v  # something of its own
    outputs: dict[int, int] = {}
    return tuple(
        [
            (o.input, outputs.setdefault(o.output, len(outputs)), o.saved, o.room)
            for o in net.overlays[v]
        ]
    )


def _after(kinds: Iterable[list[tuple[int, int]]]) -> dict[int, int]:
    """For operators that stand alike, by rank: each but the first -> the one before."""
    return {v: u for ranked in kinds for (_, u), (_, v) in pairwise(sorted(ranked))}


def _held_back(order: Sequence[int], after: dict[int, int]) -> list[int]:
    """The order in which each waits until those are through that it has to come after."""
    following = {u: v for v, u in after.items()}
    done: set[int] = set()
    held: set[int] = set()
    found: list[int] = []
    for v in order:
        if v in after and after[v] not in done:
            held.add(v)
            continue
        found.append(v)
        done.add(v)
        while (v := following.get(v, -1)) in held:
            found.append(v)
            done.add(v)
    return found
