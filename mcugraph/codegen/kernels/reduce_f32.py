"""Sums, means and extremes of floats along axes that lie side by side.

Source: tensorflow/lite/kernels/internal/reference/reduce.h.
"""

from collections.abc import Mapping

from mcugraph.codegen.c_program import KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel
from mcugraph.codegen.kernels.floating import refused_floats
from mcugraph.codegen.kernels.mean import sides
from mcugraph.ir import DType
from mcugraph.tflm.kernels.access.raster import straight
from mcugraph.tflm.kernels.needs import KernelNode


class ReduceF32(Kernel):
    """``mg_mean_f32``, ``mg_reduce_max_f32`` and others, each for one operator.

    Args:
        function: Its name in C.
    """

    files = ("mg_reduce_f32",)
    computes = DType.FLOAT32

    def __init__(self, function: str) -> None:
        self._function = function

    def refusal(self, node: KernelNode) -> str | None:
        sides(node)
        return refused_floats(node, 1)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        outer, reduced, inner = sides(node)
        fields = {"outer": outer, "reduced": reduced, "inner": inner}
        return KernelCall(self._function, Parameters("mg_reduce_f32_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        outer, reduced, inner = sides(node)
        return {0: straight(outer, inner, reduced * inner)}
