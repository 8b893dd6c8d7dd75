"""Channel labels pushed through a graph, operator by operator."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import field

import numpy as np

from mcugraph.coupling.seeds import FIRST, Seeds
from mcugraph.coupling.unions import Unions
from mcugraph.errors import GraphError
from mcugraph.ir import Array, Graph, Kind, Op, Operator, Role, Shape, Tensor
from mcugraph.ops.base import Weighted
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.labels import (
    FIXED,
    NONE,
    core,
    first_row,
    plane,
    planes,
    refuse,
    spread,
    stacked,
    varies,
)
from mcugraph.ops.selection import Concat, Slice, Split
from mcugraph.records import dataclass

_GIVEN = (Kind.STATE, Kind.OUTER)  # what no operator of the graph makes
_MOST_LABELS = 1 << 27  # of one tensor, at 8 bytes each where they are not repeated


@dataclass(slots=True)
class Labelling:
    """The labels of a graph.

    Attributes:
        unions: Which labels are one class.
        activations: Tensor name -> labels, in the shape of the tensor.
        constants: (tensor name, axis) -> the labels that its entries belong to.
        layers: Layer name -> labels of the channels that it makes, in order.
        made: Operator name -> (layer name, labels) of the channels that it makes.
        equal: (parts, reason): of each part equally many classes have to stay.
        averaged: Operators that average over channels -> the labels of what they read.
        seeds: What was labelled otherwise than operators say.
    """

    unions: Unions = field(default_factory=Unions)
    activations: dict[str, Array] = field(default_factory=dict)
    constants: dict[tuple[str, int], Array] = field(default_factory=dict)
    layers: dict[str, Array] = field(default_factory=dict)
    made: dict[str, list[tuple[str, Array]]] = field(default_factory=dict)
    equal: list[tuple[tuple[Array, ...], str]] = field(default_factory=list)
    averaged: dict[str, Array] = field(default_factory=dict)
    seeds: Seeds = field(default_factory=Seeds)

    def binding(self) -> list[tuple[tuple[Array, ...], str]]:
        """The constraints of equal counts that bind something, with representatives for labels.

        Where each part is of one class all along, the parts themselves are what is pruned.
        """
        found = ((tuple(map(self.unions.roots, parts)), reason) for parts, reason in self.equal)
        return [
            (parts, reason)
            for parts, reason in found
            if any((part != part.flat[0]).any() for part in parts if part.size)
        ]

    def freeze(self, name: str | None, reason: str) -> None:
        """All channels of an activation have to stay, for a reason; other tensors have none."""
        for labels in planes(self.activations[name]) if name in self.activations else ():
            self.unions.freeze(labels, reason)

    def shortened(self, labels: Array) -> dict[int, Array]:
        """The axes of an activation that get shorter when channels go, and the labels that tell."""
        found = ((self.shrinks(entry), entry) for entry in planes(labels))
        return {axis: entry for axis, entry in found if axis is not None}

    def shrinks(self, labels: Array) -> int | None:
        """The axis along which an activation gets shorter when channels of one plane go.

        None: there is none. Where classes change along several axes, the lines along this one
        keep equally many: heads stay, and each gets fewer channels.
        """
        roots = self.unions.roots(core(labels))
        axes = [axis for axis in range(roots.ndim) if varies(roots, axis)]
        if len(axes) > 1:
            parts = {
                frozenset(self.unions.roots(part).ravel().tolist())
                for parts, _ in self.equal
                for part in parts
            }
            for axis in reversed(axes):
                lines = np.moveaxis(roots, axis, -1).reshape(-1, roots.shape[axis])
                if all(frozenset(line) in parts for line in lines.tolist()):
                    return axis
        return axes[-1] if axes else None


def label(graph: Graph, seeds: Seeds | None = None) -> Labelling:
    """Label every tensor of a graph with the channels that its elements belong to.

    Args:
        graph: What is labelled.
        seeds: What is labelled otherwise than operators say.

    Raises:
        GraphError: A tensor has too many elements to tell them apart.
    """
    for tensor in graph.tensors.values():
        _check_size(graph, tensor)
    labelling = Labelling(seeds=seeds or Seeds())
    labelling.unions.fresh(labelling.seeds.classes)
    made: dict[Hashable, Array] = {}
    given = [name for name, tensor in graph.tensors.items() if tensor.kind in _GIVEN]
    for name in (*graph.inputs, *given):
        labelling.activations[name] = _fixed(graph.tensors[name])
    for operator in graph.operators:
        _operator(graph, operator, labelling, made)
    for name in graph.outputs:
        labelling.freeze(name, "an output of the graph")
    return labelling


def _check_size(graph: Graph, tensor: Tensor) -> None:
    """Each element of an activation has a label, and each entry of an axis of a constant."""
    labels = max(tensor.shape or (), default=0) if tensor.is_constant else tensor.elements
    if labels > _MOST_LABELS:
        where = graph.source.path or graph.name
        raise GraphError(
            f"{where}: tensor {tensor.name!r} of shape {tensor.shape} is too large to follow its "
            f"channels: {labels:,} of them, and {_MOST_LABELS:,} can be told apart"
        )


def _operator(
    graph: Graph, operator: Operator, labelling: Labelling, made: dict[Hashable, Array]
) -> None:
    outputs = [graph.tensors[name] for name in operator.outputs]
    if graph.signature(operator) is None:
        for name in operator.inputs:
            labelling.freeze(name, f"{operator.name}: a shape is not known")
        for tensor in outputs:
            labelling.activations[tensor.name] = _fixed(tensor)
        return
    view = _View(graph, operator, labelling, made)
    results = _results(view, outputs)
    if view.layered:
        beside = _Beside(graph, operator, labelling, made)
        others = _results(beside, outputs)
        results = tuple(stacked(a, b) for a, b in zip(results, others, strict=True))
    if view.crossing is not None:
        first, *rest = results
        labelling.unions.freeze(plane(first, 1), f"{operator.name}: channels lie along three axes")
        results = (stacked(plane(first, 0), view.crossing), *rest)
    for tensor, labels in zip(outputs, results, strict=True):
        labelling.activations[tensor.name] = labels
    if isinstance(operator.op, Split | Slice):
        reason = f"{operator.name}: equal channels of what is cut after a shuffle"
        for labels in results:
            labelling.equal += _cut(labelling, view.labels(0), plane(labels, 0), reason)
    if isinstance(operator.op, Conv | ConvTranspose) and not operator.op.depthwise:
        reason = f"{operator.name}: equal channels of what its groups take after a shuffle"
        labelling.equal += _shared_out(labelling, view.labels(0), operator.op, reason)


def _fixed(tensor: Tensor) -> Array:
    """Labels of a tensor that has to stay as it is."""
    return np.broadcast_to(np.int64(FIXED), tensor.shape or ())


def _results(view: "_View", outputs: Sequence[Tensor]) -> tuple[Array, ...]:
    """The labels of one plane that an operator's results have."""
    op = view.op
    try:
        results = op.couple(view)
        if results is None:
            results = refuse(view, f"{op.kind} has no rule for channels")
        return tuple(
            np.broadcast_to(labels, tensor.shape or ())
            for tensor, labels in zip(outputs, results, strict=True)
        )
    except (GraphError, ValueError, IndexError):
        # Files may declare shapes that their operators do not make.
        return refuse(view, "the shapes around it contradict each other")


