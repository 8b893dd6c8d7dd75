"""Resizing by copying the nearest pixel.

Source: tensorflow/lite/kernels/internal/reference/resize_nearest_neighbor.h.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes, refused_scales
from mcugraph.codegen.kernels.fixed_point import away_from_zero
from mcugraph.codegen.kernels.windows import grid_sizes, lead_by_places
from mcugraph.ops.selection import Resize
from mcugraph.tflm.kernels.needs import KernelNode

# What ONNX calls the ways to choose between two elements.
_ROUNDINGS: dict[str, Callable[[float], int]] = {
    "ceil": math.ceil,
    "floor": math.floor,
    "round_prefer_ceil": lambda place: math.floor(place + 0.5),
    "round_prefer_floor": lambda place: math.ceil(place - 0.5),
}


class ResizeNearest(Kernel):
    """``mg_resize_nearest``."""

    files = ("mg_resize_nearest",)

    def refusal(self, node: KernelNode) -> str | None:
        data, result = node.input(0).shape, node.outputs[0].shape
        if len(data) != 4 or len(result) != 4 or max(data) >= 1 << 16:
            return f"resizing {data} to {result} is not known"
        op = attributes(node, Resize)
        if op.rounding and op.rounding not in _ROUNDINGS:
            return "places are counted in a way that is not known"
        return refused_scales(node.input(0), node.outputs[0])

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        data, result = node.input(0), node.outputs[0]
        fields: dict[str, Field] = {
            "rows": FlashTable(np.array(_nearest(node, 1), np.uint16), "rows"),
            "columns": FlashTable(np.array(_nearest(node, 2), np.uint16), "columns"),
            **grid_sizes(data.shape, result.shape),
            "pixel": data.shape[3] * data.dtype.bits // 8,
        }
        return KernelCall("mg_resize_nearest", Parameters("mg_resize_nearest_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        data, result = node.input(0), node.outputs[0]
        pixel = data.shape[3] * data.dtype.bits // 8
        rows, columns = _nearest(node, 1), _nearest(node, 2)
        return {0: lead_by_places(data, result, rows, columns, lambda place: place * pixel)}


def _nearest(node: KernelNode, axis: int) -> list[int]:
    """The element of the data that each one of the result is copied from, in single precision."""
    op = attributes(node, Resize)
    length, made = node.input(0).shape[axis], node.outputs[0].shape[axis]
    if op.rounding:
        return _nearest_of_onnx(op, axis, length, made)
    whole = op.align_corners and made > 1
    scale = np.float32(length - 1 if whole else length) / np.float32(made - 1 if whole else made)
    offset = np.float32(0.5 if op.half_pixel else 0.0)
    places = [float((np.float32(i) + offset) * scale) for i in range(made)]
    found = (away_from_zero(place) if op.align_corners else int(place) for place in places)
    return [min(place, length - 1) for place in found]


def _nearest_of_onnx(op: Resize, axis: int, length: int, made: int) -> list[int]:
    """As ``_nearest``, by the definition of ONNX."""
    ratio = length / made if op.scales is None else 1 / op.scales[axis]
    if op.align_corners:
        places = [i * (length - 1) / (made - 1) if made > 1 else 0.0 for i in range(made)]
    elif op.half_pixel:
        places = [(i + 0.5) * ratio - 0.5 for i in range(made)]
    else:
        places = [i * ratio for i in range(made)]
    return [min(max(_ROUNDINGS[op.rounding](place), 0), length - 1) for place in places]
