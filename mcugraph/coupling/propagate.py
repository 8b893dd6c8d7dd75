"""Channel labels pushed through a graph, operator by operator."""

from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np

from mcugraph.coupling.derived import follow_sources, hold_cut_across, part_of
from mcugraph.coupling.labelling import Labelling
from mcugraph.coupling.normalising import normalising
from mcugraph.coupling.seeds import FIRST, Seeds
from mcugraph.coupling.shuffles import cut, shared_out
from mcugraph.errors import GraphError
from mcugraph.ir import Array, Graph, Kind, Op, Operator, Role, Shape, Tensor
from mcugraph.ops.base import Weighted
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.labels import (
    FIXED,
    NONE,
    core,
    plane,
    planes,
    refuse,
    spread,
    stacked,
)
from mcugraph.ops.movement import Expand
from mcugraph.ops.recurrent import Recurrent
from mcugraph.ops.reduction import Reduce
from mcugraph.ops.selection import Concat, Slice, Split
from mcugraph.records import dataclass, replace

_GIVEN = (Kind.STATE, Kind.OUTER)  # what no operator of the graph makes
_MOST_LABELS = 1 << 27  # of one tensor, at 8 bytes each where they are not repeated


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
    walk = _Underway(graph, labelling, {}, graph.consumers())
    given = [name for name, tensor in graph.tensors.items() if tensor.kind in _GIVEN]
    for name in (*graph.inputs, *given):
        shape = graph.tensors[name].shape or ()
        labelling.activations[name] = np.broadcast_to(np.int64(FIXED), shape)
    own = normalising(graph)
    for operator in _expanded_late(graph):
        if operator.name in own and isinstance(operator.op, Reduce):
            operator = replace(operator, op=replace(operator.op, averages=True))
        _operator(walk, operator)
    read = {name: graph.tensors[name] for o in graph.operators for name in filter(None, o.inputs)}
    hold_cut_across(labelling, [t for t in read.values() if _computed(t)], _uncut)
    for name in graph.outputs:
        labelling.freeze(name, "an output of the graph")
    return labelling


def _expanded_late(graph: Graph) -> Iterator[Operator]:
    """The operators in an order in which what is expanded is so right before something reads it.

    What it will meet there is known then, wherever in the model's code that is made.
    """
    waiting: dict[str, Operator] = {}
    for operator in graph.operators:
        read = dict.fromkeys(name for name in operator.inputs if name in waiting)
        yield from (waiting.pop(str(name)) for name in read)
        if isinstance(operator.op, Expand):
            waiting[operator.outputs[0]] = operator
        else:
            yield operator
    yield from waiting.values()


def _check_size(graph: Graph, tensor: Tensor) -> None:
    """Each element of an activation has a label, and each entry of an axis of a constant."""
    for labels in tensor.shape or () if tensor.is_constant else (tensor.elements,):
        if labels > _MOST_LABELS:
            where = graph.source.path or graph.name
            raise GraphError(
                f"{where}: tensor {tensor.name!r} of shape {tensor.shape} is too large to follow "
                f"its channels: {labels:,} of them, and {_MOST_LABELS:,} can be told apart"
            )


@dataclass(frozen=True)
class _Underway:
    """A graph while it is labelled.

    Attributes:
        graph: What is labelled.
        labelling: What has been found.
        made: The labels that layers have made, by what tells these apart.
        readers: Of each tensor, who reads it.
    """

    graph: Graph
    labelling: Labelling
    made: dict[Hashable, Array]
    readers: Mapping[str, Sequence[Operator]]


def _operator(walk: _Underway, operator: Operator) -> None:
    labelling = walk.labelling
    view = _View(walk, operator)
    results = _results(view)
    if view.layered:
        others = _results(_Beside(walk, operator))
        results = tuple(_both(a, b) for a, b in zip(results, others, strict=True))
    if view.crossing is not None:
        first, *rest = results
        labelling.unions.freeze(plane(first, 1), f"{operator.name}: channels lie along three axes")
        results = (stacked(plane(first, 0), view.crossing), *rest)
    labelling.activations.update(zip(operator.outputs, results, strict=True))
    whole = view.labels(0)
    if whole is not None and isinstance(operator.op, Split | Slice):
        reason = f"{operator.name}: equal channels of what is cut after a shuffle"
        for labels in results:
            labelling.equal += cut(labelling, whole, plane(labels, 0), reason)
    if (
        whole is not None
        and isinstance(operator.op, Conv | ConvTranspose)
        and not operator.op.depthwise
    ):
        reason = f"{operator.name}: equal channels of what its groups take after a shuffle"
        labelling.equal += shared_out(labelling, whole, operator.op, reason)


def _both(first: Array, second: Array) -> Array:
    """The labels of a result in both planes; those of the second one where they are alone."""
    return second if not core(first).any() else stacked(first, second)


def _results(view: "_View") -> tuple[Array, ...]:
    """The labels of one plane that an operator's results have."""
    op = view.op
    if not view.known:
        return refuse(view, "a shape is not known")
    try:
        results = op.couple(view)
        if results is None:
            results = refuse(view, f"{op.kind} has no rule for channels")
        return tuple(
            np.broadcast_to(labels, shape)
            for labels, shape in zip(results, view.results, strict=True)
        )
    except (GraphError, ValueError, IndexError):
        # Files may declare shapes that their operators do not make.
        return refuse(view, "the shapes around it contradict each other")


