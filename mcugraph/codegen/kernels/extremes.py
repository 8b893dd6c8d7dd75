"""The larger or the smaller of two integers, as they are stored.

Source: tensorflow/lite/micro/kernels/maximum_minimum.cc.
"""

from mcugraph.codegen.c_program import KernelCall, Parameters
from mcugraph.codegen.kernels.arithmetic import PairKernel, operands
from mcugraph.codegen.kernels.contract import SUFFIXES
from mcugraph.ir import DType
from mcugraph.tflm.kernels.needs import KernelNode


class Extremes(PairKernel):
    """``mg_maximum_s8`` and ``mg_minimum_s8``, and those of int16.

    Args:
        function: Which of them, without the type.
        element: The type of operands and result.
    """

    files = ("mg_extremes",)
    headers = ("mg_extremes_any", "mg_integers", "mg_pairs")

    def __init__(self, function: str, element: DType) -> None:
        super().__init__(element)
        self._function = f"{function}_{SUFFIXES[element]}"

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        return KernelCall(self._function, Parameters("mg_extremes_params", operands(node)), (0, 1))
