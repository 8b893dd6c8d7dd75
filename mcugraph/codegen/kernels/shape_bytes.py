"""What is known before the model runs: shapes.

Source: tensorflow/lite/micro/kernels/shape.cc.
"""

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel
from mcugraph.tflm.kernels.needs import KernelNode


class ShapeConstant(Kernel):
    """``mg_constant``: the shape of an operand."""

    files = ("mg_constant",)

    def refusal(self, node: KernelNode) -> str | None:
        result = node.outputs[0]
        if result.shape == (len(node.input(0).shape),):
            return None
        return f"it makes {result.shape} of {node.input(0).shape}"

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        result = node.outputs[0]
        shape = np.array(node.input(0).shape, result.dtype.numpy)
        fields: dict[str, Field] = {"data": FlashTable(shape, "shape"), "bytes": result.nbytes}
        return KernelCall("mg_constant", Parameters("mg_constant_params", fields), ())
