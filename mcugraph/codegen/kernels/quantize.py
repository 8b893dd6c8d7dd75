"""Floats as integers, and integers as floats.

Sources: tensorflow/lite/kernels/internal/reference/quantize.h, dequantize.h.
"""

from collections.abc import Mapping

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import SUFFIXES, Kernel, scale, unlike, zero_point
from mcugraph.ir import DType
from mcugraph.tflm.kernels.access.raster import element, straight
from mcugraph.tflm.kernels.needs import KernelNode


class ConvertKernel(Kernel):
    """``mg_quantize_s8`` or ``mg_dequantize_s8``, and those of int16.

    Args:
        function: Its name in C, without the type.
        computes: The type of the integers.
    """

    files = ("mg_quantize",)
    headers = ("mg_integers", "mg_quantize_any")
    computes: DType

    def __init__(self, function: str, computes: DType) -> None:
        self.computes = computes
        self._function = f"{function}_{SUFFIXES[computes]}"
        types = (DType.FLOAT32, computes)
        self._types = types if function == "mg_quantize" else types[::-1]

    def refusal(self, node: KernelNode) -> str | None:
        return unlike(node, *self._types)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        data, result = node.input(0), node.outputs[0]
        quantised = data if data.dtype is self.computes else result
        fields: dict[str, Field] = {
            "count": quantised.elements,
            "scale": float(scale(quantised)),
            "zero": zero_point(quantised),
        }
        return KernelCall(self._function, Parameters("mg_quantize_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        data, result = node.input(0), node.outputs[0]
        return {0: straight(data.elements, element(result), element(data))}
