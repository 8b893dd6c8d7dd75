"""Transposed convolutions as TFLite has them: SAME or VALID, and strided."""

from functools import partial

from mcugraph.ir import Array, Operator, Shape, Tensor
from mcugraph.late_numpy import np
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.selection import Concat, Slice
from mcugraph.ops.window import VALID, explicit
from mcugraph.records import replace
from mcugraph.rewrite.edit import Edit
from mcugraph.rewrite.folding import values_of


def convolve_unstrided(edit: Edit) -> None:
    """Transposed convolutions of stride 1 as convolutions with their weights turned round."""
    for operator, op in edit.of(ConvTranspose):
        if set(op.strides) != {1} or op.output_shape is not None:
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
            (makes * op.groups, made_of // op.groups, *window),
            ("turned", op.groups, weights.key),
            partial(_turned, weights, op.groups),
        )
        conv = Conv(
            strides=op.strides,
            dilations=op.dilations,
            padding=explicit(pairs),
            groups=op.groups,
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
        beyond = {axis: max(sum(kept[axis]) - written[axis], 0) for axis in kept}
        if any(beyond.values()):
            if not edit.constant(operator.inputs[1:2]) or (op.weight_in, op.weight_out) != (0, 1):
                continue
            operator = _reach(edit, operator, list(beyond.values()))
            written = {axis: written[axis] + beyond[axis] for axis in kept}
        if all(kept[axis] == (0, written[axis]) for axis in kept):
            edit.change(operator, settled, operator.inputs)
        else:
            edit.expand(operator, _cut(edit, operator, settled, kept, written))


def split_groups(edit: Edit) -> None:
    """Grouped transposed convolutions as one a group, after a SLICE; a CONCATENATION joins them."""
    for operator, op in edit.of(ConvTranspose):
        shapes = [None if name is None else edit.tensors[name].shape for name in operator.inputs]
        if op.groups == 1 or None in shapes or op.output_shape is not None:
            continue
        if not edit.constant(operator.inputs[1:]) or (op.weight_in, op.weight_out) != (0, 1):
            continue
        data, result = shapes[0] or (), list(edit.tensors[operator.outputs[0]].shape or ())
        axis = op.channel_axis % len(data)
        each = data[axis] // op.groups
        result[axis] //= op.groups
        parts: list[Operator] = []
        made = []
        for number in range(op.groups):
            index = [slice(None)] * len(data)
            index[axis] = slice(number * each, (number + 1) * each)
            taken = (*data[:axis], each, *data[axis + 1 :])
            cut = Slice(tuple(index))
            parts.append(edit.step(operator, "group", cut, operator.inputs[:1], taken))
            inputs = [parts[-1].outputs[0]]
            for name in operator.inputs[1:]:
                assert name is not None
                inputs.append(_part_of(edit, operator, name, number, op.groups))
            alone = replace(op, groups=1)
            parts.append(edit.step(operator, "of_group", alone, inputs, tuple(result)))
            made.append(parts[-1].outputs[0])
        joined = replace(operator, op=Concat(axis), inputs=tuple(made))
        edit.expand(operator, [*parts, joined])


def _part_of(edit: Edit, operator: Operator, name: str, number: int, groups: int) -> str:
    """The weights, or the bias, of one group."""
    whole = edit.tensors[name]
    first, *rest = whole.shape or ()
    shape = (first // groups, *rest)
    key, load = ("part", number, groups, whole.key), partial(_part, whole, number, shape)
    return edit.store(f"{operator.name}/{name}_{number}", whole.dtype, shape, key, load)


def _reach(edit: Edit, operator: Operator, beyond: list[int]) -> Operator:
    """A transposed convolution with windows as large as its result, by weights of zero.

    Zeros and biases are what lies behind the windows of its own.
    """
    weights = edit.tensors[operator.inputs[1] or ""]
    more = [0, 0, *beyond]
    shape = tuple(dim + add for dim, add in zip(weights.shape or (), more, strict=True))
    wide = edit.store(
        f"{operator.name}/{weights.name}_wide",
        weights.dtype,
        shape,
        ("wide", tuple(more), weights.key),
        partial(_widened, weights, more),
    )
    return replace(operator, inputs=(operator.inputs[0], wide, *operator.inputs[2:]))


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


def _turned(weights: Tensor, groups: int) -> Array:
    """Weights of (in, out, ...) as a convolution has them, each window back to front."""
    parts = [part.swapaxes(0, 1) for part in np.split(values_of(weights), groups)]
    value = np.concatenate(parts)
    return np.ascontiguousarray(np.flip(value, tuple(range(2, value.ndim))))


def _part(tensor: Tensor, index: int, shape: Shape) -> Array:
    """One of the equal parts of a constant along its first axis."""
    return np.asarray(values_of(tensor)[index * shape[0] : (index + 1) * shape[0]])


def _widened(weights: Tensor, more: list[int]) -> Array:
    """Weights with zeros at the end of each axis."""
    return np.pad(values_of(weights), [(0, amount) for amount in more])
