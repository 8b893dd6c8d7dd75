"""Resizing of int8 by interpolation between four pixels.

Source: tensorflow/lite/kernels/internal/reference/resize_bilinear.h (ResizeBilinearInteger).
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import (
    OTHER_TYPES,
    SINGLE,
    Kernel,
    attributes,
    refused_scales,
)
from mcugraph.codegen.kernels.resized import own_scale, refused_places
from mcugraph.codegen.kernels.windows import grid_sizes, lead_by_places
from mcugraph.ir import DType
from mcugraph.ops.selection import Resize
from mcugraph.tflm.kernels.needs import KernelNode

_ONE = 1 << 10  # the distance of two elements, as TFLM counts it
_ONE_IN_SINGLE = 1 << 11  # as LiteRT does


class ResizeBilinearS8(Kernel):
    """``mg_resize_bilinear_s8``."""

    files = ("mg_resize_bilinear_s8",)
    computes = DType.INT8

    def refusal(self, node: KernelNode) -> str | None:
        data, result = node.input(0), node.outputs[0]
        if len(data.shape) != 4 or len(result.shape) != 4 or max(data.shape) >= 1 << 16:
            return f"resizing {data.shape} to {result.shape} is not known"
        if data.dtype is not DType.INT8:
            return f"{OTHER_TYPES}{data.dtype.label}"
        unknown = refused_places(node)
        if unknown is not None:
            return unknown
        if any(own_scale(node, axis) is not None for axis in (1, 2)):
            return "places are counted by factors that its sizes do not have"
        behind = any(max(_places(node, axis)) >= data.shape[axis] * _ONE for axis in (1, 2))
        if behind:
            return "TFLM would read behind its data"
        return refused_scales(data, result)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        data, result = node.input(0), node.outputs[0]
        table = _table_in_single if rounding == SINGLE else _table
        fields: dict[str, Field] = {
            "rows": table(node, 1),
            "columns": table(node, 2),
            **grid_sizes(data.shape, result.shape),
            "depth": data.shape[3],
        }
        parameters = Parameters("mg_resize_bilinear_s8_params", fields)
        return KernelCall("mg_resize_bilinear_s8", parameters, (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        data, depth = node.input(0), node.input(0).shape[3]
        rows, columns = (_first_places(node, axis) for axis in (1, 2))
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


def _table_in_single(node: KernelNode, axis: int) -> FlashTable:
    """As ``_table``, as XNNPACK computes it, which LiteRT runs: in single precision."""
    op = attributes(node, Resize)
    length, made = node.input(0).shape[axis], node.outputs[0].shape[axis]
    whole = op.align_corners and made > 1
    ratio = np.float32(length - 1 if whole else length) / np.float32(made - 1 if whole else made)
    half = np.float32(0.5)
    places = np.arange(made, dtype=np.float32) * ratio
    if op.half_pixel:
        places = places + (half * ratio - half)
    places = np.clip(places, 0, np.float32(length - 1))
    first = places.astype(np.int32)
    behind = np.rint((places - first.astype(np.float32)) * np.float32(_ONE_IN_SINGLE))
    rows = np.stack([first, np.minimum(first + 1, length - 1), behind], axis=1)
    return FlashTable(rows.astype(np.int16), "rows" if axis == 1 else "columns")


def _first_places(node: KernelNode, axis: int) -> list[int]:
    """The first element that each one of the result is made of, whichever way that is computed."""
    single = _table_in_single(node, axis).values[:, 0].tolist()
    return [min(_lower(a), b) for a, b in zip(_places(node, axis), single, strict=True)]


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
