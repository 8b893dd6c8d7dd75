"""Padding as TFLite's convolutions and poolings know it: SAME, VALID, or a PAD before them."""

from collections.abc import Mapping, Sequence
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
Covered = Mapping[int, Sequence[int]]


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
        if isinstance(op, Pool) and op.function == "average":
            covered = op.covered(shapes, op.counts_padding)
            if _counts_a_part(op, covered):
                whole, last = _corrected(edit, operator, last, op, len(shape), covered)
                parts.append(whole)
        edit.expand(operator, [*parts, last])


def _is_plain(op: Conv | Pool) -> bool:
    """Whether an operator is as TFLite has it, at a look."""
    if isinstance(op, Pool) and (op.ceil or op.counts_padding):
        return False
    return op.padding in (VALID, SAME_UPPER)


def _counts_a_part(op: Pool, covered: Covered) -> bool:
    """Whether some of the windows do not count all of their elements."""
    return any(
        number != length
        for line, length in zip(covered.values(), op.window, strict=True)
        for number in line
    )


def _known_padding(op: Conv | Pool, shapes: Sequence[Dims | None]) -> Padding | None:
    """The padding of TFLite that does the same; None: there is none."""
    if (
        isinstance(op, Pool)
        and op.counts_padding
        and op.covered(shapes, True) != op.covered(shapes)
    ):
        return None
    return op.tflite_padding(shapes)


def _corrected(
    edit: Edit, operator: Operator, pool: Operator, op: Pool, rank: int, covered: Covered
) -> tuple[Operator, Operator]:
    """An average over zeros too, and the factor that takes them out of it."""
    shape = tuple(len(covered[axis]) if axis in covered else 1 for axis in range(rank))
    assert isinstance(pool.op, Pool)
    whole = edit.step(operator, "average", replace(pool.op, activation=None), pool.inputs)
    factors = edit.store(
        f"{operator.name}/factors",
        edit.tensors[operator.outputs[0]].dtype,
        shape,
        ("factors", op.window, repr(covered)),
        partial(_factors, prod(op.window), list(covered.values()), shape),
    )
    multiply = Elementwise("mul", activation=op.activation)
    return whole, replace(operator, op=multiply, inputs=(whole.outputs[0], factors))


def _factors(area: int, covered: Sequence[Sequence[int]], shape: Shape) -> Array:
    counts: Array = np.ones(())
    for line in covered:
        counts = np.multiply.outer(counts, line)
    return np.asarray(area / np.maximum(counts, 1), np.float32).reshape(shape)
