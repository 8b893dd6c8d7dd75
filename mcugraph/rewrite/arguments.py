"""Attributes that a TFLite file holds as constants of their own: axes, shapes, paddings.

An interpreter keeps a tensor for each. Source: the TFLite schema; the order is that of the
translation from TFLite, data first.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from mcugraph.ir import DType, Graph, Op, Operator, Shape
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
from mcugraph.rewrite.edit import Edit

# The arguments of an operator, from the shapes of its data and of its result.
Arguments = Callable[[Any, Shape, Shape], tuple[Any, ...]]


def _axes(op: Reduce, data: Shape, result: Shape) -> tuple[Any, ...]:
    return ([axis % len(data) for axis in op.axes or range(len(data))],)


def _slice(op: Slice, data: Shape, result: Shape) -> tuple[Any, ...]:
    """Begin and size; begin, end and stride where elements are passed over."""
    parts = [part for part in op.index if isinstance(part, slice)]
    if len(parts) != len(data) or len(op.index) != len(data):
        return ([0] * len(data),) * 3
    spans = [part.indices(dim) for part, dim in zip(parts, data, strict=True)]
    starts, ends, steps = map(list, zip(*spans, strict=True)) if spans else ([], [], [])
    return (starts, list(result)) if set(steps) <= {1} else (starts, ends, steps)


def _split(op: Split, data: Shape, result: Shape) -> tuple[Any, ...]:
    return (op.axis,) if op.sizes is None else (list(op.sizes), op.axis)


def _pad(op: Pad, data: Shape, result: Shape) -> tuple[Any, ...]:
    pads = [list(pair) for pair in op.pads]
    return (pads, 0) if op.mode == "lowest" else (pads,)


def _transpose(op: Transpose, data: Shape, result: Shape) -> tuple[Any, ...]:
    return (list(op.permutation or reversed(range(len(data)))),)


def _shape(op: Op, data: Shape, result: Shape) -> tuple[Any, ...]:
    return (list(result),)


_ARGUMENTS: dict[type[Op], Arguments] = {
    BatchToSpace: lambda op, data, result: (list(op.block), list(map(list, op.crops))),
    Cumulate: lambda op, data, result: ([0],),
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


def store_arguments(graph: Graph) -> Graph:
    """Operators with the constants that TFLite keeps their attributes in, equal ones once."""
    edit = Edit(graph)
    stored: dict[str, str] = {}
    for operator in edit.operators:
        arguments = _arguments_of(edit, operator)
        if arguments is None:
            continue
        first = 3 if isinstance(operator.op, ConvTranspose) else 1
        names: list[str | None] = [*operator.inputs, None, None, None][:first]
        for index, value in enumerate(arguments):
            key = repr(value)
            if key not in stored:
                stored[key] = edit.store(
                    f"{operator.name}/argument_{index}",
                    DType.INT32,
                    np.shape(value),
                    ("argument", key),
                    partial(np.array, value, np.int32),
                )
            names.append(stored[key])
        edit.change(replace(operator, inputs=tuple(names)))
    return edit.graph()


def _arguments_of(edit: Edit, operator: Operator) -> tuple[Any, ...] | None:
    """What an operator lacks; None where it has it, or has none."""
    op = operator.op
    rule: Arguments | None = _shape if isinstance(op, ConvTranspose) else _ARGUMENTS.get(type(op))
    if rule is None or not operator.inputs or operator.inputs[0] is None:
        return None
    data = edit.tensors[operator.inputs[0]].shape
    result = edit.tensors[operator.outputs[0]].shape
    return None if data is None or result is None else rule(op, data, result)
