"""Floats as int8, and int8 as floats.

Sources: tensorflow/lite/kernels/internal/reference/quantize.h, dequantize.h.
"""

from collections.abc import Mapping

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, scale, unlike, zero_point
from mcugraph.ir import DType
from mcugraph.tflm.kernels.access.raster import element, straight
from mcugraph.tflm.kernels.needs import KernelNode


class ConvertS8(Kernel):
    """``mg_quantize_s8`` or ``mg_dequantize_s8``.

    Args:
        function: Its name in C.
        given, made: Types of operand and result.
    """

    files = ("mg_quantize_s8",)
    computes = DType.INT8

    def __init__(self, function: str, given: DType, made: DType) -> None:
        self._function, self._given, self._made = function, given, made

    def refusal(self, node: KernelNode) -> str | None:
        return unlike(node, self._given, self._made)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        quantised = node.input(0) if self._given is DType.INT8 else node.outputs[0]
        fields: dict[str, Field] = {
            "count": quantised.elements,
            "scale": float(scale(quantised)),
            "zero": zero_point(quantised),
        }
        return KernelCall(self._function, Parameters("mg_quantize_s8_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        data, result = node.input(0), node.outputs[0]
        return {0: straight(data.elements, element(result), element(data))}
