"""Width groups: classes that occur alike everywhere, as one width variable."""

from collections import Counter, defaultdict
from collections.abc import Hashable
from itertools import chain, count

import numpy as np

from mcugraph.coupling.labelling import Labelling
from mcugraph.coupling.propagate import layer_name
from mcugraph.ir import Array, Graph, Op, Operator
from mcugraph.ops.base import Weighted
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.labels import FIXED, core, first_row, plane, planes
from mcugraph.ops.recurrent import Recurrent
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """A tensor of weights that a group runs through.

    Attributes:
        layer: The layer that reads the tensor.
        tensor, axis: Which axis of which constant the classes lie on.
        multiplicity: Entries of the axis a class.
        use: ``"makes"``: the axis holds output channels; ``"reads"``: input channels;
            ``"follows"``: norms, depthwise weights and other constants, one entry a channel.
    """

    layer: str
    tensor: str
    axis: int
    multiplicity: int
    use: str


@dataclass(frozen=True, slots=True)
class WidthGroup:
    """Channel classes that occur equally often on the same axis of every tensor.

    Attributes:
        name: The first layer that makes its channels; ``#2`` and so on where it makes several.
        width: How many classes there are.
        granularity: How many channels of its first layer a class has (r * r for a pixel
            shuffle).
        members: The weights it runs through.
        classes: The classes, each as (layer, channel) pairs.
    """

    name: str
    width: int
    granularity: int
    members: tuple[Member, ...]
    classes: tuple[frozenset[tuple[str, int]], ...]


