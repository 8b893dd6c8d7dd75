"""Biases that a converter adds, and those that quantisation takes apart."""

from collections.abc import Hashable
from functools import partial

from mcugraph.ir import Array, DType, Operator, Role
from mcugraph.late_numpy import np
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.records import replace
from mcugraph.rewrite.edit import Edit


def zero_biases(edit: Edit) -> None:
    """Convolutions without a bias with the zeros that converters give them.

    Layers that share their weights share the zeros. In a float file equal zeros are stored once,
    whatever the layer; here they are not, so that the size is a function of the widths.
    """
    for operator, op in edit.of(Conv, ConvTranspose):
        if not _lacks_bias(operator):
            continue
        result = edit.tensors[operator.outputs[0]].shape
        weights = edit.tensors[operator.inputs[1] or ""]
        if result is None or not weights.is_constant:
            continue
        count = result[op.channel_axis]
        dtype = weights.dtype if weights.dtype.is_float else DType.INT32
        zeros = edit.store(
            f"{operator.name}/zero_bias",
            dtype,
            (count,),
            ("zeros", weights.key),
            partial(_zeros, count, dtype),
        )
        edit.change(operator, inputs=(*operator.inputs[:2], zeros, *operator.inputs[3:]))


def _zeros(count: int, dtype: DType) -> Array:
    return np.zeros(count, dtype.numpy)


def _lacks_bias(operator: Operator) -> bool:
    return len(operator.inputs) < 3 or operator.inputs[2] is None


def biases_apart(edit: Edit) -> None:
    """Integer biases that several layers share, one for each scale that they need.

    A bias is quantised with the scales of the layer's data and weights, so only layers that share
    those too can share it.
    """
    owners: dict[Hashable, Hashable] = {}  # stored bytes -> the scales of the first who reads them
    users: dict[tuple[str, Hashable], str] = {}
    for operator in edit.operators():
        inputs = list(operator.inputs)
        for index, name in enumerate(operator.inputs):
            tensor = None if name is None else edit.tensors[name]
            if name is None or tensor is None or tensor.constant is None:
                continue
            if tensor.dtype is not DType.INT32 or operator.op.role(index) is not Role.BIAS:
                continue
            scales = tuple(n and edit.tensors[n].key for n in operator.inputs[:index])
            if owners.setdefault(tensor.constant.key, scales) == scales:
                continue
            if (name, scales) not in users:
                apart = replace(tensor.constant, key=(tensor.constant.key, scales))
                own = replace(tensor, name=f"{operator.name}/{name}", constant=apart)
                users[name, scales] = edit.add(own)
            inputs[index] = users[name, scales]
        if tuple(inputs) != operator.inputs:
            edit.change(operator, inputs=inputs)
