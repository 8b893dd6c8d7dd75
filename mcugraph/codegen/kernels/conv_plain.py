"""Convolution of floats or int16.

Source: tensorflow/lite/kernels/internal/reference/conv.h.
"""

from collections.abc import Mapping

from mcugraph.codegen.c_program import Field, KernelCall
from mcugraph.codegen.kernels.contract import attributes, constant
from mcugraph.codegen.kernels.layers import LayerKernel
from mcugraph.codegen.kernels.windows import image_fields, lead_by_pixels
from mcugraph.ops.convolution import Conv
from mcugraph.tflm.kernels.access.raster import element, straight
from mcugraph.tflm.kernels.needs import KernelNode


class ConvPlain(LayerKernel):
    """``mg_conv_f32``, ``mg_conv_w8`` and ``mg_conv_s16``."""

    family = "conv"
    narrow = True

    def refusal(self, node: KernelNode) -> str | None:
        return self.refused_types(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op, weights = attributes(node, Conv), node.input(1)
        sizes: dict[str, Field] = {
            **image_fields(node, op, (node.input(0).shape, weights.shape)),
            "depth": weights.shape[3],
            "groups": op.groups,
        }
        parameters = self.parameters(node, sizes, op.activation, constant(weights))
        return KernelCall(self.function, parameters, (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        op, data, weights = attributes(node, Conv), node.input(0), node.input(1)
        made, size = node.outputs[0].shape[3], element(data)
        around = lead_by_pixels(
            node, op, (data.shape, weights.shape), lambda pixel: pixel * made * size
        )
        # Each group reads channels of its own, for each of the channels that it makes.
        each, depth = made // op.groups * size, weights.shape[3] * size
        return {0: around + straight(op.groups, each, depth) + each - size}
