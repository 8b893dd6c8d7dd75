"""Operators that TFLite does not have, as the ones that do their work there."""

from collections.abc import Callable
from functools import partial

from mcugraph.ir import Array, Operator, Shape
from mcugraph.late_numpy import np
from mcugraph.ops.attention import Attention
from mcugraph.ops.convolution import Conv
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.linear import MatMul
from mcugraph.ops.movement import ChannelShuffle, Reshape, Transpose
from mcugraph.ops.normalization import BatchNorm, Normalization
from mcugraph.ops.selection import Slice, Split
from mcugraph.records import replace
from mcugraph.rewrite.cleaning import clip_bounds
from mcugraph.rewrite.edit import Edit
from mcugraph.rewrite.folding import Affine, values_of


def split_silu(edit: Edit) -> None:
    """SiLU as LOGISTIC and MUL."""
    for operator, _ in edit.computing({"silu"}):
        sigmoid = edit.step(operator, "sigmoid", Elementwise("sigmoid"), operator.inputs)
        multiply = Elementwise("mul"), (operator.inputs[0], sigmoid.outputs[0])
        edit.expand(operator, [sigmoid, replace(operator, op=multiply[0], inputs=multiply[1])])


def split_batch_norm(edit: Edit) -> None:
    """Batch norms that stand alone as MUL and ADD with one constant a channel each."""
    for operator, op in edit.of(BatchNorm):
        shape = edit.tensors[operator.outputs[0]].shape
        if len(operator.inputs) != 5 or not shape or not edit.constant(operator.inputs[1:]):
            continue
        norm = Affine.of(edit, operator)
        aligned = _aligned(shape, op.channel_axis)
        constants = [
            edit.store(
                f"{operator.name}/{part}",
                norm.like.dtype,
                aligned,
                (part, *norm.key, aligned),
                partial(_vector, norm, value, aligned),
            )
            for part, value in (("scale", norm.scale), ("shift", norm.shift))
        ]
        scaled = edit.step(
            operator, "scaled", Elementwise("mul"), (operator.inputs[0], constants[0])
        )
        shifted = replace(operator, op=Elementwise("add"), inputs=(scaled.outputs[0], constants[1]))
        edit.expand(operator, [scaled, shifted])


def split_clip(edit: Edit) -> None:
    """Clips as MAXIMUM with the lower bound and MINIMUM with the upper one."""
    for operator, _ in edit.computing({"clip"}):
        if not operator.inputs:
            continue
        data, parts = operator.inputs[0], []
        for function, (bound, value) in clip_bounds(operator).items():
            if value is not None and (bound is None or edit.tensors[bound].is_constant):
                bound = _scalar(edit, operator, function, value)
            parts.append(edit.step(operator, function, Elementwise(function), (data, bound)))
            data = parts[-1].outputs[0]
        if parts:
            last = replace(operator, op=parts[-1].op, inputs=parts[-1].inputs)
            edit.expand(operator, [*parts[:-1], last])


def split_attention(edit: Edit) -> None:
    """Attention as BATCH_MATMUL, SOFTMAX and BATCH_MATMUL.

    The scores are then tensors of their own. SOFTMAX scales them; before a mask is added to them,
    the projection of the queries does. Where heads share keys, or values of earlier steps are
    read, it stays one operator.
    """
    for operator, op in edit.of(Attention):
        if op.outputs > 1 or len(operator.inputs) > 4:
            continue
        query, keys, values, *masks = operator.inputs
        shapes = [edit.tensors[name or ""].shape for name in (query, keys, values)]
        q, k, _ = shapes
        if q is None or k is None or not _one_head_each(op, shapes):
            continue
        scores = (*q[:-1], k[-2])
        parts = [edit.step(operator, "scores", MatMul(transpose_b=True), (query, keys), scores)]
        if masks and masks[0] is not None:
            both = (parts[-1].outputs[0], masks[0])
            parts.append(edit.step(operator, "masked", Elementwise("add"), both, scores))
        scale = q[-1] ** -0.5 if op.scale is None else op.scale
        softmax = Normalization("softmax", beta=1.0 if len(parts) > 1 else scale)
        parts.append(edit.step(operator, "softmax", softmax, parts[-1].outputs, scores))
        product = replace(operator, op=MatMul(), inputs=(parts[-1].outputs[0], values))
        edit.expand(operator, [*parts, product])