def _cut(
    labelling: Labelling, whole: Array | None, piece: Array, reason: str
) -> list[tuple[tuple[Array, ...], str]]:
    """The constraints that follow when shuffled channels are cut into pieces.

    Channels of several parts lie in turn, one of each. The first half, say, holds after pruning
    what it held before only if equally many channels of the first half of each part are kept.
    """
    axis = None if whole is None else labelling.shrinks(whole)
    if whole is None or axis is None or piece.ndim != whole.ndim:
        return []
    length = whole.shape[axis]
    line, cut = first_row(whole, axis), first_row(piece, axis)
    if not 0 < len(cut) < length:
        return []
    for start in np.flatnonzero(line == cut[0]):
        if np.array_equal(line[start : start + len(cut)], cut):
            return list(_within(labelling, line, int(start), int(start) + len(cut), reason))
    return []


def _shared_out(
    labelling: Labelling, whole: Array | None, op: Conv | ConvTranspose, reason: str
) -> list[tuple[tuple[Array, ...], str]]:
    """The same constraints, where the groups of a convolution cut the channels."""
    if whole is None or op.groups < 2:
        return []
    line = first_row(whole, op.channel_axis)
    size = len(line) // op.groups
    starts = range(0, size * op.groups, size) if size else ()
    return [
        constraint
        for start in starts
        for constraint in _within(labelling, line, start, start + size, reason)
    ]


