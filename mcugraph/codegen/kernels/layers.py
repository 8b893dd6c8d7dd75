"""What plain layers share: those whose products are added one by one, of floats or of int16.

Sources: tensorflow/lite/kernels/internal/reference/integer_ops/conv.h, depthwise_conv.h,
transpose_conv.h, fully_connected.h (those of int16 data and int8 weights),
tensorflow/lite/kernels/internal/common.cc (MultiplyByQuantizedMultiplier).
"""

from typing import ClassVar

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, Parameters
from mcugraph.codegen.kernels.contract import (
    SUFFIXES,
    Kernel,
    attributes,
    constant,
    scale,
    scales,
    unlike,
    zero_point,
)
from mcugraph.codegen.kernels.fixed_point import activation_range, multipliers, product_factor
from mcugraph.codegen.kernels.floating import bounds, layer_tables, refused_floats
from mcugraph.errors import GraphError
from mcugraph.ir import Array, DType
from mcugraph.ops.linear import Dense
from mcugraph.tflm.kernels.needs import KernelNode

SMALL = "w8"  # what names of layers of floats with weights of 8 bits end in
_LARGEST = 1 << 15  # magnitude of data
_MOST = 1 << 47  # of a sum that is scaled at once
_MOST_SHIFT = 14


def refused_terms(node: KernelNode) -> str | None:
    """A refusal of what is added to the products of data and weights, where that is no bias.

    Args:
        node: Data, weights and bias in this order.
    """
    if any(term is not None for term in node.inputs[3:]):
        return "it adds more than a bias"
    bias, channels = node.optional(2), node.outputs[0].shape[-1]
    if bias is not None and bias.elements != channels:
        return f"its bias {bias.shape} is not one number for each of {channels} channels"
    return None


def refused_layer(node: KernelNode) -> str | None:
    """A refusal of a fully connected layer that is not rows of data times weights."""
    data, weights, op = node.input(0), node.input(1), attributes(node, Dense)
    if op.transposed:
        return "its data is transposed (transA), which a Transpose before it would do"
    if op.factors != (1.0, 1.0):
        return "what it multiplies or adds has a factor, and is no constant"
    if len(weights.shape) != 2 or data.elements % weights.shape[1]:
        return f"weights {weights.shape} do not read data {data.shape}"
    return None


