"""Graphs whose channels come first, as TFLite stores them: channels last, weights in its order.

Each tensor has a layout: by stored axis, which axis of the graph's lies there. What slides windows
needs channels last; most others go along with any layout, their axes with them. Where one meets
what cannot go along (a dense layer over an image, say), elements are moved.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np

from mcugraph.ir import Array, Constant, Graph, Kind, Operator, Shape, Tensor
from mcugraph.ir.names import Names
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.elementwise import Convert, Elementwise
from mcugraph.ops.linear import Dense
from mcugraph.ops.movement import (
    DepthToSpace,
    Flatten,
    Reshape,
    SpaceToDepth,
    Squeeze,
    Transpose,
    Unsqueeze,
)
from mcugraph.ops.normalization import Normalization
from mcugraph.ops.pooling import Pool
from mcugraph.ops.reduction import Reduce
from mcugraph.ops.selection import Concat, Pad, Resize, Slice, Split
from mcugraph.ops.window import Windowed
from mcugraph.records import dataclass, replace

Layout = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """A graph as it is stored.

    Attributes:
        graph: With channels last, without its subgraphs.
        turned: Its inputs and outputs that have their channels last, and had them first.
    """

    graph: Graph
    turned: frozenset[str] = frozenset()


def channels_last(graph: Graph) -> Stored:
    """The graph with channels last, without its subgraphs.

    Inputs and outputs that windows slide over, or that fall into blocks, are stored with channels
    last too; all others are as the graph has them.

    Args:
        graph: In its deployed form, every shape known.
    """
    return _Storing(graph).form()


def _plain(rank: int) -> Layout:
    return tuple(range(rank))


def _last(rank: int) -> Layout:
    """Channels last."""
    return (0, *range(2, rank), 1)


class _Storing:
    """One graph on its way."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.tensors: dict[str, Tensor] = {}
        self.operators: list[Operator] = []
        self._layouts: dict[str, Layout] = {}
        self._moved: dict[tuple[str, Layout], str] = {}
        self._tensor_names = Names(graph.tensors)
        self._operator_names = Names([operator.name for operator in graph.operators])
        of_images = [
            each
            for each in graph.operators
            if isinstance(each.op, Windowed | DepthToSpace | SpaceToDepth)
        ]
        self._turned = {
            self._rank(each.outputs[0])
            for each in of_images
            if getattr(each.op, "channel_axis", -1) == 1
        }

    def form(self) -> Stored:
        """The graph as it is stored."""
        transposed = {
            name
            for operator in self.graph.operators
            if isinstance(operator.op, Transpose)
            for name in operator.inputs
        }
        for name, tensor in self.graph.tensors.items():
            if name in self.graph.inputs or tensor.kind is Kind.STATE:
                turns = self._rank(name) in self._turned and name not in transposed
                self._put(name, _last(self._rank(name)) if turns else _plain(self._rank(name)))
        for operator in self.graph.operators:
            self._store(operator)
        outputs = tuple(map(self._left, self.graph.outputs))
        made = self.graph.replace(
            operators=tuple(self.operators), tensors=self.tensors, outputs=outputs
        )
        ends = [name for name in (*made.inputs, *outputs) if name in self._layouts]
        turned = (name for name in ends if self._layouts[name] != _plain(self._rank(name)))
        return Stored(made, frozenset(turned))

    def _rank(self, name: str) -> int:
        return len(self._shape(name))

    def _shape(self, name: str) -> Shape:
        """Of a tensor of the graph, in its own order."""
        return self.graph.tensors[name].shape or ()

    def _put(self, name: str, layout: Layout) -> None:
        """A tensor of the graph is stored so."""
        shape = self._shape(name)
        self.tensors[name] = replace(
            self.graph.tensors[name], shape=tuple(shape[axis] for axis in layout)
        )
        self._layouts[name] = layout

    def _is_constant(self, name: str) -> bool:
        return self.graph.tensors[name].kind is Kind.CONSTANT

    def _left(self, name: str) -> str:
        """An output of the graph, in an order that its caller expects."""
        rank = self._rank(name)
        if self._is_constant(name):
            return self._read(name, _plain(rank))
        if rank in self._turned and self._layouts[name] == _last(rank):
            return name
        return self._read(name, _plain(rank))

    def _read(self, name: str, layout: Layout) -> str:
        """A tensor of the graph in a layout; its elements are moved if need be."""
        if self._is_constant(name):
            return self._constant(name, layout, self._shape(name))
        own = self._layouts[name]
        if own == layout:
            return name
        key = (name, layout)
        if key not in self._moved:
            order = tuple(own.index(axis) for axis in layout)
            self._moved[key] = self._transposed(name, order)
        return self._moved[key]

    def _transposed(self, name: str, order: Layout) -> str:
        """What is stored as a tensor, its axes in another order; a new one."""
        tensor = self.tensors[name]
        shape = tensor.shape or ()
        made = tuple(shape[axis] for axis in order)
        stays = [axis for axis in order if shape[axis] != 1]
        op = Reshape(made) if stays == sorted(stays) else Transpose(order)
        return self._emit(op, (name,), replace(tensor, shape=made, kind=Kind.ACTIVATION))

    def _emit(self, op: Any, inputs: Sequence[str], like: Tensor) -> str:
        """A new operator; its result, which has a name after that of ``like``."""
        name = self._tensor_names.unique(f"{like.name}/stored")
        self.tensors[name] = replace(like, name=name)
        own = self._operator_names.unique(name)
        self.operators.append(Operator(own, op, tuple(inputs), (name,), ""))
        return name

    def _constant(self, name: str, layout: Layout, shape: Shape) -> str:
        """A constant with its axes in another order, once it has the given shape."""
        tensor = self.graph.tensors[name]
        if layout == _plain(len(shape)) and shape == tensor.shape:
            self.tensors[name] = tensor
            return name
        key = (f"{name} {shape}", layout)
        if key not in self._moved:
            made = self._tensor_names.unique(f"{name}/stored")
            load = partial(_ordered, tensor, shape, layout)
            known = tensor.quantization
            self.tensors[made] = replace(
                tensor,
                name=made,
                shape=tuple(shape[axis] for axis in layout),
                quantization=known and known.arranged(tensor.shape or (), shape, layout),
                constant=Constant((tensor.key, shape, layout), load),
            )
            self._moved[key] = made
        return self._moved[key]

    def _finish(
        self, operator: Operator, op: Any, inputs: Iterable[str | None], layout: Layout
    ) -> None:
        """The operator as it is stored, all of its results in one layout."""
        for name in operator.outputs:
            fits = len(layout) == self._rank(name)
            self._put(name, layout if fits else _plain(self._rank(name)))
        self.operators.append(replace(operator, op=op, inputs=tuple(inputs)))

    def _store(self, operator: Operator) -> None:
        op: Any = operator.op
        first = operator.inputs[0] if operator.inputs else None
        if isinstance(op, Conv | ConvTranspose | Pool) and op.channel_axis == 1:
            assert first is not None
            self._slide(operator, op, first)
        elif isinstance(op, DepthToSpace | SpaceToDepth) and op.channel_axis == 1:
            assert first is not None
            data = self._read(first, _last(self._rank(first)))
            self._finish(operator, replace(op, channel_axis=-1), [data], _last(self._rank(first)))
        elif isinstance(op, Elementwise | Convert):
            self._elementwise(operator)
        elif isinstance(op, Resize) and first is not None:
            layout = _last(self._rank(first))
            if op.scales is not None:
                op = replace(op, scales=tuple(op.scales[axis] for axis in layout))
            self._finish(operator, op, [self._read(first, layout)], layout)
        elif isinstance(op, Concat | Pad | Reduce | Slice | Split | Normalization):
            self._along_axes(operator)
        elif isinstance(op, Reshape | Flatten | Squeeze | Unsqueeze) and first is not None:
            self._reshape(operator, first)
        elif isinstance(op, Transpose) and first is not None:
            self._transpose(operator, op, first)
        elif isinstance(op, Dense):
            self._dense(operator, op)
        else:
            self._as_it_is(operator)

    def _as_it_is(self, operator: Operator) -> None:
        inputs = self._plainly(operator.inputs)
        made = self._rank(operator.outputs[0]) if operator.outputs else 0
        self._finish(operator, operator.op, inputs, _plain(made))

    def _plainly(self, names: Iterable[str | None]) -> list[str | None]:
        """Tensors of the graph as it has them."""
        return [None if n is None else self._read(n, _plain(self._rank(n))) for n in names]

    def _slide(self, operator: Operator, op: Conv | ConvTranspose | Pool, data: str) -> None:
        """Channels last; what has one spatial axis is an image of one row."""
        one_row = self._rank(data) == 3
        read = self._read(data, _last(self._rank(data)))
        inputs: list[str | None] = [self._image(read) if one_row else read]
        op = _over_one_row(op) if one_row else op
        if isinstance(op, Pool):
            op = replace(op, channel_axis=-1)
        else:
            weights, *rest = operator.inputs[1:]
            assert weights is not None
            turned = isinstance(op, Conv) and op.depthwise
            inputs += [self._weights(weights, op, turned, one_row), *self._plainly(rest)]
            out, given = (-1, 0) if turned else (0, -1)
            op = replace(op, channel_axis=-1, weight_out=out, weight_in=given)
        self._finish(operator, op, inputs, _last(self._rank(data)))
        if one_row:
            self._as_row(operator.outputs[0])

    def _weights(self, name: str, op: Conv | ConvTranspose, turned: bool, one_row: bool) -> str:
        """Weights of a convolution in TFLite's order; ``turned``: that of depthwise ones."""
        shape = self._shape(name)
        out, given = op.weight_out % len(shape), op.weight_in % len(shape)
        if one_row and self._is_constant(name) and {out, given} == {0, 1}:
            shape = (*shape[:2], 1, *shape[2:])
        window = [axis for axis in range(len(shape)) if axis not in (out, given)]
        first, last = (given, out) if turned else (out, given)
        layout = (first, *window, last)
        return (
            self._constant(name, layout, shape)
            if self._is_constant(name)
            else self._read(name, layout)
        )

    def _image(self, name: str) -> str:
        """What is stored as (batch, length, channels), as an image of one row."""
        batch, *rest = self.tensors[name].shape or ()
        shape = (batch, 1, *rest)
        like = replace(self.tensors[name], shape=shape, kind=Kind.ACTIVATION)
        return self._emit(Reshape(shape), (name,), like)

    def _as_row(self, name: str) -> None:
        """Let the last operator make an image of one row, and a tensor be that without the row."""
        operator, tensor = self.operators.pop(), self.tensors[name]
        batch, *rest = tensor.shape or ()
        image = self._tensor_names.unique(f"{name}/image")
        self.tensors[image] = replace(
            tensor, name=image, shape=(batch, 1, *rest), kind=Kind.ACTIVATION
        )
        own = self._operator_names.unique(f"{operator.name}/row")
        op = Reshape((batch, *rest))
        self.operators += [
            replace(operator, outputs=(image,)),
            Operator(own, op, (image,), (name,), ""),
        ]

    def _elementwise(self, operator: Operator) -> None:
        rank = self._rank(operator.outputs[0])
        given = [name for name in operator.inputs if name is not None]
        known = [
            self._layouts[name]
            for name in given
            if not self._is_constant(name) and self._rank(name) == rank
        ]
        turned = [layout for layout in known if layout != _plain(rank)]
        layout = (*turned, _plain(rank))[0]
        self._finish(operator, operator.op, [self._operand(n, layout) for n in given], layout)

    def _operand(self, name: str, layout: Layout) -> str:
        """An operand that is broadcast, with as many axes as the layout, or of one element."""
        shape = self._shape(name)
        if len(shape) == len(layout):
            return self._read(name, layout)
        longer = (*(1,) * (len(layout) - len(shape)), *shape)
        if self._is_constant(name):
            return self._constant(name, layout, longer)
        plain = self._read(name, _plain(len(shape)))
        if layout == _plain(len(layout)) or prod(shape) == 1:
            return plain
        op = Reshape(longer)
        made = self._emit(op, (plain,), replace(self.tensors[plain], shape=longer))
        return self._transposed(made, layout)

    def _along_axes(self, operator: Operator) -> None:
        op: Any = operator.op
        count = len(operator.inputs) if isinstance(op, Concat) else 1
        data = [name for name in operator.inputs[:count] if name is not None]
        rank = self._rank(data[0])
        layouts = [self._layouts[name] for name in data if not self._is_constant(name)]
        layout = next((each for each in layouts if each != _plain(rank)), _plain(rank))
        if isinstance(op, Normalization) and len(op.axes) == 1:
            # A softmax goes along the last axis that is stored.
            axis = op.axes[0] % rank
            layout = (*(each for each in layout if each != axis), axis)
        op, gone = _with_axes(op, layout)
        kept = [axis for axis in layout if axis not in gone]
        made = tuple(sorted(kept).index(axis) for axis in kept)
        rest = self._plainly(operator.inputs[count:])
        self._finish(operator, op, [*(self._read(name, layout) for name in data), *rest], made)

    def _reshape(self, operator: Operator, data: str) -> None:
        made = self._shape(operator.outputs[0])
        own = _plain(self._rank(data)) if self._is_constant(data) else self._layouts[data]
        layout = _reshaped(self._shape(data), made, own)
        if layout is None:
            own, layout = _plain(len(own)), _plain(len(made))
        op = Reshape(tuple(made[axis] for axis in layout))
        self._finish(operator, op, [self._read(data, own)], layout)

    def _transpose(self, operator: Operator, op: Transpose, data: str) -> None:
        rank = self._rank(data)
        order = op.permutation or _plain(rank)[::-1]
        order = tuple(axis % rank for axis in order)
        own = _plain(rank) if self._is_constant(data) else self._layouts[data]
        stays = tuple(order.index(axis) for axis in own)
        read = self._read(data, own)
        if stays in (_plain(rank), _last(rank)):
            # Only what its axes are called changes.
            shape = self.tensors[read].shape or ()
            self._finish(operator, Reshape(shape), [read], stays)
            return
        moved = tuple(own.index(order[axis]) for axis in own)
        self._finish(operator, Transpose(moved), [read], own)

    def _dense(self, operator: Operator, op: Dense) -> None:
        data, weights, *rest = operator.inputs
        assert data is not None
        assert weights is not None
        inputs = [
            self._read(data, _plain(self._rank(data))),
            self._read(weights, (op.weight_out % 2, op.weight_in % 2)),
            *self._plainly(rest),
        ]
        op = replace(op, weight_out=0, weight_in=1)
        self._finish(operator, op, inputs, _plain(self._rank(operator.outputs[0])))


