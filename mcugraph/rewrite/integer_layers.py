"""Layers of a quantised network as the kernels of TensorFlow Lite have them.

Weights are int8 around 0, biases int32 with the scale of the data times that of the weights; what
an ONNX file has in another form is brought into this one. Source: TensorFlow Lite's quantisation
specification.
"""

from functools import partial

import numpy as np

from mcugraph.errors import GraphError
from mcugraph.ir import Array, Constant, DType, Operator, Quantization, Tensor
from mcugraph.ops.base import Weighted
from mcugraph.ops.elementwise import Convert, Elementwise
from mcugraph.ops.linear import Dense
from mcugraph.records import replace
from mcugraph.rewrite.edit import Edit
from mcugraph.rewrite.float_regions import numbers_of
from mcugraph.rewrite.folding import foldable_layer, is_real, one_a_channel, values_of

_CLOSE = 1e-5  # relative; scales that differ by less are the same, computed otherwise


def drop_parameters(edit: Edit) -> None:
    """Conversions that read their data alone: their tensors know scales and zero points."""
    for operator, op in edit.of(Convert):
        if op.function != "cast":
            edit.change(operator, inputs=operator.inputs[:1])


def restore_floats(edit: Edit) -> None:
    """Constants that are stored as integers, as floats where an operator computes with floats."""
    made: dict[str, str] = {}
    for operator in edit.operators():
        if isinstance(operator.op, Convert) or not _computes_floats(edit, operator):
            continue
        inputs = list(operator.inputs)
        for index, name in enumerate(inputs):
            tensor = None if name is None else edit.tensors[name]
            if name is None or tensor is None or not tensor.is_constant or is_real(edit, name):
                continue
            if tensor.quantization is not None:
                if name not in made:
                    load, key = partial(numbers_of, tensor), ("floats", tensor.key)
                    shape = tensor.shape or ()
                    made[name] = edit.store(f"{name}/floats", DType.FLOAT32, shape, key, load)
                inputs[index] = made[name]
        edit.change(operator, inputs=inputs)


def _computes_floats(edit: Edit, operator: Operator) -> bool:
    return any(edit.tensors[name].dtype.is_float for name in operator.outputs)


def add_to_biases(edit: Edit) -> None:
    """Sums with constants as the bias of the integer layer before them, where nothing is rounded.

    That is where the result of the layer is not quantised before the constant is added.
    """
    for operator, op in edit.of(Elementwise):
        if op.function != "add" or op.activation is not None or len(operator.inputs) != 2:
            continue
        for data, term in (operator.inputs, operator.inputs[::-1]):
            layer = foldable_layer(edit, operator, data)
            if layer is None or term is None or not edit.constant((term,)):
                continue
            if _is_integer(edit, layer) and one_a_channel(edit, layer, term) and _free(layer):
                edit.absorb(layer, operator, inputs=(*layer.inputs[:2], term, *layer.inputs[3:]))
                break


def _free(layer: Operator) -> bool:
    return len(layer.inputs) < 3 or layer.inputs[2] is None


def _is_integer(edit: Edit, layer: Operator) -> bool:
    """Whether a layer multiplies quantised data of 8 bits by quantised constants."""
    return len(layer.inputs) > 1 and all(
        name is not None
        and edit.tensors[name].dtype is DType.INT8
        and edit.tensors[name].quantization is not None
        for name in layer.inputs[:2]
    )


def settle_layers(edit: Edit) -> None:
    """Integer layers with weights around 0, biases of int32 and no factors of their own.

    Raises:
        GraphError: A layer cannot be brought into this form; the message names it.
    """
    for operator in edit.operators():
        op = operator.op
        if not isinstance(op, Weighted):
            continue
        if not _is_integer(edit, operator) or not edit.constant(operator.inputs[1:3]):
            continue
        try:
            _settle(edit, operator, op)
        except GraphError as error:
            raise GraphError(f"{operator.native} ({operator.name}): {error}") from None