def _within(
    labelling: Labelling, line: Array, start: int, stop: int, reason: str
) -> Iterator[tuple[tuple[Array, ...], str]]:
    for parts, _ in labelling.equal:
        count = len(parts)
        alike = len({part.shape for part in parts}) == 1
        if count < 2 or start % count or stop % count or not alike:
            continue
        if np.array_equal(np.stack(parts, 1).ravel(), line):
            first, last = start // count, stop // count
            yield tuple(part[first:last] for part in parts), reason
            for part in parts:
                yield from _within(labelling, part, first, last, reason)
            return


class _View:
    """One operator and the labels around it, as its coupling rule sees them.

    Attributes:
        crossing: What the operator makes beside the channels that pass through it.
    """

    def __init__(
        self,
        graph: Graph,
        operator: Operator,
        labelling: Labelling,
        made: dict[Hashable, Array],
    ) -> None:
        self._graph, self._operator = graph, operator
        self._labelling, self._made = labelling, made
        self._first: dict[str, Array] = {}  # the first plane of what was asked for, by name
        inputs = [None if n is None else graph.tensors[n] for n in operator.inputs]
        self.shapes: tuple[Shape | None, ...] = tuple(
            None if tensor is None else tensor.shape for tensor in inputs
        )
        self.results: tuple[Shape, ...] = tuple(
            graph.tensors[name].shape or () for name in operator.outputs
        )
        self.crossing: Array | None = None

    @property
    def op(self) -> Op:
        """The operator's rules."""
        return self._operator.op

    @property
    def layered(self) -> bool:
        """Whether something that it reads has labels of a second plane."""
        return any((core(plane(labels, 1)) != NONE).any() for labels in self._whole())

    def _whole(self) -> list[Array]:
        activations = self._labelling.activations
        names = dict.fromkeys(self._operator.inputs)
        return [activations[name] for name in names if name in activations]

    def labels(self, index: int) -> Array | None:
        name = self._name(index)
        if name is None or name not in self._labelling.activations:
            return None
        joined = self._labelling.seeds.joined.get((self._operator.name, index))
        if joined is not None:
            return self._given(joined, index)
        if name not in self._first:
            self._first[name] = plane(self._labelling.activations[name], 0)
        return self._first[name]

    def _given(self, number: int, index: int) -> Array:
        """Channels of their own for an operand, all of one class."""
        op, shape = self._operator.op, self.shapes[index] or ()
        assert isinstance(op, Concat)
        self.unite(made := self.spare(shape[op.axis]), np.array(FIRST + number))
        return spread(made, op.axis, shape)

    def crossed(self, index: int) -> bool:
        labels = self._labelling.activations.get(self._name(index) or "")
        return labels is not None and len(planes(labels)) > 1

    def across(self, labels: Array) -> None:
        self.crossing = labels

    def _name(self, index: int) -> str | None:
        inputs = self._operator.inputs
        return inputs[index] if index < len(inputs) else None

    def fresh(self, count: int) -> Array:
        # A layer that is used twice makes the same channels twice. One matrix may be two layers,
        # though: an embedding, and transposed the dense layer at the end.
        op = self._operator.op
        axis = op.weight_out if isinstance(op, Weighted) else None
        key: Hashable = (self._weight_key(), count, op.kind, axis)
        if key not in self._made:
            own = self._labelling.unions.fresh(count)
            self._made[key] = self._labelling.seeds.among(self._operator.name, own)
        made, layers = self._made[key], self._labelling.layers
        name = layer_name(self._graph, self._operator)
        if name in layers and layers[name] is not made:
            name = self._operator.name
        layers[name] = made
        self._note(name, made)
        return made

    def spare(self, count: int) -> Array:
        return self._labelling.unions.fresh(count)

    def _weight_key(self) -> Hashable:
        for name in self._operator.inputs:
            constant = None if name is None else self._graph.tensors[name].constant
            if constant is not None:
                return constant.key
        return self._operator.name

    def joins(self, labels: Array) -> None:
        layers = self._labelling.layers
        name = layer_name(self._graph, self._operator)
        if name in layers:
            self.unite(layers[name], labels)
        else:
            layers[name] = labels
        self._note(name, labels)

    def _note(self, layer: str, labels: Array) -> None:
        self._labelling.made.setdefault(self._operator.name, []).append((layer, labels))

    def unite(self, first: Array, second: Array) -> None:
        self._labelling.unions.unite(first, second)

    def freeze(self, labels: Array, reason: str) -> None:
        self._labelling.unions.freeze(labels, f"{self._operator.name}: {reason}")

    def equal(self, parts: Sequence[Array], reason: str) -> None:
        self._labelling.equal.append((tuple(parts), f"{self._operator.name}: {reason}"))

    def averages(self, labels: Array) -> None:
        self._labelling.averaged[self._operator.name] = labels

    def _key(self, index: int, axis: int) -> tuple[str, int] | None:
        """A constant input and its axis, counted from the first; None: it is no constant."""
        name = self._name(index)
        tensor = None if name is None else self._graph.tensors[name]
        if tensor is None or not tensor.is_constant or not tensor.shape:
            return None
        return tensor.name, axis % len(tensor.shape)

    def bind(self, index: int, axis: int, labels: Array) -> None:
        key = self._key(index, axis)
        if key is None:
            return
        tensor = self._graph.tensors[key[0]]
        if self._graph.source.format == "torch" and _computed(tensor):
            # Nothing in the model holds it, so nothing of it can be taken out.
            self.freeze(
                labels, f"{tensor.name!r} is computed by the model's code, and cannot be cut"
            )
        if key not in self._labelling.constants:
            self._labelling.constants[key] = labels
        elif not self._merged(tensor):
            self.unite(self._labelling.constants[key], labels)

    def _merged(self, tensor: Tensor) -> bool:
        """Whether layers share a tensor only because a converter stores equal ones once.

        Such are biases of zeros: whatever is cut from one value everywhere, the rest is alike.
        What a PyTorch model holds is shared because it is meant to be.
        """
        if tensor.constant is None:
            return False
        if self._graph.source.format == "torch" and isinstance(tensor.constant.key, str):
            return False
        value = tensor.constant.array()
        return bool((value == value.ravel()[:1]).all())