def _over_one_row(op: Conv | ConvTranspose | Pool) -> Any:
    """The same window over an image of one row."""
    padding = op.padding
    if padding.pairs:
        padding = replace(padding, pairs=((0, 0), *padding.pairs))
    dilations = (1, *op.dilations) if op.dilations else ()
    made: Any = replace(op, padding=padding, strides=(1, *op.strides), dilations=dilations)
    if isinstance(op, Pool):
        return replace(made, window=(1, *op.window))
    if isinstance(op, ConvTranspose) and op.output_padding:
        return replace(made, output_padding=(0, *op.output_padding))
    return made


def _ordered(tensor: Tensor, shape: Shape, layout: Layout) -> Array:
    assert tensor.constant is not None
    return np.ascontiguousarray(tensor.constant.array().reshape(shape).transpose(layout))


def _with_axes(op: Any, layout: Layout) -> tuple[Any, set[int]]:
    """An operator whose axes are those that are stored, and which axes its result does not have."""
    rank, place = len(layout), layout.index
    if isinstance(op, Concat | Split):
        return replace(op, axis=place(op.axis % rank)), set()
    if isinstance(op, Pad):
        return replace(op, pads=tuple(op.pads[axis] for axis in layout)), set()
    if isinstance(op, Normalization):
        return replace(op, axes=tuple(place(axis % rank) for axis in op.axes)), set()
    if isinstance(op, Slice) and None not in op.index:
        index = (*op.index, *(slice(None),) * (rank - len(op.index)))
        gone = {axis for axis, item in enumerate(index) if not isinstance(item, slice)}
        return replace(op, index=tuple(index[axis] for axis in layout)), gone
    if isinstance(op, Reduce):
        axes = {axis % rank for axis in (range(rank) if op.axes is None else op.axes)}
        made = replace(op, axes=tuple(sorted(map(place, axes))))
        return made, set() if op.keepdims else axes
    return op, set()