class LayerKernel(Kernel):
    """A plain layer of one type of elements.

    Args:
        computes: ``FLOAT32``, or ``INT16`` with weights of int8.
        small: Weights of floats are stored in 8 bits, or come in 4.

    Attributes:
        family: What its functions are called, without ``mg_`` and the type.
        narrow: Biases of int16 layers may be of int32, which are scaled in another way.
        function: Its name in C.
    """

    family: ClassVar[str]
    narrow: ClassVar[bool] = False
    channel_axis: ClassVar[int] = 0  # of the weights, by which they may have scales
    computes: DType

    def __init__(self, computes: DType, small: bool = False) -> None:
        suffix = SMALL if small else SUFFIXES[computes]
        self.computes, self._small = computes, small
        self.function = f"mg_{self.family}_{suffix}"
        self.files = (self.function,)
        ending = ("mg_ending_s16",) if computes is DType.INT16 else ()
        self.headers = (f"mg_{self.family}_any", f"mg_layer_{suffix}", *ending)

    def refused_types(self, node: KernelNode) -> str | None:
        """A refusal of what data, weights, bias and result are of, in this order."""
        if self._small:
            return self._refused_small(node) or refused_terms(node)
        if self.computes is DType.FLOAT32:
            return refused_floats(node) or refused_terms(node)
        bias = node.optional(2)
        kind = None if bias is None else bias.dtype
        wide = kind in (None, DType.INT64) or (self.narrow and kind is DType.INT32)
        expected = kind if wide else DType.INT64
        wrong = unlike(node, DType.INT16, DType.INT8, expected, DType.INT16)
        if wrong is not None:
            return wrong
        if any(map(zero_point, (node.input(0), node.input(1), node.outputs[0]))):
            return "its data, weights or result have a zero point"
        return refused_terms(node)

    def _refused_small(self, node: KernelNode) -> str | None:
        weights = node.input(1)
        if weights.dtype not in (DType.INT8, DType.INT4):
            return unlike(node, DType.FLOAT32, DType.INT8, DType.FLOAT32, DType.FLOAT32)
        refused = refused_floats(node, 1)
        if refused is not None:
            return refused
        zeros, found = weights.zero_point_values, scales(weights)
        if zeros is not None and zeros.any():
            return "its weights have a zero point"
        if len(found) > 1 and weights.axis % len(weights.shape) != self.channel_axis:
            return "its weights have scales that are not one for each channel it makes"
        return None

    def parameters(
        self, node: KernelNode, sizes: dict[str, Field], activation: str | None, channels: Array
    ) -> Parameters:
        """What it is called with.

        Args:
            node: Data, weights and bias in this order.
            sizes: What the struct says of the geometry.
            activation: What is fused.
            channels: The weights by output channel.

        Raises:
            GraphError: Sums may have more bits than the kernel knows.
        """
        fields: dict[str, Field]
        if self._small:
            each = np.broadcast_to(scales(node.input(1)), (len(channels),))
            known = {"scales": FlashTable(each, "scales")}
            fields = {**layer_tables(node), **known, **sizes, **bounds(activation)}
        elif self.computes is DType.FLOAT32:
            fields = {**layer_tables(node), **sizes, **bounds(activation)}
        else:
            weights = FlashTable(constant(node.input(1)), "weights")
            fields = {"weights": weights, **sizes, "ending": _ending(node, activation, channels)}
        return Parameters(f"{self.function}_params", fields)


def _ending(node: KernelNode, activation: str | None, channels: Array) -> Parameters:
    """How sums of int16 layers become results."""
    bias, narrow = _bias(node, len(channels))
    most = np.abs(channels.reshape(len(channels), -1).astype(np.int64)).sum(1) * _LARGEST
    if not narrow and (np.abs(bias.astype(object)) + most).max() >= _MOST:
        raise GraphError("its sums may need more than 48 bits")
    found, shifts = multipliers(_factors(node, len(channels)))
    if not narrow:
        found = np.array([as_wide(int(m), int(by))[0] for m, by in zip(found, shifts, strict=True)])
    least, largest = activation_range(node.outputs[0], activation)
    return Parameters(
        "mg_ending_s16",
        {
            "bias": FlashTable(bias, "bias"),
            "multipliers": FlashTable(found.astype(np.int32), "multipliers"),
            "shifts": FlashTable(shifts, "shifts"),
            "per_channel": int(len(found) > 1),
            "narrow": int(narrow),
            "least": least,
            "largest": largest,
        },
    )


def as_wide(multiplier: int, shift: int) -> tuple[int, int]:
    """A multiplier of 31 bits as ``mg_scale_wide`` takes it: of 15.

    Raises:
        GraphError: It is too large.
    """
    if shift > _MOST_SHIFT:
        raise GraphError("its sums are multiplied by too much")
    return min((multiplier + (1 << 15)) >> 16, (1 << 15) - 1), shift


def _bias(node: KernelNode, channels: int) -> tuple[Array, bool]:
    """By channel; and whether sums have 32 bits."""
    bias = node.optional(2)
    if bias is None:
        return np.zeros(channels, np.int64), False
    return constant(bias).astype(np.int64).reshape(-1), bias.dtype is DType.INT32


def _factors(node: KernelNode, channels: int) -> Array:
    """What sums are multiplied by: of a dense layer of one scale, by products of single floats."""
    found = scales(node.input(1))
    dense = len(node.input(1).shape) == 2
    product = np.float32 if dense and len(found) == 1 else np.float64
    spread = found if dense else np.broadcast_to(found, (channels,))
    return product_factor(scale(node.input(0)), spread, scale(node.outputs[0]), False, product)
