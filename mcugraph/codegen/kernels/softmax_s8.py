"""Softmax of int8, as int8 or int16: exponentials of all differences stand in a table.

Sources: tensorflow/lite/kernels/internal/reference/softmax.h,
tensorflow/lite/micro/kernels/softmax_common.cc.
"""

import math
from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import (
    SINGLE,
    Kernel,
    attributes,
    scale,
    unlike,
    zero_point,
)
from mcugraph.codegen.kernels.exponentials import exponential
from mcugraph.codegen.kernels.fixed_point import multiplier, scaled
from mcugraph.errors import GraphError
from mcugraph.ir import Array, DType
from mcugraph.ops.normalization import Normalization
from mcugraph.tflm.kernels.access.raster import straight
from mcugraph.tflm.kernels.needs import KernelNode

_BEFORE = 5  # bits before the point of scaled differences


class SoftmaxS8(Kernel):
    """``mg_softmax_s8``."""

    files = ("mg_fixed", "mg_softmax_s8")
    computes = DType.INT8

    def refusal(self, node: KernelNode) -> str | None:
        result = node.outputs[0]
        kind = DType.INT16 if result.dtype is DType.INT16 else DType.INT8
        wrong = unlike(node, DType.INT8, kind)
        if wrong is not None:
            return wrong
        steps = 1 << kind.bits
        # TFLM asks for the scale of int16 as nearly as this, and computes with the one meant.
        near = 1e-3 if kind is DType.INT16 else 0.0
        if abs(scale(result) * steps - 1) > near or zero_point(result) != -steps // 2:
            return f"its result is not quantised by 1/{steps} from {-steps // 2} on"
        if difference_factor(node) <= 1:
            return "its operand has so small a scale that nothing is computed"
        return None

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        single = rounding == SINGLE
        if single and scale(node.outputs[0]) != np.float32(2.0 ** -node.outputs[0].dtype.bits):
            raise GraphError("LiteRT computes with the scale of its result, which is not usual")
        table = _exponentials_in_single(node) if single else _exponentials(node)
        depth = node.outputs[0].shape[-1]
        parameters: dict[str, Field] = {
            "exponentials": FlashTable(table, "exponentials"),
            "known": len(table),
            "rows": node.outputs[0].elements // depth,
            "depth": depth,
            "wide": int(node.outputs[0].dtype is DType.INT16),
        }
        return KernelCall("mg_softmax_s8", Parameters("mg_softmax_s8_params", parameters), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        size = node.outputs[0].dtype.bits // 8
        return {0: straight(node.outputs[0].elements, size, 1)}


def difference_factor(node: KernelNode) -> float:
    """What differences are multiplied by."""
    beta = float(attributes(node, Normalization).beta)
    largest = float((1 << 31) - 1)
    return min(beta * float(scale(node.input(0))) * (1 << (31 - _BEFORE)), largest)


def radius(shift: int) -> int:
    """Up to which difference from the maximum an element counts."""
    return math.floor(((1 << _BEFORE) - 1) * (1 << (31 - _BEFORE)) / (1 << shift))


def _exponentials(node: KernelNode) -> Array:
    """Of differences from the maximum, 0 first; those that count nothing are left out."""
    found, shift = multiplier(difference_factor(node))
    differences = (scaled(-d, found, shift) for d in range(min(radius(shift), 255) + 1))
    table = [exponential(difference, _BEFORE) for difference in differences]
    return np.array(table, np.int32)


def _exponentials_in_single(node: KernelNode) -> Array:
    """As LiteRT has them: of all differences, in single precision."""
    beta = np.float32(attributes(node, Normalization).beta)
    powers = -scale(node.input(0)) * beta * np.arange(256, dtype=np.float32)
    return np.asarray(np.exp(powers.astype(np.float64)).astype(np.float32))
