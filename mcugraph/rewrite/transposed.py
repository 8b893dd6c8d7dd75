"""Transposed convolutions as TFLite has them: SAME or VALID, and strided."""

from functools import partial

import numpy as np

from mcugraph.ir import Array, Operator, Tensor
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.selection import Slice
from mcugraph.ops.window import VALID, explicit
from mcugraph.records import replace
from mcugraph.rewrite.edit import Edit
from mcugraph.rewrite.folding import values_of


def convolve_unstrided(edit: Edit) -> None:
    """Transposed convolutions of stride 1 as convolutions with their weights turned round."""
    for operator, op in edit.of(ConvTranspose):
        if set(op.strides) != {1} or op.groups > 1 or op.output_shape is not None:
            continue
        shapes = [None if name is None else edit.tensors[name].shape for name in operator.inputs]
        weights = edit.tensors[operator.inputs[1] or ""]
        if None in shapes[:2] or not weights.is_constant or (op.weight_in, op.weight_out) != (0, 1):
            continue
        kept, sweeps = op.kept(shapes), op.sweeps(shapes)
        pairs = []
        for axis, (start, length) in (kept or {}).items():
            before = sweeps[axis].reach - 1 - start
            pairs.append((before, length - sweeps[axis].size + sweeps[axis].reach - 1 - before))
        if min(map(min, pairs)) < 0:
            continue
        made_of, makes, *window = weights.shape or ()
        turned = edit.store(
            f"{weights.name}/turned",
            weights.dtype,
            (makes, made_of, *window),
            ("turned", weights.key),
            partial(_turned, weights),
        )
        conv = Conv(
            strides=op.strides,
            dilations=op.dilations,
            padding=explicit(pairs),
            channel_axis=op.channel_axis,
            activation=op.activation,
        )
        edit.change(operator, conv, (operator.inputs[0], turned, *operator.inputs[2:]))


def cut_after(edit: Edit) -> None:
    """Transposed convolutions with SAME or VALID padding, before a SLICE where it is neither."""
    for operator, op in edit.of(ConvTranspose):
        shapes = [None if name is None else edit.tensors[name].shape for name in operator.inputs]
        if None in shapes[:2] or op.output_shape is not None or _is_plain(op):
            continue
        known = op.tflite_padding(shapes)
        settled = replace(op, padding=known or VALID, output_padding=())
        if known is not None:
            edit.change(operator, settled)
            continue
        kept, written = op.kept(shapes) or {}, op.written(shapes)
        if any(start + count > written[axis] for axis, (start, count) in kept.items()):
            continue  # zeros and biases are what lies beyond
        edit.expand(operator, _cut(edit, operator, settled, kept, written))


def _is_plain(op: ConvTranspose) -> bool:
    return op.padding == VALID and not any(op.output_padding)


def _cut(
    edit: Edit,
    operator: Operator,
    whole: ConvTranspose,
    kept: dict[int, tuple[int, int]],
    written: dict[int, int],
) -> list[Operator]:
    """The convolution that writes all, and what takes the result out of that."""
    shape = list(edit.tensors[operator.outputs[0]].shape or ())
    index = [slice(0, size) for size in shape]
    for axis, (start, count) in kept.items():
        shape[axis], index[axis] = written[axis], slice(start, start + count)
    first = edit.step(operator, "whole", whole, operator.inputs, tuple(shape))
    cut = replace(operator, op=Slice(tuple(index)), inputs=first.outputs)
    return [first, cut]


def _turned(weights: Tensor) -> Array:
    """Weights of (in, out, ...) as a convolution has them, each window back to front."""
    value = values_of(weights).swapaxes(0, 1)
    return np.ascontiguousarray(np.flip(value, tuple(range(2, value.ndim))))