def _computed(tensor: Tensor) -> bool:
    """Whether a constant is made of others, and not by the shape of what it meets alone."""
    key = None if tensor.constant is None else tensor.constant.key
    return isinstance(key, tuple) and key[0] == "folded"


class _Beside(_View):
    """The same operator and the labels of the second plane.

    What has to stay is no channel there. The layer's own channels are those of the first plane.
    """

    def labels(self, index: int) -> Array | None:
        name = self._name(index)
        labels = None if name is None else self._labelling.activations.get(name)
        if labels is None:
            return None
        inner = core(plane(labels, 1))
        kept = self._labelling.unions.roots(inner) == FIXED
        return np.broadcast_to(np.where(kept, NONE, inner), labels.shape)

    def fresh(self, count: int) -> Array:
        return np.full(count, NONE, np.int64)

    def joins(self, labels: Array) -> None:
        pass

    def across(self, labels: Array) -> None:
        pass

    def bind(self, index: int, axis: int, labels: Array) -> None:
        if not (labels != NONE).any():
            return
        if self._key(index, axis) in self._labelling.constants:
            self.freeze(labels, "channels and tokens lie on one axis of its weights")
        else:
            super().bind(index, axis, labels)


def layer_name(graph: Graph, operator: Operator) -> str:
    """What its users call a layer: the owner of its weights, else the operator.

    PyTorch and ONNX models name weights ``module.path.weight`` (``att.in_proj_weight`` in an
    attention); in a TFLite file a layer goes by its result.
    """
    for index, name in enumerate(operator.inputs):
        role = operator.op.role(index)
        if name and role is Role.WEIGHT and name.endswith((".weight", "_weight")):
            return name[: -len(".weight")]
    return operator.name
