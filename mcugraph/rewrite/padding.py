"""Padding as TFLite's convolutions and poolings know it: SAME, VALID, or a PAD before them."""

from collections.abc import Hashable, Sequence
from functools import partial
from math import prod

from mcugraph.ir import Array, Dims, Operator, Shape
from mcugraph.late_numpy import np
from mcugraph.ops.convolution import Conv
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.pooling import Pool
from mcugraph.ops.selection import Pad
from mcugraph.ops.window import VALID, Padding
from mcugraph.records import dataclass, replace
from mcugraph.rewrite.edit import Edit

# For each spatial axis of the data, how many elements of each window count.


def pad_before(edit: Edit) -> None:
    """Convolutions and poolings with SAME or VALID padding, after a PAD where it is neither.

    Those that read the same data with the same padding share the PAD. An average over windows that
    count only a part of their elements is then corrected by a MUL with a constant.
    """
    padded: dict[tuple[str, Pad], str] = {}
    forms: dict[Hashable, _Padded] = {}
    for operator, op in edit.of(Conv, Pool):
        data = operator.inputs[0] if operator.inputs else None
        if data is None or not isinstance(op, Conv | Pool) or _is_plain(op):
            continue
        shapes = [None if name is None else edit.tensors[name].shape for name in operator.inputs]
        shape = shapes[0]
        if shape is None or (isinstance(op, Conv) and shapes[1] is None):
            continue
        alike = (op, *shapes[:2])  # blocks of a network repeat
        if alike not in forms:
            forms[alike] = _form_of(op, shape, shapes)
        form = forms[alike]
        if form.pad is None and not form.divides_otherwise:
            edit.change(operator, form.op)
            continue
        last, parts = replace(operator, op=form.op), []
        if form.pad is not None:
            pad = form.pad
            if (data, pad) not in padded:
                larger = tuple(dim + sum(pair) for dim, pair in zip(shape, pad.pads, strict=True))
                parts.append(edit.step(operator, "padded", pad, (data,), larger))
                padded[data, pad] = parts[0].outputs[0]
            last = replace(last, inputs=(padded[data, pad], *operator.inputs[1:]))
        if isinstance(op, Pool) and form.divides_otherwise:
            whole, last = _corrected(edit, operator, last, op, shape)
            parts.append(whole)
        edit.expand(operator, [*parts, last])


def _is_plain(op: Conv | Pool) -> bool:
    """Whether an operator is as TFLite has it, at a look."""
    if isinstance(op, Pool) and (op.ceil or op.counts_padding or op.divisor is not None):
        return False
    return op.padding.has_name


@dataclass(frozen=True, slots=True)
class _Padded:
    """A convolution or a pooling as TFLite has it.

    Attributes:
        op: With SAME or VALID padding.
        pad: What has to stand before it; None: nothing.
        divides_otherwise: Its average is not that of the model.
    """

    op: Conv | Pool
    pad: Pad | None
    divides_otherwise: bool


def _form_of(op: Conv | Pool, shape: Shape, shapes: Sequence[Dims | None]) -> _Padded:
    known, pad = _known_padding(op, shapes), None
    if known is None:
        # What surrounds a maximum must not be one.
        lowest = isinstance(op, Pool) and op.function == "max"
        pad = Pad(op.pads(shapes), "lowest" if lowest else "constant")
    settled = replace(op, padding=known or VALID)
    if isinstance(op, Conv) or isinstance(settled, Conv):
        return _Padded(settled, pad, False)
    settled = replace(settled, ceil=False, counts_padding=False, divisor=None)
    return _Padded(settled, pad, _divides_otherwise(op, shape, known))


def _divides_otherwise(op: Pool, shape: Shape, known: Padding | None) -> bool:
    """Whether it is an average that does not divide every sum by the size of its window.

    Args:
        op: The pooling.
        shape: Of its data.
        known: The padding of TFLite that counts what the model does; None: zeros are put around.
    """
    if op.function != "average" or op.divisor is not None:
        return op.divisor not in (None, prod(op.window))
    if known is not None:
        return False
    ends = op.covered([shape], op.counts_padding, ends=True).values()
    return any(
        number != length for line, length in zip(ends, op.window, strict=True) for number in line
    )


def _known_padding(op: Conv | Pool, shapes: Sequence[Dims | None]) -> Padding | None:
    """The padding of TFLite that does the same; None: there is none."""
    if isinstance(op, Pool) and op.divisor is not None:
        return None if any(map(any, op.pads(shapes))) else VALID
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
    if op.divisor is not None:
        shape = (1,) * len(shape)
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
    if op.divisor is not None:
        return np.full(shape, prod(op.window) / op.divisor, np.float32)
    counts: Array = np.ones(())
    for line in op.covered([data], op.counts_padding).values():
        counts = np.multiply.outer(counts, line)
    return np.asarray(prod(op.window) / np.maximum(counts, 1), np.float32).reshape(shape)
