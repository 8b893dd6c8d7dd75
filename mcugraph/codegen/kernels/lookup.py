"""Functions of one operand of 8 bits: all 256 results stand in a table.

Sources: tensorflow/lite/kernels/internal/reference/requantize.h, integer_ops/logistic.h,
integer_ops/tanh.h, leaky_relu.h, hard_swish.h; tensorflow/lite/micro/kernels/quantize_common.cc,
elementwise.cc, logistic_common.cc, activations_common.cc, leaky_relu_common.cc,
hard_swish_common.cc.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import (
    SINGLE,
    Kernel,
    attributes,
    dtypes,
    scale,
    unlike,
    zero_point,
)
from mcugraph.codegen.kernels.exponentials import (
    hyperbolic_tangent,
    inverse_root,
    logistic,
    shifted_right,
)
from mcugraph.codegen.kernels.fixed_point import away_from_zero, multiplier, scaled
from mcugraph.ir import DType
from mcugraph.ops.elementwise import Elementwise
from mcugraph.tflm.kernels.needs import KernelNode

_LARGEST_8 = 127
_FINER = 20  # bits that roots have behind the point
_BEFORE = 4  # bits before the point of what a logistic function is of

# A stored value of the operand less its zero point -> the stored result, not clipped.
_Function = Callable[[int], int]
_Maker = Callable[[KernelNode, str], _Function]


class LookupBytes(Kernel):
    """``mg_lookup``, for one function.

    Args:
        function: Operator, rounding -> what makes results.
        unsigned: It is one of uint8 as well.
    """

    files = ("mg_lookup",)
    computes = DType.INT8

    def __init__(self, function: _Maker, unsigned: bool = False) -> None:
        self._function, self._unsigned = function, unsigned

    def refusal(self, node: KernelNode) -> str | None:
        known = {DType.INT8, DType.UINT8} if self._unsigned else {DType.INT8}
        if not known.issuperset(dtypes(node)):
            return unlike(node, DType.INT8, DType.INT8)
        scale(node.input(0)), scale(node.outputs[0])
        return None

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        data, result = node.input(0), node.outputs[0]
        function, zero = self._function(node, rounding), zero_point(data)
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


def requantized(node: KernelNode, rounding: str) -> _Function:
    """The same number by another scale and zero point."""
    data, result = node.input(0), node.outputs[0]
    factor = scale(data) / scale(result)
    if rounding == SINGLE and data.dtype is result.dtype and _in_eight_bits(factor):
        by = _of_eight_bits(factor)
        return lambda x: by(x) + zero_point(result)
    scale_by = _scaling(float(scale(data)) / float(scale(result)))
    return lambda x: scale_by(x) + zero_point(result)


def sigmoid(node: KernelNode, rounding: str) -> _Function:
    """The logistic function; results are quantised by 1/256 from -128 on, whatever is said."""
    scaled_x, radius = _within_16(node)

    def function(x: int) -> int:
        if abs(x) >= radius:
            return -128 if x < 0 else 127
        return shifted_right(logistic(scaled_x(x), _BEFORE), 23) - 128

    return function


def tanh(node: KernelNode, rounding: str) -> _Function:
    """The hyperbolic tangent; results are quantised by 1/128 around 0, whatever is said."""
    scaled_x, radius = _within_16(node)

    def function(x: int) -> int:
        if abs(x) >= radius:
            return -128 if x < 0 else 127
        return shifted_right(hyperbolic_tangent(scaled_x(x), _BEFORE), 24)

    return function


def relu(node: KernelNode, rounding: str) -> _Function:
    """What is below zero becomes zero."""
    data, result = node.input(0), node.outputs[0]
    scale_by = _scaling(float(scale(data)) / float(scale(result)))
    return lambda x: max(scale_by(x), 0) + zero_point(result)


def relu6(node: KernelNode, rounding: str) -> _Function:
    """What is below zero becomes zero, and what is above six becomes six; as it is stored."""
    data = node.input(0)
    zero = zero_point(data)
    six = zero + away_from_zero(float(np.float32(6) / scale(data)))
    return lambda x: min(max(x + zero, zero), six)


def leaky_relu(node: KernelNode, rounding: str) -> _Function:
    """What is below zero is multiplied."""
    data, result = node.input(0), node.outputs[0]
    (alpha,) = attributes(node, Elementwise).parameters
    once = scale(data) / scale(result)
    slope = once * np.float32(alpha)
    if rounding == SINGLE and _in_eight_bits(once) and _in_eight_bits(abs(slope)):
        over, under = _of_eight_bits(once), _of_eight_bits(slope)
        return lambda x: (over(x) if x >= 0 else under(x)) + zero_point(result)
    factor = float(scale(data)) / float(scale(result))
    above, below = _scaling(factor), _scaling(abs(factor * float(np.float32(alpha))))
    sign = -1 if alpha < 0 else 1
    return lambda x: (above(x) if x >= 0 else sign * below(x)) + zero_point(result)


def absolute(node: KernelNode, rounding: str) -> _Function:
    """What is below zero changes its sign."""
    data, result = node.input(0), node.outputs[0]
    if scale(data) == scale(result):
        return lambda x: abs(x) + zero_point(result)
    scale_by = _scaling(float(scale(data) / scale(result)))
    return lambda x: scale_by(abs(x)) + zero_point(result)


def root_below_one(node: KernelNode, rounding: str) -> _Function:
    """1 / sqrt(x); up to zero, where it is not defined, the largest number."""
    data, result = node.input(0), node.outputs[0]
    factor = 1 / float(np.sqrt(scale(data)) * scale(result))
    by, shift = multiplier(factor)

    def function(x: int) -> int:
        if x <= 0:
            return _LARGEST_8
        fine, right = inverse_root(x)
        fine = scaled(1, fine, _FINER - right)
        return scaled(fine, by, shift - _FINER) + zero_point(result)

    return function


def hard_swish(node: KernelNode, rounding: str) -> _Function:
    """X * relu6(x + 3) / 6, in numbers of 16 bits."""
    data, result = node.input(0), node.outputs[0]
    fine = np.float32(1 / 128) * scale(data)
    outer, right = multiplier(float(fine / scale(result)))
    inner, up = multiplier(float(fine / np.float32(3 / 32768)))
    outer, inner = _of_16_bits(outer), _of_16_bits(inner)

    def function(x: int) -> int:
        x <<= 7
        share = _high_16(_clipped_16(x << max(up - 1, 0)), inner)
        share = _clipped_16(share << 1) if up > 0 else shifted_right(share, -up)
        share = (share + (1 << 15)) >> 1
        product = share * _high_16(x, outer)
        towards_zero = abs(product) >> 15
        whole = towards_zero if product >= 0 else -towards_zero
        return shifted_right(whole, -right) + zero_point(result)

    return function


def _scaling(factor: float) -> _Function:
    """As TFLM does it, and LiteRT, too, where no kernel of XNNPACK's runs an operator."""
    found, shift = multiplier(factor)
    return lambda x: scaled(x, found, shift)