def _reshaped(shape: Shape, made: Shape, layout: Layout) -> Layout | None:
    """The layout of a reshaped tensor whose elements stay where they are; None: they cannot."""
    if layout == _plain(len(layout)):
        return _plain(len(made))
    if not prod(shape):
        return None
    groups = list(_groups(shape, made))
    stored = [axis for axis in layout if shape[axis] != 1]
    places = []
    for given, _ in groups:
        found = [stored.index(axis) for axis in given if shape[axis] != 1]
        if found and found != list(range(found[0], found[0] + len(found))):
            return None
        places.append(found[0] if found else -1)
    order = sorted(range(len(groups)), key=places.__getitem__)
    return tuple(axis for i in order for axis in groups[i][1])


def _groups(shape: Shape, made: Shape) -> Iterable[tuple[list[int], list[int]]]:
    """Axes before and after that have the same elements, as few at a time as can be."""
    i = j = 0
    while i < len(shape) or j < len(made):
        given, found = [i] if i < len(shape) else [], [j] if j < len(made) else []
        i, j = i + len(given), j + len(found)
        while (before := prod(shape[a] for a in given)) != (after := prod(made[a] for a in found)):
            if before < after:
                given.append(i)
                i += 1
            else:
                found.append(j)
                j += 1
        yield given, found
