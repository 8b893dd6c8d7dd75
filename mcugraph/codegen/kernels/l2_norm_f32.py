"""Rows of floats by their length.

Source: tensorflow/lite/kernels/internal/reference/l2normalization.h.
"""

from collections.abc import Mapping

from mcugraph.codegen.c_program import KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel
from mcugraph.codegen.kernels.floating import refused_floats
from mcugraph.ir import DType
from mcugraph.tflm.kernels.needs import KernelNode


class L2NormF32(Kernel):
    """``mg_l2_norm_f32``."""

    files = ("mg_l2_norm_f32",)
    computes = DType.FLOAT32

    def refusal(self, node: KernelNode) -> str | None:
        return refused_floats(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        data = node.input(0)
        depth = data.shape[-1]
        fields = {"rows": data.elements // depth, "depth": depth}
        return KernelCall("mg_l2_norm_f32", Parameters("mg_l2_norm_f32_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return {0: 0}