def split_channel_shuffle(edit: Edit) -> None:
    """A channel shuffle as RESHAPE, TRANSPOSE and RESHAPE."""
    for operator, op in edit.of(ChannelShuffle):
        data = edit.tensors[operator.inputs[0] or ""] if operator.inputs else None
        if data is None or data.shape is None:
            continue
        (batch, channels, *rest), groups = data.shape, op.groups
        order = (0, 2, 1, *range(3, 3 + len(rest)))
        apart = (batch, groups, channels // groups, *rest)
        mixed = (batch, channels // groups, groups, *rest)
        grouped = edit.step(operator, "grouped", Reshape(apart), operator.inputs[:1], apart)
        shuffled = edit.step(operator, "shuffled", Transpose(order), (grouped.outputs[0],), mixed)
        joined = replace(operator, op=Reshape(data.shape), inputs=(shuffled.outputs[0],))
        edit.expand(operator, [grouped, shuffled, joined])


def split_by_slices(edit: Edit) -> None:
    """Splits as a SLICE for each part that is needed, as converters from PyTorch write them."""
    for operator, op in edit.of(Split):
        data = operator.inputs[0] if operator.inputs else None
        shape = None if data is None else edit.tensors[data].shape
        parts = [edit.tensors[name].shape for name in operator.outputs]
        if shape is None or None in parts:
            continue
        axis, start, slices = op.axis % len(shape), 0, []
        for name, part in zip(operator.outputs, parts, strict=True):
            length = (part or ())[axis]
            index = [slice(None)] * len(shape)
            index[axis] = slice(start, start + length)
            start += length
            if edit.is_read(name):
                cut = Slice(tuple(index))
                slices.append(replace(operator, op=cut, inputs=(data,), outputs=(name,)))
        if slices:
            *before, last = slices
            names = (edit.operator_name(f"{operator.name}/{i}") for i in range(len(before)))
            named = [replace(s, name=own) for own, s in zip(names, before, strict=True)]
            edit.expand(operator, [*named, last])


def depthwise_of_one_channel(edit: Edit) -> None:
    """Convolutions of one input channel as the depthwise ones that converters make of them."""
    for operator, op in edit.of(Conv):
        data = edit.tensors[operator.inputs[0] or ""].shape if operator.inputs else None
        if op.depthwise or len(op.strides) > 2 or not data:
            continue
        if data[op.channel_axis] == 1:
            edit.change(operator, replace(op, depthwise=True))


def _vector(norm: Affine, value: Callable[[], Array], shape: Shape) -> Array:
    """The numbers of a batch norm, one a channel, in the type of its parameters."""
    return value().reshape(shape).astype(values_of(norm.like).dtype)


def _scalar(edit: Edit, operator: Operator, name: str, value: float) -> str:
    """A scalar of the type of the operator's result, quantised as that is."""
    made = edit.tensors[operator.outputs[0]]
    key, by = ("bound", value, made.dtype), made.quantization
    if by is None:
        load = partial(made.dtype.array, value)
        return edit.store(f"{operator.name}/{name}_bound", made.dtype, (), key, load)
    load = partial(by.stored, np.array(value, np.float32), made.dtype)
    scalar = edit.store(f"{operator.name}/{name}_bound", made.dtype, (), (*key, made.name), load)
    edit.quantize(scalar, by)
    return scalar


def _aligned(shape: Shape, channel_axis: int) -> Shape:
    """The shape of one number a channel that broadcasts against a shape."""
    channel = channel_axis % len(shape)
    aligned = tuple(dim if axis == channel else 1 for axis, dim in enumerate(shape))
    return aligned[channel:]


def _one_head_each(op: Attention, shapes: list[Shape | None]) -> bool:
    """Whether each head of queries has keys and values of its own, on an axis of its own."""
    if op.query_heads is not None or op.key_heads is not None:
        return op.query_heads == op.key_heads == 1
    return len({None if shape is None else shape[:-2] for shape in shapes}) == 1
