"""Resizing of int8 by interpolation between four pixels.

Source: tensorflow/lite/kernels/internal/reference/resize_bilinear.h (ResizeBilinearInteger).
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import (
    OTHER_TYPES,
    Kernel,
    attributes,
    refused_scales,
)
from mcugraph.codegen.kernels.windows import lead_by_places
from mcugraph.ir import DType
from mcugraph.ops.selection import Resize
from mcugraph.tflm.kernels.needs import KernelNode

_ONE = 1 << 10  # the distance of two elements


class ResizeBilinearS8(Kernel):
    """``mg_resize_bilinear_s8``."""

    files = ("mg_resize_bilinear_s8",)

    def refusal(self, node: KernelNode) -> str | None:
        data, result, op = node.input(0), node.outputs[0], attributes(node, Resize)
        if len(data.shape) != 4 or len(result.shape) != 4 or max(data.shape) >= 1 << 16:
            return f"resizing {data.shape} to {result.shape} is not known"
        if data.dtype is not DType.INT8:
            return f"{OTHER_TYPES}{data.dtype.label}"
        if op.align_corners and op.half_pixel:
            return "places are counted in two ways"
        behind = any(max(_places(node, axis)) >= data.shape[axis] * _ONE for axis in (1, 2))
        if behind:
            return "TFLM would read behind its data"
        return refused_scales(data, result)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        data, result = node.input(0), node.outputs[0]
        fields: dict[str, Field] = {
            "rows": _table(node, 1),
            "columns": _table(node, 2),
            "batches": data.shape[0],
            "input_height": data.shape[1],
            "input_width": data.shape[2],
            "output_height": result.shape[1],
            "output_width": result.shape[2],
            "depth": data.shape[3],
        }
        parameters = Parameters("mg_resize_bilinear_s8_params", fields)
        return KernelCall("mg_resize_bilinear_s8", parameters, (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        data, depth = node.input(0), node.input(0).shape[3]
        rows, columns = ([_lower(place) for place in _places(node, axis)] for axis in (1, 2))
        lead = lead_by_places(data, node.outputs[0], rows, columns, lambda pixel: pixel * depth)
        return {0: lead}


def _table(node: KernelNode, axis: int) -> FlashTable:
    """For each element of the result: both that it lies between, and how far behind the first."""
    length = node.input(0).shape[axis]
    rows = [
        (_lower(place), min((place + _ONE - 1) // _ONE, length - 1), place - _lower(place) * _ONE)
        for place in _places(node, axis)
    ]
    return FlashTable(np.array(rows, np.int16), "rows" if axis == 1 else "columns")


def _lower(place: int) -> int:
    return max(place // _ONE, 0)


def _places(node: KernelNode, axis: int) -> list[int]:
    """Where each element of the result lies on the data."""
    op = attributes(node, Resize)
    length, made = node.input(0).shape[axis], node.outputs[0].shape[axis]
    whole = op.align_corners and made > 1
    over, parts = (length - 1, made - 1) if whole else (length, made)
    scale = (_ONE * over + parts // 2) // parts
    shift = scale // 2 - _ONE // 2 if op.half_pixel else 0
    return [i * scale + shift for i in range(made)]
