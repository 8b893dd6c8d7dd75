"""Average and maximum of windows of floats.

Source: tensorflow/lite/kernels/internal/reference/pooling.h.
"""

from collections.abc import Mapping

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes
from mcugraph.codegen.kernels.floating import bounds, refused_floats
from mcugraph.codegen.kernels.pool_s8 import refused_pool
from mcugraph.codegen.kernels.windows import image_fields, lead_by_pixels
from mcugraph.ir import DType
from mcugraph.ops.pooling import Pool
from mcugraph.tflm.kernels.needs import KernelNode

_FUNCTIONS = {"average": "mg_average_pool_f32", "max": "mg_max_pool_f32"}


class PoolF32(Kernel):
    """``mg_average_pool_f32`` and ``mg_max_pool_f32``."""

    files = ("mg_pool_f32",)
    computes = DType.FLOAT32

    def refusal(self, node: KernelNode) -> str | None:
        return refused_pool(node) or refused_floats(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op = attributes(node, Pool)
        fields: dict[str, Field] = {
            **image_fields(node, op, (node.input(0).shape,)),
            **bounds(op.activation),
        }
        return KernelCall(_FUNCTIONS[op.function], Parameters("mg_pool_f32_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        op, pixel = attributes(node, Pool), node.outputs[0].shape[3] * 4
        return {0: lead_by_pixels(node, op, (node.input(0).shape,), lambda place: place * pixel)}
