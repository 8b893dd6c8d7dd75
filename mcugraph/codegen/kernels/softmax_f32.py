"""Softmax of floats, and its logarithm.

Source: tensorflow/lite/kernels/internal/reference/softmax.h, log_softmax.h.
"""

from collections.abc import Mapping

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes
from mcugraph.codegen.kernels.floating import refused_floats
from mcugraph.ir import DType
from mcugraph.ops.normalization import Normalization
from mcugraph.tflm.kernels.needs import KernelNode


class SoftmaxF32(Kernel):
    """``mg_softmax_f32`` or ``mg_log_softmax_f32``.

    Args:
        function: Its name in C.
    """

    files = ("mg_softmax_f32",)
    computes = DType.FLOAT32

    def __init__(self, function: str) -> None:
        self._function = function

    def refusal(self, node: KernelNode) -> str | None:
        op, rank = attributes(node, Normalization), len(node.outputs[0].shape)
        if tuple(axis % max(rank, 1) for axis in op.axes) != (rank - 1,):
            return f"it goes along the axes {op.axes} of {rank}, not along the last one"
        return refused_floats(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op, result = attributes(node, Normalization), node.outputs[0]
        fields: dict[str, Field] = {
            "rows": result.elements // result.shape[-1],
            "depth": result.shape[-1],
            "beta": float(op.beta),
        }
        return KernelCall(self._function, Parameters("mg_softmax_f32_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return {0: 0}
