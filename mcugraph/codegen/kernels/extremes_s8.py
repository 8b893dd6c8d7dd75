"""The larger or the smaller of two operands of int8, as they are stored.

Source: tensorflow/lite/micro/kernels/maximum_minimum.cc.
"""

from mcugraph.codegen.c_program import KernelCall, Parameters
from mcugraph.codegen.kernels.arithmetic_s8 import BinaryS8, operands
from mcugraph.tflm.kernels.needs import KernelNode


class ExtremesS8(BinaryS8):
    """``mg_maximum_s8`` and ``mg_minimum_s8``.

    Args:
        function: Which of them.
    """

    files = ("mg_extremes_s8",)

    def __init__(self, function: str) -> None:
        self._function = function

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        parameters = Parameters("mg_extremes_s8_params", operands(node))
        return KernelCall(self._function, parameters, (0, 1))
