"""Sums, differences and products of integers.

Sources: tensorflow/lite/kernels/internal/reference/integer_ops/add.h, mul.h, reference/add.h,
reference/sub.h; tensorflow/lite/micro/kernels/add_common.cc, sub_common.cc, mul_common.cc.
As LiteRT adds: XNNPACK, src/microparams-init.c (xnn_init_qs8_add_minmax_scalar_params).
"""

import math
from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.axes import loops, spread
from mcugraph.codegen.kernels.contract import (
    SINGLE,
    SUFFIXES,
    Kernel,
    attributes,
    scale,
    unlike,
    zero_point,
)
from mcugraph.codegen.kernels.fixed_point import activation_range, multiplier, product_factor
from mcugraph.errors import GraphError
from mcugraph.ir import DType
from mcugraph.ops.elementwise import Elementwise
from mcugraph.tflm.kernels.access.raster import broadcast
from mcugraph.tflm.kernels.needs import KernelNode

_AXES = 4  # MG_AXES
_LEFT = {DType.INT8: 20, DType.INT16: 15}  # bits that operands of a sum are shifted first
_BITS_ONCE = 20  # of the larger multiplier of a sum that is rounded once


class PairKernel(Kernel):
    """What the kernels of two integers share.

    Args:
        element: Their type.
    """

    computes: DType
    headers: tuple[str, ...] = ("mg_pairs",)

    def __init__(self, element: DType) -> None:
        self.computes = element

    def refusal(self, node: KernelNode) -> str | None:
        operands(node)
        return unlike(node, self.computes, self.computes, self.computes)

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return {i: broadcast(node.input(i), node.outputs[0]) for i in (0, 1)}


class Add(PairKernel):
    """``mg_add_s8`` and ``mg_add_s16``, for sums and differences."""

    files = ("mg_add",)
    headers = ("mg_add_any", "mg_integers", "mg_pairs")

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        if rounding == SINGLE and self.computes is DType.INT8:
            return _added_once(node)
        op, left = attributes(node, Elementwise), _LEFT[self.computes]
        first, second, result = node.input(0), node.input(1), node.outputs[0]
        a, b, made = (float(scale(tensor)) for tensor in (first, second, result))
        twice = 2 * max(a, b)
        fields: dict[str, Field] = {**operands(node), "left": left}
        for name, factor in (("first", a / twice), ("second", b / twice)):
            found = multiplier(factor)
            fields[f"{name}_multiplier"], fields[f"{name}_shift"] = found
        factor = twice / ((1 << left) * made)
        fields["output_multiplier"], fields["output_shift"] = multiplier(factor)
        fields |= {
            "first_zero": zero_point(first),
            "second_zero": zero_point(second),
            "sign": 1 if op.function == "add" else -1,
            **_result(node),
        }
        function = f"mg_add_{SUFFIXES[self.computes]}"
        return KernelCall(function, Parameters("mg_add_params", fields), (0, 1))


def _added_once(node: KernelNode) -> KernelCall:
    """A sum or difference as LiteRT has it computed.

    Raises:
        GraphError: Scales are so far apart that LiteRT computes it in another way.
    """
    op, made = attributes(node, Elementwise), scale(node.outputs[0])
    factors = [float(scale(node.input(i)) / made) for i in (0, 1)]
    if min(factors) < 2.0**-10 or max(factors) >= 2.0**8:
        raise GraphError("the scales of its operands are too far from that of its result")
    shift = _BITS_ONCE + 1 - math.frexp(max(factors))[1]
    first, second = (round(math.ldexp(factor, shift)) for factor in factors)
    second *= 1 if op.function == "add" else -1
    zeros = first * zero_point(node.input(0)) + second * zero_point(node.input(1))
    fields: dict[str, Field] = {
        **operands(node),
        "first_multiplier": first,
        "second_multiplier": second,
        "shift": shift,
        "bias": (1 << (shift - 1)) - zeros,
        **_result(node),
    }
    return KernelCall("mg_add_once_s8", Parameters("mg_add_once_params", fields), (0, 1))


class Mul(PairKernel):
    """``mg_mul_s8`` and ``mg_mul_s16``."""

    files = ("mg_mul",)
    headers = ("mg_integers", "mg_mul_any", "mg_pairs")

    def refusal(self, node: KernelNode) -> str | None:
        tensors = (node.input(0), node.input(1), node.outputs[0])
        if self.computes is DType.INT16 and any(map(zero_point, tensors)):
            return "its operands or its result have a zero point"
        return super().refusal(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        first, second, result = node.input(0), node.input(1), node.outputs[0]
        single = rounding == SINGLE and self.computes is DType.INT8
        scales_ = scale(first), np.asarray(scale(second)), scale(result)
        found, shift = multiplier(float(product_factor(*scales_, single, np.float64)))
        fields: dict[str, Field] = {
            **operands(node),
            "first_zero": zero_point(first),
            "second_zero": zero_point(second),
            "multiplier": found,
            "shift": shift,
            **_result(node),
        }
        function = f"mg_mul_{SUFFIXES[self.computes]}"
        return KernelCall(function, Parameters("mg_mul_params", fields), (0, 1))


def operands(node: KernelNode) -> dict[str, Field]:
    """How the kernel walks through both operands."""
    result = node.outputs[0]
    walks = (spread(node.input(i), result) for i in (0, 1))
    sizes, first, second = loops(result.shape, *walks, most=_AXES)
    return {"sizes": sizes, "first": first, "second": second}


def _result(node: KernelNode) -> dict[str, Field]:
    result = node.outputs[0]
    least, largest = activation_range(result, attributes(node, Elementwise).activation)
    return {"output_zero": zero_point(result), "least": least, "largest": largest}
