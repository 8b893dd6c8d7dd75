"""Normalisations by the mean and the spread of the data as what TFLM runs of them."""

from collections.abc import Sequence
from functools import partial

from mcugraph.ir import Array, Op, Operator, Shape, Tensor
from mcugraph.late_numpy import np
from mcugraph.ops.base import broadcast
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.movement import Reshape
from mcugraph.ops.normalization import Normalization
from mcugraph.ops.reduction import Reduce
from mcugraph.records import replace
from mcugraph.rewrite.edit import Edit
from mcugraph.rewrite.folding import values_of
from mcugraph.rewrite.norm_recipe import BY_CHANNEL, CENTRED, NORMS, Together, in_groups, normalize


def split_norms(edit: Edit) -> None:
    """Group, instance, layer and RMS norms as MEAN, SUB, MUL, RSQRT and ADD, by their recipe."""
    for operator, op in edit.of(Normalization):
        data = operator.inputs[0] if operator.inputs else None
        if op.function not in NORMS or op.statistics or data is None or len(operator.inputs) > 3:
            continue
        tensor, constants = edit.tensors[data], (*operator.inputs[1:], None, None)[:2]
        if not tensor.shape or not tensor.dtype.is_float or not edit.constant(constants):
            continue
        if op.function == "group_norm":
            together = in_groups(tensor.shape, op.groups, 1)
        else:
            together = Together(tuple(sorted(axis % len(tensor.shape) for axis in op.axes)))
        steps = _WrittenNorm(edit, operator, together)
        scale, shift = (
            _by_channel(edit, name, tensor.shape) if name and op.function in BY_CHANNEL else name
            for name in constants
        )
        normalize(steps, data, op.function in CENTRED, op.epsilon, scale, shift)
        steps.finish()


def join_group_norms(edit: Edit) -> None:
    """Group norms out of an instance norm of reshaped data, as exporters to ONNX write them."""
    for operator, _ in edit.of(Reshape):
        norm = edit.only_source(operator, operator.inputs[0])
        if norm is None or not isinstance(norm.op, Normalization):
            continue
        apart = edit.only_source(norm, norm.inputs[0])
        if norm.op.function != "instance_norm" or len(norm.inputs) != 1 or apart is None:
            continue
        data, parts = apart.inputs[0], edit.tensors[apart.outputs[0]].shape
        shape = None if data is None else edit.tensors[data].shape
        if not isinstance(apart.op, Reshape) or not shape or not parts or len(parts) != 3:
            continue
        if shape != edit.tensors[operator.outputs[0]].shape or parts[0] != shape[0]:
            continue
        if len(shape) < 2 or shape[1] % parts[1]:
            continue
        axes = tuple(range(2, len(shape)))
        op = Normalization("group_norm", axes, groups=parts[1], epsilon=norm.op.epsilon)
        edit.absorb(norm, operator, op, (data,))
        edit.remove(apart, norm)
        scaled = _without_neutral(edit, operator.outputs[0], "mul", 1.0)
        _without_neutral(edit, scaled, "add", 0.0)


def _without_neutral(edit: Edit, result: str, function: str, neutral: float) -> str:
    """Absorb what follows a norm and changes nothing, as exporters write it for want of numbers.

    Parameters, which are one a channel, stay, whatever their values.

    Returns:
        The name of the norm's result.
    """
    norm, reader = edit.producer(result), edit.only_reader(result)
    if norm is None or reader is None or not isinstance(reader.op, Elementwise):
        return result
    operands = [name for name in reader.inputs if name != result]
    if reader.op != Elementwise(function) or len(operands) != 1 or not edit.constant(operands):
        return result
    number, made = edit.tensors[operands[0] or ""], edit.tensors[reader.outputs[0]]
    if number.elements != 1 or made.shape != edit.tensors[result].shape:
        return result
    if float(values_of(number).item()) != neutral:
        return result
    edit.absorb(norm, reader)
    return made.name


class _WrittenNorm:
    """The operators that do the work of one norm, as they are written down."""

    def __init__(self, edit: Edit, operator: Operator, together: Together) -> None:
        self._edit, self._operator, self._together = edit, operator, together
        self._parts: list[Operator] = []

    def add(self, function: str, *inputs: str) -> str:
        shape = broadcast([self._shape(name) for name in inputs])
        return self._step(function, Elementwise(function), inputs, shape)

    def mean(self, data: str) -> str:
        axes, shape = self._together.axes, self._shape(data)
        kept = tuple(1 if axis in axes else dim for axis, dim in enumerate(shape))
        return self._step("mean", Reduce("mean", axes, True, averages=True), (data,), kept)

    def above(self, data: str, epsilon: float) -> str:
        dtype = self._edit.tensors[data].dtype
        return self.add(
            "add", data, self._edit.number(f"{self._operator.name}/epsilon", epsilon, dtype)
        )

    def reshape(self, data: str, apart: bool) -> str:
        if self._together.parts is None:
            return data
        shape = self._together.parts if apart else self._shape(self._operator.outputs[0])
        return self._step("parts" if apart else "whole", Reshape(shape), (data,), shape)

    def finish(self) -> None:
        """Put the operators where the one was; the last has its name and its result."""
        *before, last = self._parts
        own = replace(self._operator, op=last.op, inputs=last.inputs)
        self._edit.expand(self._operator, [*before, own])

    def _shape(self, name: str) -> Shape:
        shape = self._edit.tensors[name].shape
        assert shape is not None
        return shape

    def _step(self, name: str, op: Op, inputs: Sequence[str], shape: Shape) -> str:
        self._parts.append(self._edit.step(self._operator, name, op, inputs, shape))
        return self._parts[-1].outputs[0]


def _by_channel(edit: Edit, name: str, data: Shape) -> str:
    """A constant of one number a channel, or a group of channels, as it meets the data."""
    tensor = edit.tensors[name]
    shape = (data[1], *(1 for _ in data[2:]))
    if shape == tensor.shape:
        return name
    key, load = ("by channel", shape, tensor.key), partial(_repeated, tensor, shape)
    return edit.store(f"{name}/by_channel", tensor.dtype, shape, key, load)


def _repeated(tensor: Tensor, shape: Shape) -> Array:
    return np.repeat(values_of(tensor), shape[0] // tensor.elements).reshape(shape)
