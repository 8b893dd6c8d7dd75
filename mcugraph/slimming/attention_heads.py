"""Heads of attentions: which channels of which layers each of them is made of.

An attention multiplies queries with keys, and what comes of that with values. Along an axis that
these products run over, side by side, lie heads: the channels at one place of it meet no others.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from mcugraph.coupling.labelling import Labelling
from mcugraph.coupling.seeds import Seeds
from mcugraph.ir import Array, Graph, Operator
from mcugraph.ops.attention import Attention
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.labels import FIXED, core, plane, varies
from mcugraph.ops.linear import MatMul
from mcugraph.ops.normalization import Normalization
from mcugraph.slimming.vanishing import HEAD, Structure


def heads_of(graph: Graph, labelling: Labelling) -> tuple[Structure, ...]:
    """The heads of a graph's attentions, one by one; an attention of one head has none.

    Args:
        graph: In which they are looked for.
        labelling: The channels of its layers.
    """
    by_root: dict[int, int] = {}  # representative label -> number of a head
    sets: list[set[int]] = []
    ends: list[list[str]] = []
    for end, parts in _attentions(graph):
        for roots in _by_place(labelling, parts):
            known = sorted({by_root[root] for root in roots if root in by_root})
            number = known[0] if known else len(sets)
            if not known:
                sets.append(set())
                ends.append([])
            for other in known[1:]:
                roots = roots | sets[other]
                ends[number] += ends[other]
                sets[other] = set()
            sets[number] |= roots
            ends[number] += [end]
            by_root |= dict.fromkeys(roots, number)
    return tuple(_named(labelling, sets, ends))


def seeds_of(heads: tuple[Structure, ...], labelling: Labelling) -> Seeds:
    """Labels of whole heads in place of those of their channels.

    Args:
        heads: What ``heads_of`` gives.
        labelling: The channels of the layers.
    """
    made: dict[str, Array] = {}
    for number, head in enumerate(heads):
        for operator, channels in head.channels:
            count = sum(len(row) for _, row in labelling.made[operator])
            made.setdefault(operator, np.full(count, -1, np.int64))[list(channels)] = number
    return Seeds(len(heads), made)


def _attentions(graph: Graph) -> Iterator[tuple[str, list[tuple[str, tuple[int, ...]]]]]:
    """The operator that each attention ends in, and its operands with their axes of heads."""
    producers = graph.producers()
    for operator in graph.operators:
        op = operator.op
        if isinstance(op, Attention):
            names = [name for name in operator.inputs[:3] if name is not None]
            ranks = {len(graph.tensors[name].shape or ()) for name in names}
            if len(names) == 3 and ranks == {4}:
                yield operator.name, [(name, (0, 1)) for name in names]
        elif isinstance(op, MatMul):
            scores = _scores(graph, producers, operator)
            read = (*operator.inputs[1:2], *(scores.inputs[:2] if scores is not None else ()))
            names = [name for name in read if name is not None]
            found = [(name, _lead(graph, name)) for name in names]
            if scores is not None and len({axes for _, axes in found}) == 1:
                yield operator.name, found


def _scores(graph: Graph, producers: Mapping[str, Operator], operator: Operator) -> Operator | None:
    """The product of queries and keys whose shares a product multiplies; None: there is none."""
    name = operator.inputs[0]
    shape = graph.tensors[name or ""].shape
    while name in producers:
        before = producers[str(name)]
        if isinstance(before.op, MatMul):
            return before
        others = [
            entry
            for entry in before.inputs
            if entry is not None
            and not graph.tensors[entry].is_constant
            and graph.tensors[entry].shape == shape
        ]
        if not isinstance(before.op, Elementwise | Normalization) or len(others) != 1:
            return None
        name = others[0]
    return None


def _lead(graph: Graph, name: str) -> tuple[int, ...]:
    return tuple(range(len(graph.tensors[name].shape or ()) - 2))


def _by_place(labelling: Labelling, parts: list[tuple[str, tuple[int, ...]]]) -> list[set[int]]:
    """The channels of each head; none where they cannot be told apart."""
    unions, found = labelling.unions, dict[int, set[int]]()
    shares, count = [], 0
    for name, axes in parts:
        labels = plane(labelling.activations[name], 0)
        if not any(varies(labels, axis) for axis in axes):
            return []
        roots = unions.roots(core(labels))
        sides = [labels.shape[axis] if axis in axes else n for axis, n in enumerate(roots.shape)]
        rows = np.moveaxis(np.broadcast_to(roots, sides), axes, range(len(axes)))
        rows = rows.reshape(int(np.prod(rows.shape[: len(axes)])), -1)
        shares.append(rows)
        count = max(count, len(rows))
    for rows in shares:
        if count % len(rows):
            return []
        for place, row in enumerate(np.repeat(rows, count // len(rows), 0)):
            found.setdefault(place, set()).update(row.tolist())
    if any(min(roots) <= FIXED for roots in found.values()):
        return []
    return list(found.values())


def _named(
    labelling: Labelling, sets: list[set[int]], ends: list[list[str]]
) -> Iterator[Structure]:
    """Heads as structures, those of one attention numbered through."""
    of_root = {root: number for number, roots in enumerate(sets) for root in roots}
    channels: list[dict[str, list[int]]] = [{} for _ in sets]
    layers: list[dict[str, None]] = [{} for _ in sets]
    for operator, rows in labelling.made.items():
        place = 0
        for layer, row in rows:
            for root in labelling.unions.roots(row).tolist():
                if root in of_root:
                    channels[of_root[root]].setdefault(operator, []).append(place)
                    layers[of_root[root]].setdefault(layer)
                place += 1
    counts: dict[tuple[str, ...], int] = {}
    for number, roots in enumerate(sets):
        if roots and channels[number]:
            names = tuple(layers[number])
            side = counts.get(names, 0)
            counts[names] = side + 1
            yield Structure(
                f"{names[0]}[{side}]",
                HEAD,
                names,
                tuple(dict.fromkeys(ends[number])),
                side,
                channels=tuple((o, tuple(c)) for o, c in channels[number].items()),
            )
