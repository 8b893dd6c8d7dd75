"""The mean or the sum of integers along some axes.

Sources: tensorflow/lite/kernels/internal/reference/reduce.h (QuantizedMeanOrSum),
tensorflow/lite/micro/kernels/reduce_common.cc; XNNPACK, src/operators/reduce-nd.c.
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import (
    SINGLE,
    SUFFIXES,
    Kernel,
    attributes,
    scale,
    unlike,
    zero_point,
)
from mcugraph.codegen.kernels.fixed_point import multiplier
from mcugraph.ir import DType
from mcugraph.ops.reduction import Reduce
from mcugraph.tflm.kernels.access.raster import element, straight
from mcugraph.tflm.kernels.needs import KernelNode


class MeanKernel(Kernel):
    """``mg_mean_s8`` and ``mg_mean_s16``, for means and for sums.

    Args:
        computes: The type of the elements.
    """

    files = ("mg_mean",)
    headers = ("mg_integers", "mg_mean_any")
    computes: DType

    def __init__(self, computes: DType) -> None:
        self.computes = computes

    def refusal(self, node: KernelNode) -> str | None:
        _, first, _, second, _ = groups(node)
        if first * second >= 1 << (32 - self.computes.bits):
            return f"sums of {first * second} elements may need more than 32 bits"
        return unlike(node, self.computes, DType.INT32, self.computes)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        outer, first, middle, second, inner = groups(node)
        axes = Parameters(
            "mg_mean_axes",
            {
                "outer": outer,
                "first": first,
                "middle": middle,
                "second": second,
                "inner": inner,
            },
        )
        once = rounding == SINGLE and self.computes is DType.INT8
        name = "mg_mean_once" if once else "mg_mean"
        scaling = (_once if once else _twice)(node, first * second)
        parameters = Parameters(f"{name}_params", {"axes": axes, **scaling})
        return KernelCall(f"{name}_{SUFFIXES[self.computes]}", parameters, (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        outer, first, middle, second, inner = groups(node)
        by_row = straight(middle, inner, second * inner)
        lead = by_row + straight(outer, middle * inner, first * middle * second * inner)
        return {0: lead * element(node.outputs[0])}


def _twice(node: KernelNode, reduced: int) -> dict[str, Field]:
    """How a sum becomes the result of so many elements."""
    data, result = node.input(0), node.outputs[0]
    found, shift = multiplier(float(scale(data)) / float(scale(result)))
    # The division is part of the multiplier, as precise as that has room for.
    parts = _parts(node, reduced)
    up = min(parts.bit_length() - 1, 32, 31 + shift)
    return {
        "multiplier": (found << up) // parts,
        "shift": shift - up,
        "sum_of_zeros": zero_point(data) * reduced,
        "output_zero": zero_point(result),
    }


def _once(node: KernelNode, reduced: int) -> dict[str, Field]:
    """As ``_twice``, as LiteRT has it computed: in single precision."""
    data, result = node.input(0), node.outputs[0]
    share = np.float32(1) / np.float32(_parts(node, reduced))
    factor = scale(data) / scale(result) * share
    zeros = np.float32(zero_point(data) * reduced) * factor
    return {"factor": float(factor), "added": float(np.float32(zero_point(result)) - zeros)}


def _parts(node: KernelNode, reduced: int) -> int:
    """How many a sum is divided by."""
    return 1 if attributes(node, Reduce).function == "sum" else reduced


def sides(node: KernelNode) -> tuple[int, int, int]:
    """Elements before, along and behind the axes that are reduced.

    Raises:
        LookupError: There are axes between them, or there is nothing to reduce.
    """
    outer, first, _, second, inner = groups(node)
    if first != 1:
        raise LookupError("it reduces axes that do not lie side by side")
    return outer, second, inner


def groups(node: KernelNode) -> tuple[int, int, int, int, int]:
    """Elements along neighbouring axes: kept, reduced, kept, reduced and kept.

    Of axes that lie side by side, those are the last that are reduced; axes of one element do not
    count.

    Raises:
        LookupError: There are more groups, or there is nothing to reduce.
    """
    op, shape = attributes(node, Reduce), node.input(0).shape
    axes = range(len(shape)) if op.axes is None else op.axes
    reduced = {axis % len(shape) for axis in axes}
    found, place = [1, 1, 1], 0
    for axis, length in enumerate(shape):
        if length != 1 and (axis in reduced) != place % 2:
            place += 1
            found += [1] * (place == len(found))
        found[place] *= length
    if not reduced or not all(shape) or place > 4:
        raise LookupError(f"a reduction of {shape} along the axes {sorted(reduced)} is not known")
    outer, first, middle, second, inner = (*found, 1, 1)[:5]
    return (outer, first, middle, second, inner) if second > 1 else (outer, 1, 1, first, middle)