def _settle(edit: Edit, operator: Operator, op: Weighted) -> None:
    data, weights = (edit.tensors[name or ""] for name in operator.inputs[:2])
    product, beta = op.factors if isinstance(op, Dense) else (1.0, 1.0)
    by, given = weights.quantization, data.quantization
    assert by is not None
    assert given is not None
    _check_axis(by, op, weights)
    if product <= 0.0:
        raise GraphError(f"its factor alpha is {product}, and a scale has to be above 0")
    inputs = list(operator.inputs)
    if product != 1.0:
        by = by.times(product)
    if np.any(by.values()[1]):
        weights = _centred(weights)
        by = replace(by, load=partial(_without_zero_points, by))
    if by is not weights.quantization:
        inputs[1] = edit.add(replace(weights, quantization=by))
    if len(inputs) > 2 and inputs[2] is not None:
        inputs[2] = _bias(edit, operator, edit.tensors[inputs[2]], given, by, beta)
    settled = replace(op, factors=(1.0, 1.0)) if isinstance(op, Dense) else op
    edit.change(operator, settled, inputs)


def _check_axis(by: Quantization, op: Weighted, weights: Tensor) -> None:
    """Refuse scales that do not go along the channels that are made."""
    rank = len(weights.shape or ())
    if by.scales > 1 and (by.axis is None or by.axis % rank != op.weight_out % rank):
        raise GraphError(
            f"its weights have {by.scales} scales that are not one for each channel it makes; "
            "quantise them as a whole or by output channel"
        )


def _without_zero_points(by: Quantization) -> tuple[Array, Array]:
    return by.values()[0], np.zeros(0, np.int64)


def _centred(weights: Tensor) -> Tensor:
    """Weights less their zero points.

    Raises:
        GraphError: They do not fit into 8 bits.
    """
    by = weights.quantization
    assert by is not None
    values = by.centred(values_of(weights))
    limits = np.iinfo(np.int8)
    if values.size and (values.min() < limits.min or values.max() > limits.max):
        raise GraphError(
            "its weights have a zero point, and less that they do not fit into int8; quantise "
            "them symmetrically, as QInt8"
        )
    constant = Constant(("centred", weights.key), lambda: values.astype(np.int8))
    return replace(weights, constant=constant)


def _bias(
    edit: Edit, layer: Operator, bias: Tensor, data: Quantization, by: Quantization, factor: float
) -> str:
    """A bias as integers; its name.

    Raises:
        GraphError: It is no number a channel, or of another type.
    """
    assert isinstance(layer.op, Weighted)
    channels = (edit.tensors[layer.outputs[0]].shape or ())[layer.op.result_axis]
    if bias.elements not in (1, channels):
        raise GraphError(f"its bias {bias.shape} is not one number for each of {channels} channels")
    if bias.dtype is DType.INT32 and bias.quantization is None:
        return bias.name  # of the scale that kernels expect, as ONNX defines it
    if bias.quantization is None and not bias.dtype.is_float:
        raise GraphError(f"its bias is {bias.dtype.label}, which is not quantised")
    scales = data.values()[0].astype(np.float64) * by.values()[0].astype(np.float64)
    load = partial(_integers, bias, scales, factor, channels)
    key = ("bias", bias.key, factor, scales.tobytes())
    return edit.store(f"{layer.name}/{bias.name}", DType.INT32, (channels,), key, load)


def _integers(bias: Tensor, scales: Array, factor: float, channels: int) -> Array:
    """The integers of a bias: those that are stored, where they have the right scale."""
    known, values = bias.quantization, values_of(bias)
    if known is None:
        numbers = values.ravel().astype(np.float64) * factor / scales
    else:
        ratio = known.values()[0].astype(np.float64) * factor / scales
        exact = bool(np.all(np.abs(ratio - 1) < _CLOSE))
        numbers = known.centred(values).ravel() * (1.0 if exact else ratio)
    if not np.all(np.isfinite(numbers)):
        raise GraphError(f"bias {bias.name!r} holds numbers that are not finite")
    limits = np.iinfo(np.int32)
    found = np.clip(np.rint(numbers), limits.min, limits.max).astype(np.int32)
    return np.broadcast_to(found, (channels,))
