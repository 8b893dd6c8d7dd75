"""Convolution of floats.

Source: tensorflow/lite/kernels/internal/reference/conv.h.
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


class ConvF32(Kernel):
    """``mg_conv_f32``."""

    files = ("mg_conv_f32",)
    computes = DType.FLOAT32

    def refusal(self, node: KernelNode) -> str | None:
        return refused_floats(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op, weights = attributes(node, Conv), node.input(1)
        fields: dict[str, Field] = {
            **layer_tables(node),
            **image_fields(node, op, (node.input(0).shape, weights.shape)),
            "depth": weights.shape[3],
            "groups": op.groups,
            **bounds(op.activation),
        }
        return KernelCall("mg_conv_f32", Parameters("mg_conv_f32_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        op, data, weights = attributes(node, Conv), node.input(0), node.input(1)
        made, size = node.outputs[0].shape[3], element(data)
        around = lead_by_pixels(
            node, op, (data.shape, weights.shape), lambda pixel: pixel * made * size
        )
        # Each group reads channels of its own, for each of the channels that it makes.
        each, depth = made // op.groups * size, weights.shape[3] * size
        return {0: around + straight(op.groups, each, depth) + each - size}
