"""Resource variables: state behind a handle, copied to and from.

Sources: tensorflow/lite/micro/kernels/assign_variable.cc, read_variable.cc.
"""

from mcugraph.codegen.c_program import KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes
from mcugraph.ops.variables import Variable
from mcugraph.tflm.kernels.needs import KernelNode


class VariableBytes(Kernel):
    """``mg_copy``, to a variable or from it."""

    files = ("mg_copy",)

    def refusal(self, node: KernelNode) -> str | None:
        return None if attributes(node, Variable).variable else "it is not known which variable"

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op = attributes(node, Variable)
        assigns = op.function == "assign_variable"
        size = node.input(1).nbytes if assigns else node.outputs[0].nbytes
        parameters = Parameters("mg_copy_params", {"bytes": size})
        return KernelCall("mg_copy", parameters, (1,) if assigns else (), variable=op.variable)
