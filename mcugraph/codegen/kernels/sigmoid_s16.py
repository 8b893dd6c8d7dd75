"""Logistic function and hyperbolic tangent of int16, by a table of sigmoids with lines between.

Sources: tensorflow/lite/kernels/internal/reference/integer_ops/logistic.h, tanh.h,
tensorflow/lite/micro/kernels/logistic_common.cc, tanh.cc.
"""

import math
from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, scale, unlike, zero_point
from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import Array, DType
from mcugraph.tflm.kernels.needs import KernelNode

_STEPS = 24  # entries of the table of sigmoids from 0 to 1
_FRACTION = 12  # bits behind the point of what the table is asked for
_MOST = (1 << 15) - 1  # of a multiplier


class SigmoidS16(Kernel):
    """``mg_logistic_s16`` or ``mg_tanh_s16``.

    Args:
        function: Its name in C.
        left: Bits that an operand with a power of two as its scale is shifted by, at most.
    """

    files = ("mg_sigmoid_s16",)
    headers = ("mg_sigmoid_table",)
    computes = DType.INT16

    def __init__(self, function: str, left: int) -> None:
        self._function, self._left = function, left

    def refusal(self, node: KernelNode) -> str | None:
        data, result = node.input(0), node.outputs[0]
        wrong = unlike(node, DType.INT16, DType.INT16)
        if wrong is not None:
            return wrong
        if zero_point(data) or zero_point(result) or _power_of_two(result) != -15:
            return "its operand has a zero point, or its result is not quantised by 1/32768"
        if self._factor(data)[0] > _MOST:
            return f"its operand has the scale {scale(data):g}, which is too large"
        return None

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        data = node.input(0)
        found, right = self._factor(data)
        fields: dict[str, Field] = {
            "table": FlashTable(sigmoids(), "sigmoid"),
            "count": data.elements,
            "multiplier": found,
            "right": right,
        }
        return KernelCall(self._function, Parameters("mg_sigmoid_s16_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return {0: 0}

    def _factor(self, data: TfliteTensor) -> tuple[int, int]:
        """What brings an operand to three times 12 bits behind the point: factor, bits down."""
        power = _power_of_two(data)
        if power is not None and 0 <= power + _FRACTION <= self._left:
            return 3 << (power + _FRACTION), 0
        factor, right = float(scale(data)) * 3 * (1 << _FRACTION), 0
        while factor <= _MOST / 2 and right <= 30:
            factor, right = factor * 2, right + 1
        return int(factor), right


def _power_of_two(tensor: TfliteTensor) -> int | None:
    """Of a scale that is one, as near as TFLM asks for it."""
    power = math.log2(float(scale(tensor)))
    return round(power) if abs(power - round(power)) < 1e-3 else None


def sigmoids() -> Array:
    """The table that TFLM has of sigmoids, with 16 bits behind the point.

    Between two entries lies a straight line. Each entry is moved by half of what that line misses
    in its middle; the last one stands for all that follow.
    """
    places = np.arange(256)
    missed = _sigmoid(places + 0.5) - (_sigmoid(places) + _sigmoid(places + 1)) / 2
    table = np.rint(_sigmoid(places) + missed / 2)
    table[-1] = (1 << 16) - 1
    return np.asarray(table.astype(np.uint16))


def _sigmoid(places: Array) -> Array:
    return np.asarray((1 << 16) / (1 + np.exp(-places / _STEPS)))
