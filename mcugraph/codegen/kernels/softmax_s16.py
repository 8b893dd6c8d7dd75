"""Softmax of int16, by tables of exponentials and of reciprocals with lines between.

Sources: tensorflow/lite/kernels/internal/reference/softmax.h (SoftmaxInt16),
tensorflow/lite/kernels/internal/common.h (LUTPopulate),
tensorflow/lite/micro/kernels/softmax_common.cc.
"""

from collections.abc import Callable, Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes, scale, unlike, zero_point
from mcugraph.codegen.kernels.fixed_point import away_from_zero, multiplier
from mcugraph.ir import Array, DType
from mcugraph.ops.normalization import Normalization
from mcugraph.tflm.kernels.needs import KernelNode

_STEPS = 512  # of a table
_RANGE = 65535  # between the least and the largest number
_FARTHEST = 10.0  # what is as far from the maximum counts nothing
_LEAST, _LARGEST = -(1 << 15), (1 << 15) - 1


class SoftmaxS16(Kernel):
    """``mg_softmax_s16``."""

    files = ("mg_fixed", "mg_softmax_s16")
    computes = DType.INT16

    def refusal(self, node: KernelNode) -> str | None:
        data, result = node.input(0), node.outputs[0]
        wrong = unlike(node, DType.INT16, DType.INT16)
        if wrong is not None:
            return wrong
        if zero_point(data) or zero_point(result) or abs(scale(result) * 32768 - 1) > 1e-3:
            return "its operand has a zero point, or its result is not quantised by 1/32768"
        return None

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        beta = float(np.float32(attributes(node, Normalization).beta))
        factor = float(scale(node.input(0))) * beta / (_FARTHEST / _RANGE)
        found, shift = multiplier(factor)
        depth = node.outputs[0].shape[-1]
        fields: dict[str, Field] = {
            "exponentials": FlashTable(_table(-_FARTHEST, 0.0, np.exp), "exponentials"),
            "reciprocals": FlashTable(_table(0.0, 1.0, lambda x: 1 / (1 + x)), "reciprocals"),
            "rows": node.outputs[0].elements // depth,
            "depth": depth,
            "multiplier": found,
            "shift": shift,
        }
        return KernelCall("mg_softmax_s16", Parameters("mg_softmax_s16_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return {0: 0}


def _table(first: float, last: float, function: Callable[[Array], Array]) -> Array:
    """A function at 513 places, 15 bits behind the point, computed in single precision.

    Each entry but the last is moved by half of what a line to the next one misses in its middle.
    """
    single = np.float32
    # Ends come from numbers of 16 bits by a scale, around one end or the other.
    scale_ = single(last - first) / single(_RANGE)
    low, high = (scale_ * single(_RANGE if end else 0) for end in (first, last))
    low = -low
    step = (high - low) / single(_STEPS)
    steps_of_one = single(2) / single(_RANGE)
    by = single(_RANGE + 1) / (steps_of_one * single(_LARGEST) - steps_of_one * single(_LEAST))

    def values(places: Array) -> Array:
        return np.asarray(function(places.astype(np.float64)).astype(single) * by)

    places = low + np.arange(_STEPS, dtype=single) * step
    following = low + np.arange(1, _STEPS + 1, dtype=single) * step
    here, middle, after = values(places), values(places + step / single(2)), values(following)
    line = _rounded((after + _rounded(here)) / single(2))
    missed = _rounded((line - _rounded(middle)) / single(2))
    found = np.append(_rounded(here) - missed, _rounded(values(np.array([high]))))
    return np.asarray(np.clip(found, _LEAST, _LARGEST).astype(np.int16))


def _rounded(values: Array) -> Array:
    """Halves away from zero."""
    return np.array([away_from_zero(float(x)) for x in values], np.float32)