class _View:
    """One operator and the labels around it, as its coupling rule sees them.

    Attributes:
        crossing: What the operator makes beside the channels that pass through it.
    """

    _plane = 0

    def __init__(self, walk: _Underway, operator: Operator) -> None:
        self._walk, self._operator = walk, operator
        graph, labelling = walk.graph, walk.labelling
        self._graph, self._labelling, self._made = graph, labelling, walk.made
        tensors, activations = graph.tensors, labelling.activations
        self._whole = {name: activations[name] for name in operator.inputs if name in activations}
        self._first: dict[str, Array] = {}  # the first plane of what was asked for, by name
        self.shapes: tuple[Shape | None, ...] = tuple(
            None if name is None else tensors[name].shape for name in operator.inputs
        )
        self.results = tuple(tensors[name].shape or () for name in operator.outputs)
        self.crossing: Array | None = None

    @property
    def op(self) -> Op:
        """The operator's rules."""
        return self._operator.op

    @property
    def known(self) -> bool:
        """Whether all shapes around it are known."""
        return self._graph.signature(self._operator) is not None

    @property
    def layered(self) -> bool:
        """Whether something that it reads has labels of a second plane."""
        return any((core(plane(labels, 1)) != NONE).any() for labels in self._whole.values())

    def labels(self, index: int) -> Array | None:
        name = self._name(index)
        if name not in self._whole:
            return None
        joined = self._labelling.seeds.joined.get((self._operator.name, index))
        if joined is not None:
            return self._joined(joined, self._whole[name].shape)
        if name not in self._first:
            self._first[name] = plane(self._whole[name], 0)
        return self._first[name]

    def _joined(self, number: int, shape: Shape) -> Array:
        """Channels of their own for an operand, all of one class."""
        op = self._operator.op
        assert isinstance(op, Concat)
        self.unite(made := self.spare(shape[op.axis]), np.array(FIRST + number))
        return spread(made, op.axis, shape)

    def crossed(self, index: int) -> bool:
        name = self._name(index)
        return name in self._whole and len(planes(self._whole[name])) > 1

    def beside(self, index: int) -> Array | None:
        name = self._name(index)
        return plane(self._whole[name], 1) if name is not None and self.crossed(index) else None

    def met(self) -> Array | None:
        made, (shape, *_) = self._operator.outputs[0], self.results
        for reader in self._walk.readers[made]:
            others = reader.inputs if isinstance(reader.op, Elementwise) else ()
            for name in others:
                labels = self._labelling.activations.get(name or "")
                if labels is not None and name != made and labels.shape == shape:
                    return plane(labels, self._plane)
        return None

    def across(self, labels: Array) -> None:
        self.crossing = labels

    def works(self, way: str, seen: bool) -> bool:
        key = (self._operator.name, self._plane, way)
        found = self._labelling.seeds.ways.get(key, seen)
        self._labelling.ways[key] = found
        return found

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
        for name in filter(None, self._operator.inputs):
            constant = self._graph.tensors[name].constant
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
            read = self.labels(index)
            if read is not None:  # what another layer makes is as long as a constant would be
                self.unite(read, spread(labels, axis, read.shape))
            return
        tensor = self._graph.tensors[key[0]]
        if self._graph.source.format == "torch" and _computed(tensor):
            # Only what is stored can be masked while a model trains.
            masked = not _multiplies(self.op, index) or part_of(tensor) is not None
            if not masked or not follow_sources(self._labelling, tensor, key[1], labels):
                self.freeze(labels, _uncut(tensor))
        elif self._graph.source.format == "torch" and _written(tensor):
            self.freeze(labels, f"{tensor.name!r} is written in the model's code: it cannot be cut")
        elif (tensor.key, key[1]) in self._labelling.stored:
            self.unite(self._labelling.stored[str(tensor.key), key[1]], labels)
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


def _multiplies(op: Op, index: int) -> bool:
    """Whether an input holds weights that make channels."""
    if isinstance(op, Recurrent):
        return any(place.index == index for place in op.units)
    return isinstance(op, Weighted) and index == op.weights


def _uncut(tensor: Tensor) -> str:
    return f"{tensor.name!r} is computed by the model's code, and cannot be cut"


def _computed(tensor: Tensor) -> bool:
    """Whether a constant is made of others, and not by the shape of what it meets alone."""
    match tensor.key:
        case ("folded", *_):
            return True
    return False


def _written(tensor: Tensor) -> bool:
    """Whether a constant's values are written in the code, as those of ``torch.tensor([1, 2])``."""
    return isinstance(tensor.key, tuple) and tensor.key[:1] == ("written",)


class _Beside(_View):
    """The same operator and the labels of the second plane.

    What has to stay is no channel there. The layer's own channels are those of the first plane.
    """

    _plane = 1

    def labels(self, index: int) -> Array | None:
        name = self._name(index)
        if name not in self._whole:
            return None
        inner = core(plane(self._whole[name], 1))
        kept = self._labelling.unions.roots(inner) == FIXED
        return np.broadcast_to(np.where(kept, NONE, inner), self._whole[name].shape)

    def fresh(self, count: int) -> Array:
        return np.full(count, NONE, np.int64)

    def joins(self, labels: Array) -> None:
        pass

    def beside(self, index: int) -> Array | None:
        return super().labels(index)

    def across(self, labels: Array) -> None:
        self.freeze(labels, "channels lie along three axes")

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
    for index, name in enumerate(map(str, operator.inputs)):
        weights = name.removesuffix("_ih")  # of one step of a recurrent layer
        if operator.op.role(index) is Role.WEIGHT and weights.endswith((".weight", "_weight")):
            return weights[: -len(".weight")]
    return operator.name
