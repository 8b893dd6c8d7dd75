"""Convolution of int8 by weights of int8, quantised as a whole or by channel.

Sources: tensorflow/lite/kernels/internal/reference/integer_ops/conv.h,
tensorflow/lite/micro/kernels/conv_common.cc.
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import (
    DOUBLE,
    SINGLE,
    Kernel,
    attributes,
    constant,
    scale,
    scales,
    unlike,
    zero_point,
)
from mcugraph.codegen.kernels.fixed_point import activation_range, multipliers, product_factor
from mcugraph.codegen.kernels.layers import refused_terms
from mcugraph.codegen.kernels.windows import image_fields, lead_of_gathered
from mcugraph.ir import Array, DType
from mcugraph.ops.convolution import Conv
from mcugraph.storage import DenseRows
from mcugraph.tflm.kernels.needs import KernelNode

_PIXELS = 2  # MG_CONV_S8_PIXELS


class ConvS8(Kernel):
    """``mg_conv_s8``.

    Attributes:
        form: How it stores weights.
    """

    form = DenseRows(4)
    files: tuple[str, ...] = ("mg_conv_s8",)
    headers: tuple[str, ...] = ("mg_dsp",)
    computes = DType.INT8

    def refusal(self, node: KernelNode) -> str | None:
        return refused_weights(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op, weights = attributes(node, Conv), node.input(1)
        sizes = image_fields(node, op, (node.input(0).shape, weights.shape))
        stored = constant(weights).reshape(weights.shape[0], -1)
        totals = stored.sum(1, dtype=np.int64)
        scaled = scaled_channels(node, totals, rounding)
        fields: dict[str, Field] = {
            "weights": FlashTable(self.form.encode(stored).tables["weights"], "weights"),
            **scaled,
            **sizes,
            "depth": weights.shape[3],
            "groups": op.groups,
            "narrow": int(is_narrow(scaled, stored, rounding)),
            **stored_range(node, op.activation),
        }
        return KernelCall("mg_conv_s8", Parameters("mg_conv_s8_params", fields), (0,), scratch=True)

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return {0: lead_of_gathered(node, attributes(node, Conv), _PIXELS)}

    def scratch(self, node: KernelNode) -> int:
        _, height, width, depth = node.input(1).shape
        return _PIXELS * 2 * (-(-height * width * depth // 4) * 4)


def is_narrow(scaled: Mapping[str, FlashTable], weights: Array, rounding: str) -> bool:
    """Whether ``mg_scale_narrow`` of the runtime does for all that sums can be.

    Args:
        scaled: What ``scaled_channels`` says.
        weights: By output channel.
        rounding: How results are scaled.
    """
    bias = np.abs(scaled["bias"].values.astype(np.int64))
    # Inputs less their zero point are below 256.
    largest = bias + 256 * np.abs(weights.astype(np.int64)).sum(1)
    shifts = scaled["shifts"].values
    return bool(
        rounding == DOUBLE
        and largest.max(initial=0) < 1 << 30
        and shifts.max(initial=-1) <= -1
        and shifts.min(initial=-1) >= -22
    )


def refused_weights(node: KernelNode) -> str | None:
    """Why a kernel of int8 cannot take the types of a layer, its weights, or its bias."""
    bias = None if node.optional(2) is None else DType.INT32
    halves = node.input(1).dtype is DType.INT4  # which are stored as int8
    weights = DType.INT4 if halves else DType.INT8
    wrong = unlike(node, DType.INT8, weights, bias, DType.INT8)
    if wrong is not None:
        return wrong
    if zero_point(node.input(1)) != 0:
        return f"its weights have the zero point {zero_point(node.input(1))}"
    return refused_terms(node)


def scaled_channels(node: KernelNode, totals: Array, rounding: str) -> dict[str, FlashTable]:
    """Bias, multipliers and shifts by channel of a convolution: data, weights, bias.

    Args:
        node: The operator.
        totals: The sum of the weights of each output channel.
        rounding: How results are scaled.
    """
    found, shifts = multipliers(output_factors(node, len(totals), rounding))
    return {
        "bias": FlashTable(shifted_bias(node, totals), "bias"),
        "multipliers": FlashTable(found, "multipliers"),
        "shifts": FlashTable(shifts, "shifts"),
    }


def output_factors(node: KernelNode, channels: int, rounding: str) -> Array:
    """What the sums of each output channel are multiplied by."""
    data, weights, result = node.input(0), node.input(1), node.outputs[0]
    by_channel = np.broadcast_to(scales(weights), (channels,))
    return product_factor(scale(data), by_channel, scale(result), rounding == SINGLE, np.float64)


def shifted_bias(node: KernelNode, totals: Array) -> Array:
    """The bias of each channel less the input's zero point times the sum of its weights.

    With it, inputs are multiplied as they are stored; on padding lies the zero point. Sums wrap
    around at 32 bits, as those of the kernel do.
    """
    bias = node.optional(2)
    given = np.zeros(len(totals), np.int64) if bias is None else constant(bias).astype(np.int64)
    return np.asarray(given.reshape(-1) - zero_point(node.input(0)) * totals).astype(np.int32)


def stored_range(node: KernelNode, activation: str | None) -> dict[str, int]:
    """Zero points of input and output, and what the activation lets through."""
    least, largest = activation_range(node.outputs[0], activation)
    return {
        "input_zero": zero_point(node.input(0)),
        "output_zero": zero_point(node.outputs[0]),
        "least": least,
        "largest": largest,
    }
