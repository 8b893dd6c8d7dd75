"""Padding as TFLite's convolutions and poolings know it: SAME, VALID, or a PAD before them."""

from collections.abc import Sequence
from functools import partial
from math import prod

import numpy as np

from mcugraph.ir import Array, Dims, Operator, Shape
from mcugraph.ops.convolution import Conv
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.pooling import Pool
from mcugraph.ops.selection import Pad
from mcugraph.ops.window import SAME_UPPER, VALID, Padding
from mcugraph.records import replace
from mcugraph.rewrite.edit import Edit

# For each spatial axis of the data, how many elements of each window count.


def pad_before(edit: Edit) -> None:
    """Convolutions and poolings with SAME or VALID padding, after a PAD where it is neither.

    Those that read the same data with the same padding share the PAD. An average over windows that
    count only a part of their elements is then corrected by a MUL with a constant.
    """
    padded: dict[tuple[str, Pad], str] = {}
    for operator, op in edit.of(Conv, Pool):
        data = operator.inputs[0] if operator.inputs else None
        if data is None or not isinstance(op, Conv | Pool) or _is_plain(op):
            continue
        shapes = [None if name is None else edit.tensors[name].shape for name in operator.inputs]
        shape = shapes[0]
        if shape is None or (isinstance(op, Conv) and shapes[1] is None):
            continue
        known = _known_padding(op, shapes)
        settled = replace(op, padding=VALID if known is None else known)
        if isinstance(settled, Pool):
            settled = replace(settled, ceil=False, counts_padding=False)
        if known is not None:
            edit.change(operator, settled)
            continue
        # What surrounds a maximum must not be one.
        lowest = isinstance(op, Pool) and op.function == "max"
        pad = Pad(op.pads(shapes), "lowest" if lowest else "constant")
        parts: list[Operator] = []
        if (data, pad) not in padded:
            larger = tuple(dim + sum(pair) for dim, pair in zip(shape, pad.pads, strict=True))
            parts.append(edit.step(operator, "padded", pad, (data,), larger))
            padded[data, pad] = parts[0].outputs[0]
        last = replace(operator, op=settled, inputs=(padded[data, pad], *operator.inputs[1:]))
        if isinstance(op, Pool) and _counts_a_part(op, shape):
            whole, last = _corrected(edit, operator, last, op, shape)
            parts.append(whole)
        edit.expand(operator, [*parts, last])


def _is_plain(op: Conv | Pool) -> bool:
    """Whether an operator is as TFLite has it, at a look."""
    if isinstance(op, Pool) and (op.ceil or op.counts_padding):
        return False
    return op.padding in (VALID, SAME_UPPER)


def _counts_a_part(op: Pool, shape: Shape) -> bool:
    """Whether it is an average some of whose windows do not count all of their elements."""
    ends = op.covered([shape], op.counts_padding, ends=True).values()
    return op.function == "average" and any(
        number != length for line, length in zip(ends, op.window, strict=True) for number in line
    )


def _known_padding(op: Conv | Pool, shapes: Sequence[Dims | None]) -> Padding | None:
    """The padding of TFLite that does the same; None: there is none."""
    if (
        isinstance(op, Pool)
        and op.counts_padding
        and op.covered(shapes, True, ends=True) != op.covered(shapes, ends=True)
    ):
        return None
    return op.tflite_padding(shapes)


def _corrected(
    edit: Edit, operator: Operator, pool: Operator, op: Pool, data: Shape
) -> tuple[Operator, Operator]:
    """An average over zeros too, and the factor that takes them out of it."""
    assert isinstance(pool.op, Pool)
    whole = edit.step(operator, "average", replace(pool.op, activation=None), pool.inputs)
    axes = op.sweeps([data])
    shape = tuple(n if axis in axes else 1 for axis, n in enumerate(op.slide(data, [data])))
    factors = edit.store(
        f"{operator.name}/factors",
        edit.tensors[operator.outputs[0]].dtype,
        shape,
        ("factors", replace(op, activation=None), tuple(data[axis] for axis in axes)),
        partial(_factors, op, data, shape),
    )
    multiply = Elementwise("mul", activation=op.activation)
    return whole, replace(operator, op=multiply, inputs=(whole.outputs[0], factors))


def _factors(op: Pool, data: Shape, shape: Shape) -> Array:
    counts: Array = np.ones(())
    for line in op.covered([data], op.counts_padding).values():
        counts = np.multiply.outer(counts, line)
    return np.asarray(prod(op.window) / np.maximum(counts, 1), np.float32).reshape(shape)