@dataclass(frozen=True, slots=True)
class EqualWidths:
    """Parts of an axis that have to stay equally long, and why.

    Attributes:
        groups: For each part, the numbers of the groups that lie in it, one entry for each entry
            of the axis that a class has there: ``((0,), (1, 2))`` says w0 = w1 + w2, up to what
            has to stay in each part; at full width it holds.
        reason: The operator that asks for it, and its words.
    """

    groups: tuple[tuple[int, ...], ...]
    reason: str

    def matrix(self, count: int) -> Array:
        """The constraint as rows of A in A (w - full) = 0, shape (parts - 1, count)."""
        sides = np.zeros((len(self.groups), count), np.int64)
        for row, part in zip(sides, self.groups, strict=True):
            np.add.at(row, list(part), 1)
        return np.asarray(sides[1:] - sides[0])


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups of a graph, and which of them a label belongs to.

    Attributes:
        groups: In the order in which layers first make them.
        of_root: Representative label -> number of its group.
        equal: Constraints between groups.
    """

    groups: tuple[WidthGroup, ...]
    of_root: dict[int, int]
    equal: tuple[EqualWidths, ...]


def group(graph: Graph, labelling: Labelling) -> Grouping:
    """Gather the classes of a labelled graph into groups."""
    channels: dict[int, list[tuple[str, int]]] = {}
    for layer, labels in labelling.layers.items():
        for index, root in enumerate(labelling.unions.roots(labels).tolist()):
            if root > FIXED:
                channels.setdefault(root, []).append((layer, index))
    parts = [([part.tolist() for part in rows], reason) for rows, reason in labelling.binding()]
    # Where each class occurs, and how often there, place by place.
    signatures: dict[int, list[Hashable]] = defaultdict(list)

    def occur(place: Hashable, roots: list[int]) -> None:
        for root, times in Counter(roots).items():
            signatures[root].append((place, times))

    for place, labels in labelling.constants.items():
        occur(place, labelling.unions.roots(labels).tolist())
    for name, labels in labelling.activations.items():
        for number, entry in enumerate(planes(labels)):
            occur((name, number), labelling.unions.roots(core(entry)).ravel().tolist())
    for number, (rows, _) in enumerate(parts):
        for side, row in enumerate(rows):
            occur((number, side), row)
    kinds: dict[Hashable, list[int]] = {}
    for root in channels:
        kinds.setdefault(tuple(signatures[root]), []).append(root)
    return _build(graph, labelling, channels, list(kinds.values()), parts)


def _build(
    graph: Graph,
    labelling: Labelling,
    channels: dict[int, list[tuple[str, int]]],
    kinds: list[list[int]],
    parts: list[tuple[list[list[int]], str]],
) -> Grouping:
    of_root = {root: number for number, roots in enumerate(kinds) for root in roots}
    widths = [len(roots) for roots in kinds]
    members = _members(graph, labelling, of_root, widths)
    used: set[str] = set()
    groups = []
    for number, roots in enumerate(kinds):
        first = channels[next(iter(roots))]
        layer, _ = next(iter(first))
        numbered = (f"{layer}#{n}" for n in count(2))
        name = next(entry for entry in chain((layer,), numbered) if entry not in used)
        used.add(name)
        groups.append(
            WidthGroup(
                name=name,
                width=len(roots),
                granularity=sum(maker == layer for maker, _ in first),
                members=tuple(members[number]),
                classes=tuple(frozenset(channels[root]) for root in roots),
            )
        )
    return Grouping(tuple(groups), of_root, _equal(parts, of_root, widths))


def _equal(
    parts: list[tuple[list[list[int]], str]], of_root: dict[int, int], widths: list[int]
) -> tuple[EqualWidths, ...]:
    """The constraints between groups, each once, with the first reason for it."""
    found: dict[tuple[tuple[int, ...], ...], str] = {}
    for rows, reason in parts:
        sides = set()
        for row in rows:
            entries = Counter(of_root[root] for root in row if root in of_root)
            # Classes of a group occur equally often, so this divides.
            sides.add(tuple(g for g in sorted(entries) for _ in range(entries[g] // widths[g])))
        if len(sides) > 1:
            found.setdefault(tuple(sorted(sides)), reason)
    return tuple(EqualWidths(sides, reason) for sides, reason in sorted(found.items()))


def _members(
    graph: Graph, labelling: Labelling, of_root: dict[int, int], widths: list[int]
) -> list[dict[Member, None]]:
    """The members of each group, each once, in the order of the operators."""
    found: list[dict[Member, None]] = [{} for _ in widths]
    find = labelling.unions.roots
    for operator in graph.operators:
        for index, name in enumerate(operator.inputs):
            tensor = None if name is None else graph.tensors[name]
            if tensor is None or tensor.shape is None:
                continue
            for axis in range(len(tensor.shape)):
                labels = labelling.constants.get((tensor.name, axis))
                if labels is None or of_root.keys().isdisjoint(find(labels).tolist()):
                    continue
                rank = len(tensor.shape)
                labels = _of_all_groups(operator, index, axis, rank, labelling, labels)
                counts = Counter(of_root[r] for r in find(labels).tolist() if r in of_root)
                layer = layer_name(graph, operator)
                use = _use(operator.op, index, axis, rank)
                for number, entries in counts.items():
                    member = Member(layer, tensor.name, axis, entries // widths[number], use)
                    found[number][member] = None
    return found


def _of_all_groups(
    operator: Operator, index: int, axis: int, rank: int, labelling: Labelling, labels: Array
) -> Array:
    """The labels of an axis of an input: of a convolution's weights, those of all its groups."""
    op = operator.op
    if not isinstance(op, Conv | ConvTranspose) or index != op.weights:
        return labels
    for side, names in ((op.weight_in, operator.inputs), (op.weight_out, operator.outputs)):
        name = names[0]
        if axis == side % rank and name in labelling.activations:
            row = first_row(plane(labelling.activations[name], 0), op.channel_axis)
            if len(row) > len(labels):
                return row
    return labels


def _use(op: Op, index: int, axis: int, rank: int) -> str:
    """What an axis of a constant input is to a group."""
    if isinstance(op, Weighted) and op.mixes and index == op.weights:
        return "reads" if axis == op.weight_in % rank else "makes"
    if isinstance(op, Recurrent) and index in op.weights:
        return "reads" if axis == rank - 1 else "makes"
    return "follows"
