"""Average and maximum of windows.

Sources: tensorflow/lite/kernels/internal/reference/integer_ops/pooling.h, reference/pooling.h.
"""

from collections.abc import Mapping

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import SUFFIXES, Kernel, attributes, unlike
from mcugraph.codegen.kernels.fixed_point import activation_range
from mcugraph.codegen.kernels.floating import bounds
from mcugraph.codegen.kernels.windows import image_fields, lead_by_pixels
from mcugraph.ir import DType
from mcugraph.ops.pooling import Pool
from mcugraph.tflm.kernels.access.raster import element
from mcugraph.tflm.kernels.needs import KernelNode

_FUNCTIONS = {"average": "mg_average_pool", "max": "mg_max_pool"}


class PoolKernel(Kernel):
    """``mg_average_pool_s8`` and ``mg_max_pool_s8``, and those of other types.

    Args:
        computes: The type of the elements.
    """

    computes: DType

    def __init__(self, computes: DType) -> None:
        self.computes = computes
        floats = computes is DType.FLOAT32
        self._named = "mg_pool_f32" if floats else "mg_pool"
        self.files = (self._named,)
        self.headers = ("mg_pool_any",) if floats else ("mg_integers", "mg_pool_any")

    def refusal(self, node: KernelNode) -> str | None:
        op = attributes(node, Pool)
        if op.function not in _FUNCTIONS or op.divisor or op.counts_padding:
            return f"pools of the kind {op} are not known"
        return unlike(node, self.computes, self.computes)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op = attributes(node, Pool)
        fields: dict[str, Field] = {**image_fields(node, op, (node.input(0).shape,))}
        if self.computes is DType.FLOAT32:
            fields |= bounds(op.activation)
        else:
            fields["least"], fields["largest"] = activation_range(node.outputs[0], op.activation)
        function = f"{_FUNCTIONS[op.function]}_{SUFFIXES[self.computes]}"
        return KernelCall(function, Parameters(f"{self._named}_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        op, pixel = attributes(node, Pool), node.outputs[0].shape[3] * element(node.outputs[0])
        return {0: lead_by_pixels(node, op, (node.input(0).shape,), lambda place: place * pixel)}
