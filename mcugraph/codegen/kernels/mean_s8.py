"""The mean or the sum of int8 along axes that lie side by side.

Sources: tensorflow/lite/kernels/internal/reference/reduce.h (QuantizedMeanOrSum),
tensorflow/lite/micro/kernels/reduce_common.cc.
"""

from collections.abc import Mapping
from math import prod

from mcugraph.codegen.c_program import KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes, scale, unlike, zero_point
from mcugraph.codegen.kernels.fixed_point import multiplier
from mcugraph.ir import DType
from mcugraph.ops.reduction import Reduce
from mcugraph.tflm.kernels.access.raster import straight
from mcugraph.tflm.kernels.needs import KernelNode


class MeanS8(Kernel):
    """``mg_mean_s8``, for means and for sums."""

    files = ("mg_mean_s8",)

    def refusal(self, node: KernelNode) -> str | None:
        sides(node)
        return unlike(node, DType.INT8, DType.INT32, DType.INT8)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        outer, reduced, inner = sides(node)
        data, result = node.input(0), node.outputs[0]
        found, shift = multiplier(float(scale(data)) / float(scale(result)), rounding)
        # The division is part of the multiplier, as precise as that has room for.
        parts = 1 if attributes(node, Reduce).function == "sum" else reduced
        up = min(parts.bit_length() - 1, 32, 31 + shift)
        parameters = {
            "outer": outer,
            "reduced": reduced,
            "inner": inner,
            "multiplier": (found << up) // parts,
            "shift": shift - up,
            "sum_of_zeros": zero_point(data) * reduced,
            "output_zero": zero_point(result),
        }
        return KernelCall("mg_mean_s8", Parameters("mg_mean_s8_params", parameters), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        outer, reduced, inner = sides(node)
        return {0: straight(outer, inner, reduced * inner)}


def sides(node: KernelNode) -> tuple[int, int, int]:
    """Elements before, along and behind the axes that are reduced.

    Raises:
        LookupError: There are axes between them, or there is nothing to reduce.
    """
    op, shape = attributes(node, Reduce), node.input(0).shape
    axes = range(len(shape)) if op.axes is None else op.axes
    reduced = sorted({axis % len(shape) for axis in axes})
    if not reduced or not all(shape) or reduced != list(range(reduced[0], reduced[-1] + 1)):
        raise LookupError(f"a mean of {shape} along the axes {reduced} is not known")
    first, behind = reduced[0], reduced[-1] + 1
    return prod(shape[:first]), prod(shape[first:behind]), prod(shape[behind:])
