"""Functions of one or two operands of floats, element by element.

Sources: tensorflow/lite/kernels/internal/reference/add.h, sub.h, mul.h, div.h, maximum_minimum.h,
logistic.h, tanh.h, hard_swish.h, leaky_relu.h, elu.h, and tensorflow/lite/kernels/elementwise.cc.
"""

from collections.abc import Mapping

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.arithmetic import operands
from mcugraph.codegen.kernels.contract import Kernel, attributes
from mcugraph.codegen.kernels.floating import bounds, refused_floats
from mcugraph.ir import DType
from mcugraph.ops.elementwise import Elementwise
from mcugraph.tflm.kernels.access.raster import broadcast
from mcugraph.tflm.kernels.needs import KernelNode

# What functions take that a model says nothing about.
_USUAL = {"leaky_relu": 0.01}


class BinaryF32(Kernel):
    """``mg_add_f32`` and others, each for one operator.

    Args:
        function: Its name in C.
    """

    files = ("mg_binary_f32",)
    headers = ("mg_pairs",)
    computes = DType.FLOAT32

    def __init__(self, function: str) -> None:
        self._function = function

    def refusal(self, node: KernelNode) -> str | None:
        if len(node.inputs) != 2:
            return f"it has {len(node.inputs)} operands"
        operands(node)
        return refused_floats(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        activation = attributes(node, Elementwise).activation
        fields: dict[str, Field] = {**operands(node), **bounds(activation)}
        return KernelCall(self._function, Parameters("mg_binary_f32_params", fields), (0, 1))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return {i: broadcast(node.input(i), node.outputs[0]) for i in (0, 1)}


class UnaryF32(Kernel):
    """``mg_logistic_f32`` and others, each for one operator.

    Args:
        function: Its name in C.
    """

    files = ("mg_unary_f32",)
    computes = DType.FLOAT32

    def __init__(self, function: str) -> None:
        self._function = function

    def refusal(self, node: KernelNode) -> str | None:
        return refused_floats(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op = attributes(node, Elementwise)
        fields: dict[str, Field] = {
            "count": node.outputs[0].elements,
            "alpha": op.parameters[0] if op.parameters else _USUAL.get(op.function, 1.0),
        }
        return KernelCall(self._function, Parameters("mg_unary_f32_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return {0: 0}
