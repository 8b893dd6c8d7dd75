"""Resizing of floats by interpolation between four pixels.

Source: tensorflow/lite/kernels/internal/reference/resize_bilinear.h (ResizeBilinear).
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes
from mcugraph.codegen.kernels.floating import refused_floats
from mcugraph.codegen.kernels.resized import own_scale, refused_places
from mcugraph.codegen.kernels.windows import grid_sizes, lead_by_places
from mcugraph.ir import Array, DType
from mcugraph.ops.selection import Resize
from mcugraph.records import dataclass
from mcugraph.tflm.kernels.needs import KernelNode


class ResizeBilinearF32(Kernel):
    """``mg_resize_bilinear_f32``."""

    files = ("mg_resize_bilinear_f32",)
    computes = DType.FLOAT32

    def refusal(self, node: KernelNode) -> str | None:
        data, result = node.input(0), node.outputs[0]
        if len(data.shape) != 4 or len(result.shape) != 4:
            return f"resizing {data.shape} to {result.shape} is not known"
        return refused_places(node) or refused_floats(node, 1)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        data, result = node.input(0), node.outputs[0]
        down, across = _places(node, 1), _places(node, 2)
        fields: dict[str, Field] = {
            "rows": FlashTable(down.between, "rows"),
            "down": FlashTable(down.behind, "rows"),
            "columns": FlashTable(across.between, "columns"),
            "across": FlashTable(across.behind, "columns"),
            **grid_sizes(data.shape, result.shape),
            "depth": data.shape[3],
        }
        parameters = Parameters("mg_resize_bilinear_f32_params", fields)
        return KernelCall("mg_resize_bilinear_f32", parameters, (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        data, result = node.input(0), node.outputs[0]
        pixel = data.shape[3] * data.dtype.bits // 8
        rows, columns = (_places(node, axis).between[:, 0].tolist() for axis in (1, 2))
        return {0: lead_by_places(data, result, rows, columns, lambda at: at * pixel)}


@dataclass(frozen=True, slots=True)
class _Places:
    """Where each element of the result lies on an axis of the data.

    Attributes:
        between: Both elements that it lies between.
        behind: How far behind the first of them.
    """

    between: Array
    behind: Array


def _places(node: KernelNode, axis: int) -> _Places:
    """In single precision, step by step as TensorFlow Lite computes it."""
    op: Resize = attributes(node, Resize)
    length, made = node.input(0).shape[axis], node.outputs[0].shape[axis]
    whole = op.align_corners and made > 1
    scale = np.float32(length - 1 if whole else length) / np.float32(made - 1 if whole else made)
    factor = own_scale(node, axis)
    if factor is not None:
        scale = np.float32(1) / np.float32(factor)
    at = np.arange(made, dtype=np.float32)
    half = np.float32(0.5)
    found = (at + half) * scale - half if op.half_pixel else at * scale
    first = np.maximum(np.floor(found).astype(np.int32), 0)
    second = np.minimum(np.ceil(found).astype(np.int32), length - 1)
    return _Places(np.stack([first, second], 1), (found - first.astype(np.float32)))
