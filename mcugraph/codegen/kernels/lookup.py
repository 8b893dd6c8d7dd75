"""Functions of one operand of 8 bits: all 256 results stand in a table.

Sources: tensorflow/lite/kernels/internal/reference/requantize.h, integer_ops/logistic.h;
tensorflow/lite/micro/kernels/quantize_common.cc, logistic_common.cc.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, dtypes, scale, unlike, zero_point
from mcugraph.codegen.kernels.exponentials import logistic, shifted_right
from mcugraph.codegen.kernels.fixed_point import multiplier, scaled
from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import DType
from mcugraph.tflm.kernels.needs import KernelNode

_BEFORE = 4  # bits before the point of what a logistic function is of

# A stored value of the operand less its zero point -> the stored result, not clipped.
_Function = Callable[[int], int]
_Maker = Callable[[TfliteTensor, TfliteTensor, str], _Function]


class LookupBytes(Kernel):
    """``mg_lookup``, for one function.

    Args:
        function: Operand, result, rounding -> what makes results.
        unsigned: It is one of uint8 as well.
    """

    files = ("mg_lookup",)

    def __init__(
        self,
        function: Callable[[TfliteTensor, TfliteTensor, str], _Function],
        unsigned: bool = False,
    ) -> None:
        self._function, self._unsigned = function, unsigned

    def refusal(self, node: KernelNode) -> str | None:
        scale(node.input(0)), scale(node.outputs[0])
        known = {DType.INT8, DType.UINT8} if self._unsigned else {DType.INT8}
        if known.issuperset(dtypes(node)):
            return None
        return unlike(node, DType.INT8, DType.INT8)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        data, result = node.input(0), node.outputs[0]
        function, zero = self._function(data, result, rounding), zero_point(data)
        operands = np.arange(256, dtype=np.uint8).view(data.dtype.label).tolist()
        limits = np.iinfo(result.dtype.label)
        found = np.clip([function(x - zero) for x in operands], limits.min, limits.max)
        table = FlashTable(found.astype(result.dtype.label).view(np.uint8), "table")
        fields: dict[str, Field] = {
            "table": table,
            "count": data.elements,
        }
        return KernelCall("mg_lookup", Parameters("mg_lookup_params", fields), (0,))

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
