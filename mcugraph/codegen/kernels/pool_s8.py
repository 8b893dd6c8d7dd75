"""Average and maximum of windows of int8.

Source: tensorflow/lite/kernels/internal/reference/integer_ops/pooling.h.
"""

from collections.abc import Mapping

from mcugraph.codegen.c_program import KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes, unlike
from mcugraph.codegen.kernels.fixed_point import activation_range
from mcugraph.codegen.kernels.windows import image_fields, lead_by_pixels
from mcugraph.ir import DType
from mcugraph.ops.pooling import Pool
from mcugraph.tflm.kernels.needs import KernelNode

_FUNCTIONS = {"average": "mg_average_pool_s8", "max": "mg_max_pool_s8"}


class PoolS8(Kernel):
    """``mg_average_pool_s8`` and ``mg_max_pool_s8``."""

    files = ("mg_pool_s8",)
    computes = DType.INT8

    def refusal(self, node: KernelNode) -> str | None:
        return refused_pool(node) or unlike(node, DType.INT8, DType.INT8)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op = attributes(node, Pool)
        least, largest = activation_range(node.outputs[0], op.activation)
        fields = image_fields(node, op, (node.input(0).shape,))
        parameters = {**fields, "least": least, "largest": largest}
        return KernelCall(
            _FUNCTIONS[op.function], Parameters("mg_pool_s8_params", parameters), (0,)
        )

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        op, channels = attributes(node, Pool), node.outputs[0].shape[3]
        shapes = (node.input(0).shape,)
        return {0: lead_by_pixels(node, op, shapes, lambda pixel: pixel * channels)}


def refused_pool(node: KernelNode) -> str | None:
    """A refusal where pools are of a kind that TFLite does not have; None: they are not."""
    op = attributes(node, Pool)
    if op.function not in _FUNCTIONS or op.divisor or op.counts_padding:
        return f"pools of the kind {op} are not known"
    return None
