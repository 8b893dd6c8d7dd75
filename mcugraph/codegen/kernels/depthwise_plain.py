"""Depthwise convolution of floats or int16.

Source: tensorflow/lite/kernels/internal/reference/depthwiseconv_float.h.
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, KernelCall
from mcugraph.codegen.kernels.contract import attributes, constant
from mcugraph.codegen.kernels.layers import LayerKernel
from mcugraph.codegen.kernels.windows import image_fields, lead_by_pixels
from mcugraph.ops.convolution import Conv
from mcugraph.tflm.kernels.access.raster import element, straight
from mcugraph.tflm.kernels.needs import KernelNode


class DepthwisePlain(LayerKernel):
    """``mg_depthwise_f32``, ``mg_depthwise_w8`` and ``mg_depthwise_s16``."""

    family = "depthwise"
    channel_axis = 3

    def refusal(self, node: KernelNode) -> str | None:
        return self.refused_types(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op = attributes(node, Conv)
        sizes: dict[str, Field] = {
            **image_fields(node, op, (node.input(0).shape, node.input(1).shape)),
            "each": _each(node),
        }
        channels = np.moveaxis(constant(node.input(1)), 3, 0)
        parameters = self.parameters(node, sizes, op.activation, channels)
        return KernelCall(self.function, parameters, (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        op, data = attributes(node, Conv), node.input(0)
        made, size, each = node.outputs[0].shape[3], element(data), _each(node)
        around = lead_by_pixels(
            node, op, (data.shape, node.input(1).shape), lambda pixel: pixel * made * size
        )
        return {0: around + straight(data.shape[3], each * size, size) + (each - 1) * size}


def _each(node: KernelNode) -> int:
    """Output channels that are made of one input channel."""
    return node.outputs[0].shape[3] // node.input(0).shape[3]
