"""Depthwise convolution of int8 by weights of int8, quantised as a whole or by channel.

Sources: tensorflow/lite/kernels/internal/reference/integer_ops/depthwise_conv.h,
tensorflow/lite/micro/kernels/depthwise_conv_common.cc.
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes, constant
from mcugraph.codegen.kernels.conv_s8 import (
    ConvS8,
    is_narrow,
    refused_weights,
    scaled_channels,
    stored_range,
)
from mcugraph.codegen.kernels.windows import image_fields, lead_by_pixels
from mcugraph.ir import DType
from mcugraph.ops.convolution import Conv
from mcugraph.records import replace
from mcugraph.tflm.kernels.access.raster import straight
from mcugraph.tflm.kernels.needs import KernelNode


class OneChannelS8(ConvS8):
    """``mg_conv_s8`` for what is made of one channel, which is a plain convolution."""

    def refusal(self, node: KernelNode) -> str | None:
        channels = node.input(0).shape[-1]
        return f"its data has {channels} channels" if channels != 1 else super().refusal(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        return super().call(_as_plain(node), rounding)

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return super().leads(_as_plain(node))

    def scratch(self, node: KernelNode) -> int:
        return super().scratch(_as_plain(node))


def _as_plain(node: KernelNode) -> KernelNode:
    """The convolution that it is: weights by output channel, whose scales then lie along axis 0."""
    op, data, weights = attributes(node, Conv), node.input(0), node.input(1)
    by_channel = np.ascontiguousarray(np.moveaxis(constant(weights), 3, 0))
    turned = replace(
        weights,
        shape=(*by_channel.shape[:1], *by_channel.shape[2:], 1),
        data=memoryview(by_channel.tobytes()),
        dtype=DType.INT8,
        axis=0,
    )
    plain = replace(op, depthwise=False, groups=1, weight_out=0, weight_in=-1)
    return replace(node, op=plain, inputs=(data, turned, *node.inputs[2:]))


class DepthwiseS8(Kernel):
    """``mg_depthwise_s8``."""

    files = ("mg_depthwise_s8",)
    headers = ("mg_dsp",)
    computes = DType.INT8

    def refusal(self, node: KernelNode) -> str | None:
        return refused_weights(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op, weights = attributes(node, Conv), node.input(1)
        fields = image_fields(node, op, (node.input(0).shape, weights.shape))
        stored = constant(weights)
        # Padding is left out, so the zero point is taken off the inputs and not off the sums.
        scaled = scaled_channels(node, np.zeros(weights.shape[3], np.int64), rounding)
        by_channel = np.moveaxis(stored, 3, 0).reshape(weights.shape[3], -1)
        parameters: dict[str, Field] = {
            "weights": FlashTable(stored, "weights"),
            **scaled,
            **fields,
            "each": fields["output_channels"] // fields["input_channels"],
            "narrow": int(is_narrow(scaled, by_channel, rounding)),
            **stored_range(node, op.activation),
        }
        return KernelCall("mg_depthwise_s8", Parameters("mg_depthwise_s8_params", parameters), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        op, made = attributes(node, Conv), node.outputs[0].shape[3]
        shapes = (node.input(0).shape, node.input(1).shape)
        channels = node.input(0).shape[3]
        each = made // channels
        around = lead_by_pixels(node, op, shapes, lambda pixel: pixel * made)
        return {0: around + straight(channels, each, 1) + each - 1}
