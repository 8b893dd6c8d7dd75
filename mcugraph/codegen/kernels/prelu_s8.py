"""PReLU of int8: below zero, data are multiplied by slopes of their own.

Sources: tensorflow/lite/kernels/internal/reference/prelu.h,
tensorflow/lite/micro/kernels/prelu_common.cc.
"""

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.arithmetic import PairKernel, operands
from mcugraph.codegen.kernels.contract import scale, zero_point
from mcugraph.codegen.kernels.fixed_point import multiplier
from mcugraph.ir import DType
from mcugraph.tflm.kernels.needs import KernelNode


class PreluS8(PairKernel):
    """``mg_prelu_s8``."""

    files = ("mg_prelu_s8",)

    def __init__(self) -> None:
        super().__init__(DType.INT8)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        data, slopes, result = node.input(0), node.input(1), node.outputs[0]
        above = float(scale(data)) / float(scale(result))
        below = float(scale(data)) * float(scale(slopes)) / float(scale(result))
        fields: dict[str, Field] = {
            **operands(node),
            "first_zero": zero_point(data),
            "second_zero": zero_point(slopes),
            "output_zero": zero_point(result),
        }
        for name, factor in (("above", above), ("below", below)):
            fields[f"{name}_multiplier"], fields[f"{name}_shift"] = multiplier(factor)
        return KernelCall("mg_prelu_s8", Parameters("mg_prelu_s8_params", fields), (0, 1))
