"""Sums, differences and products of int8.

Sources: tensorflow/lite/kernels/internal/reference/integer_ops/add.h, mul.h, reference/sub.h;
tensorflow/lite/micro/kernels/add_common.cc, sub_common.cc, mul_common.cc.
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.axes import loops, spread
from mcugraph.codegen.kernels.contract import Kernel, attributes, scale, unlike, zero_point
from mcugraph.codegen.kernels.fixed_point import activation_range, multiplier
from mcugraph.ir import DType
from mcugraph.ops.elementwise import Elementwise
from mcugraph.tflm.kernels.access.raster import broadcast
from mcugraph.tflm.kernels.needs import KernelNode

_AXES = 4  # MG_AXES
_LEFT = 20  # of mg_add_s8.c


class BinaryS8(Kernel):
    """What the kernels of two operands share."""

    def refusal(self, node: KernelNode) -> str | None:
        operands(node)
        return unlike(node, DType.INT8, DType.INT8, DType.INT8)

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return {i: broadcast(node.input(i), node.outputs[0]) for i in (0, 1)}


class AddS8(BinaryS8):
    """``mg_add_s8``, for sums and differences."""

    files = ("mg_add_s8",)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op = attributes(node, Elementwise)
        first, second, result = node.input(0), node.input(1), node.outputs[0]
        # TFLM computes the scales of a difference in single precision, and of a sum in double.
        kind = np.float64 if op.function == "add" else np.float32
        a, b, made = (kind(scale(tensor)) for tensor in (first, second, result))
        twice = kind(2) * max(a, b)
        fields: dict[str, Field] = {**operands(node)}
        for name, factor in (("first", a / twice), ("second", b / twice)):
            fields[f"{name}_multiplier"], fields[f"{name}_shift"] = multiplier(
                float(factor), rounding
            )
        factor = twice / (kind(1 << _LEFT) * made)
        fields["output_multiplier"], fields["output_shift"] = multiplier(float(factor), rounding)
        fields |= {
            "first_zero": zero_point(first),
            "second_zero": zero_point(second),
            "sign": 1 if op.function == "add" else -1,
            **_result(node),
        }
        return KernelCall("mg_add_s8", Parameters("mg_add_s8_params", fields), (0, 1))


class MulS8(BinaryS8):
    """``mg_mul_s8``."""

    files = ("mg_mul_s8",)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        first, second, result = node.input(0), node.input(1), node.outputs[0]
        factor = float(scale(first)) * float(scale(second)) / float(scale(result))
        found, shift = multiplier(factor, rounding)
        fields: dict[str, Field] = {
            **operands(node),
            "first_zero": zero_point(first),
            "second_zero": zero_point(second),
            "multiplier": found,
            "shift": shift,
            **_result(node),
        }
        return KernelCall("mg_mul_s8", Parameters("mg_mul_s8_params", fields), (0, 1))


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
