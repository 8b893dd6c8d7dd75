"""Numbers of one type in another.

Source: tensorflow/lite/micro/kernels/cast.cc.
"""

from collections.abc import Mapping

from mcugraph.codegen.c_program import Field, KernelCall, Parameters, Switch
from mcugraph.codegen.kernels.contract import OTHER_TYPES, Kernel
from mcugraph.ir import DType
from mcugraph.tflm.kernels.access.raster import broadcast
from mcugraph.tflm.kernels.needs import KernelNode

_TYPES = (
    *(DType.BOOL, DType.UINT8, DType.INT8, DType.INT16, DType.INT32, DType.INT64),
    DType.FLOAT32,
)


class CastBytes(Kernel):
    """``mg_cast``."""

    files = ("mg_cast",)

    def refusal(self, node: KernelNode) -> str | None:
        found = (node.input(0).dtype, node.outputs[0].dtype)
        if all(dtype in _TYPES for dtype in found):
            return None
        return f"{OTHER_TYPES}{', '.join(dtype.label for dtype in found)}"

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        data, result = node.input(0), node.outputs[0]
        fields: dict[str, Field] = {
            "count": data.elements,
            "from": Switch(f"MG_{data.dtype.label.upper()}"),
            "to": Switch(f"MG_{result.dtype.label.upper()}"),
        }
        return KernelCall("mg_cast", Parameters("mg_cast_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return {0: broadcast(node.input(0), node.outputs[0])}
