"""Functions of one operand of int8: all 256 results stand in a table.

Sources: tensorflow/lite/kernels/internal/reference/requantize.h, integer_ops/logistic.h;
tensorflow/lite/micro/kernels/quantize_common.cc, logistic_common.cc.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, scale, unlike, zero_point
from mcugraph.codegen.kernels.exponentials import logistic, shifted_right
from mcugraph.codegen.kernels.fixed_point import multiplier, scaled
from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import DType
from mcugraph.tflm.kernels.needs import KernelNode

_BEFORE = 4  # bits before the point of what a logistic function is of

# A stored value of the operand less its zero point -> the stored result, not clipped.
_Function = Callable[[int], int]


class LookupS8(Kernel):
    """``mg_lookup_s8``, for one function.

    Args:
        function: Operand, result, rounding -> what makes results.
    """

    files = ("mg_lookup_s8",)

    def __init__(self, function: Callable[[TfliteTensor, TfliteTensor, str], _Function]) -> None:
        self._function = function

    def refusal(self, node: KernelNode) -> str | None:
        wrong = unlike(node, DType.INT8, DType.INT8)
        if wrong is None:
            scale(node.input(0)), scale(node.outputs[0])
        return wrong

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        data, result = node.input(0), node.outputs[0]
        function, zero = self._function(data, result, rounding), zero_point(data)
        found = np.clip([function(i - zero) for i in range(-128, 128)], -128, 127)
        table = FlashTable(found.astype(np.int8), "table")
        fields: dict[str, Field] = {
            "table": table,
            "count": data.elements,
        }
        return KernelCall("mg_lookup_s8", Parameters("mg_lookup_s8_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return {0: 0}


def requantized(data: TfliteTensor, result: TfliteTensor, rounding: str) -> _Function:
    """The same number by another scale and zero point."""
    found, shift = multiplier(float(scale(data)) / float(scale(result)), rounding)
    return lambda x: scaled(x, found, shift, rounding) + zero_point(result)


def sigmoid(data: TfliteTensor, result: TfliteTensor, rounding: str) -> _Function:
    """The logistic function; results are quantised by 1/256 from -128 on, whatever is said."""
    found, shift = multiplier(float(scale(data)) * (1 << (31 - _BEFORE)), rounding)
    largest = ((1 << _BEFORE) - 1) * (1 << (31 - _BEFORE)) / (1 << shift)
    radius = math.floor(largest)

    def function(x: int) -> int:
        if abs(x) >= radius:
            return -128 if x < 0 else 127
        return shifted_right(logistic(scaled(x, found, shift, rounding), _BEFORE), 23) - 128

    return function
