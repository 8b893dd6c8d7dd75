"""Depthwise convolution of floats.

Source: tensorflow/lite/kernels/internal/reference/depthwiseconv_float.h.
"""

from collections.abc import Mapping

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes
from mcugraph.codegen.kernels.floating import bounds, layer_tables, refused_floats
from mcugraph.codegen.kernels.windows import image_fields, lead_by_pixels
from mcugraph.ir import DType
from mcugraph.ops.convolution import Conv
from mcugraph.tflm.kernels.access.raster import element, straight
from mcugraph.tflm.kernels.needs import KernelNode


class DepthwiseF32(Kernel):
    """``mg_depthwise_f32``."""

    files = ("mg_depthwise_f32",)
    computes = DType.FLOAT32

    def refusal(self, node: KernelNode) -> str | None:
        return refused_floats(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op = attributes(node, Conv)
        fields: dict[str, Field] = {
            **layer_tables(node),
            **image_fields(node, op, (node.input(0).shape, node.input(1).shape)),
            "each": _each(node),
            **bounds(op.activation),
        }
        return KernelCall("mg_depthwise_f32", Parameters("mg_depthwise_f32_params", fields), (0,))

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