def _in_eight_bits(factor: np.float32) -> bool:
    """Whether XNNPACK, which LiteRT computes with, takes a factor."""
    return bool(2.0**-8 <= factor <= 2.0**7)


def _of_eight_bits(factor: np.float32) -> _Function:
    """X * factor as XNNPACK computes it: the factor with eight bits behind the point."""
    found = int(np.rint(np.float32(256) * factor))
    return lambda x: (x * found + 128) >> 8


def _within_16(node: KernelNode) -> tuple[_Function, int]:
    """Operands with 27 bits behind the point, and from which one on they are 16 or more."""
    found, shift = multiplier(float(scale(node.input(0))) * (1 << (31 - _BEFORE)))
    largest = ((1 << _BEFORE) - 1) * (1 << (31 - _BEFORE)) / (1 << shift)
    return lambda x: scaled(x, found, shift), math.floor(largest)


def _of_16_bits(factor: int) -> int:
    """A multiplier of 31 bits as one of 15."""
    return min((factor + (1 << 15)) >> 16, (1 << 15) - 1)


def _high_16(a: int, b: int) -> int:
    """A * b / 2^15, rounded."""
    return (a * b + (1 << 14)) >> 15


def _clipped_16(x: int) -> int:
    return min(max(x, -(1 << 15)), (1 << 15) - 1)
