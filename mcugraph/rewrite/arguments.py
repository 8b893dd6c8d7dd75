"""Attributes that a TFLite file holds as constants of their own: axes, shapes, paddings.

An interpreter keeps a tensor for each. Source: the TFLite schema; the order is that of the
translation from TFLite, data first.
"""

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

from mcugraph.ir import DType, Op, Operator, Shape
from mcugraph.late_numpy import np
from mcugraph.ops.convolution import ConvTranspose
from mcugraph.ops.movement import (
    BatchToSpace,
    Expand,
    Flatten,
    Reshape,
    Reverse,
    SpaceToBatch,
    Transpose,
    Unsqueeze,
)
from mcugraph.ops.reduction import Cumulate, Reduce, TopK
from mcugraph.ops.selection import Pad, Resize, Slice, Split, Tile
from mcugraph.records import dataclass
from mcugraph.rewrite.edit import Edit

# The arguments of an operator, from the shapes of its data and of its result: whole numbers, but
# for what has the type of the data.
Arguments = Callable[[Any, Shape, Shape], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class _Element:
    """A value of the type of the data; None: the least that there is."""

    value: float | None


def _axes(op: Reduce, data: Shape, result: Shape) -> tuple[Any, ...]:
    return ([axis % len(data) for axis in op.axes or range(len(data))],)


def _slice(op: Slice, data: Shape, result: Shape) -> tuple[Any, ...]:
    """Begin and size; begin, end and stride where elements are passed over, or axes come or go."""
    dims = iter(data)
    spans = [(0, 1, 1) if part is None else _span(part, next(dims)) for part in op.index]
    spans += [(0, dim, 1) for dim in dims]
    starts, ends, steps = map(list, zip(*spans, strict=True)) if spans else ([], [], [])
    plain = set(steps) <= {1} and all(isinstance(part, slice) for part in op.index)
    return (starts, list(result)) if plain else (starts, ends, steps)


def _span(part: slice | int, length: int) -> tuple[int, int, int]:
    """Begin, end and stride along an axis; an end before the first element is -length - 1."""
    if isinstance(part, int):
        start = part % length
        return start, start + 1, 1
    start, end, step = part.indices(length)
    return start, end if end >= 0 else -length - 1, step


def _split(op: Split, data: Shape, result: Shape) -> tuple[Any, ...]:
    return (op.axis,) if op.sizes is None else (list(op.sizes), op.axis)


def _pad(op: Pad, data: Shape, result: Shape) -> tuple[Any, ...]:
    pads = [list(pair) for pair in op.pads]
    if op.mode == "lowest":
        return pads, _Element(None)
    if op.mode != "constant" or op.value in (0, None):
        return (pads,)
    return pads, _Element(op.value)


def _axis(op: Cumulate, data: Shape, result: Shape) -> tuple[Any, ...]:
    return (0 if op.axis is None else op.axis % len(data),)


def _transpose(op: Transpose, data: Shape, result: Shape) -> tuple[Any, ...]:
    return (list(op.permutation or reversed(range(len(data)))),)


def _shape(op: Op, data: Shape, result: Shape) -> tuple[Any, ...]:
    return (list(result),)


_ARGUMENTS: dict[type[Op], Arguments] = {
    BatchToSpace: lambda op, data, result: (list(op.block), list(map(list, op.crops))),
    Cumulate: _axis,
    Expand: _shape,
    Flatten: _shape,
    Pad: _pad,
    Reduce: _axes,
    Reshape: _shape,
    Resize: lambda op, data, result: (list(result[-2:]),),
    Reverse: lambda op, data, result: (list(op.axes),),
    Slice: _slice,
    SpaceToBatch: lambda op, data, result: (list(op.block), list(map(list, op.pads))),
    Split: _split,
    Tile: lambda op, data, result: (list(op.repeats),),
    TopK: lambda op, data, result: ([op.k],),
    Transpose: _transpose,
    Unsqueeze: lambda op, data, result: (list(op.axes)[:1],),
}


def store_arguments(edit: Edit) -> None:
    """Operators with the constants that TFLite keeps their attributes in, equal ones once."""
    stored: dict[Hashable, str] = {}
    for operator, op in edit.of(*_ARGUMENTS, ConvTranspose):
        arguments = _arguments_of(edit, operator)
        if arguments is None:
            continue
        first = 3 if isinstance(op, ConvTranspose) else 1
        names: list[str | None] = [*operator.inputs, None, None, None][:first]
        for index, value in enumerate(arguments):
            dtype = DType.INT32
            if isinstance(value, _Element):
                dtype = edit.tensors[operator.inputs[0] or ""].dtype
                value = _least(dtype) if value.value is None else value.value
            key = ("argument", dtype, repr(value))
            if key not in stored:
                load = partial(dtype.array, value)
                name = f"{operator.name}/argument_{index}"
                stored[key] = edit.store(name, dtype, _shape_of(value), key, load)
            names.append(stored[key])
        edit.change(operator, inputs=names)


def _shape_of(value: Any) -> Shape:
    """The shape of a number, or of lists in lists of equal lengths."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return tuple(shape)


def _arguments_of(edit: Edit, operator: Operator) -> tuple[Any, ...] | None:
    """What an operator lacks; None where it has it, or has none."""
    op = operator.op
    rule: Arguments | None = _shape if isinstance(op, ConvTranspose) else _ARGUMENTS.get(type(op))
    if rule is None or not operator.inputs or operator.inputs[0] is None:
        return None
    data = edit.tensors[operator.inputs[0]].shape
    result = edit.tensors[operator.outputs[0]].shape
    return None if data is None or result is None else rule(op, data, result)


def _least(dtype: DType) -> float:
    """The least value that a type has; of what numpy does not know, that of float32."""
    kind = dtype.numpy or np.dtype(np.float32)
    return int(np.iinfo(kind).min) if kind.kind in "iu" else float(np.finfo(kind).min)
