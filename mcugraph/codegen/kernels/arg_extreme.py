"""Where the largest or the smallest element of an axis stands.

Source: tensorflow/lite/kernels/internal/reference/arg_min_max.h.
"""

import math
from typing import ClassVar

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import OTHER_TYPES, Kernel, constant, dtypes
from mcugraph.ir import DType
from mcugraph.tflm.kernels.needs import KernelNode


class ArgExtremeF32(Kernel):
    """``mg_arg_extreme_f32``.

    Args:
        sign: 1: of the largest element; -1: of the smallest one.
    """

    files: tuple[str, ...] = ("mg_arg_extreme_f32",)
    headers = ("mg_arg_extreme_any",)
    computes: DType | None = DType.FLOAT32
    dtype: ClassVar[DType] = DType.FLOAT32

    def __init__(self, sign: int) -> None:
        self._sign = sign

    def refusal(self, node: KernelNode) -> str | None:
        data, result = node.input(0), node.outputs[0]
        if data.dtype is not self.dtype or result.dtype is not DType.INT32:
            said = ", ".join(dtype.label for dtype in dtypes(node) if dtype)
            return f"{OTHER_TYPES}{said}"
        shape, axis = data.shape, _axis(node)
        if result.elements * shape[axis] != data.elements:
            return f"it makes {result.shape} of {shape} along axis {axis}"
        return None

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        shape, axis = node.input(0).shape, _axis(node)
        fields: dict[str, Field] = {
            "outer": math.prod(shape[:axis]),
            "length": shape[axis],
            "inner": math.prod(shape[axis + 1 :]),
            "sign": self._sign,
        }
        (function,) = self.files
        return KernelCall(function, Parameters(f"{function}_params", fields), (0,))


class ArgExtremeS8(ArgExtremeF32):
    """``mg_arg_extreme_s8``."""

    files = ("mg_arg_extreme_s8",)
    computes = DType.INT8
    dtype = DType.INT8


def _axis(node: KernelNode) -> int:
    return int(constant(node.input(1)).ravel()[0]) % len(node.input(0).shape)
