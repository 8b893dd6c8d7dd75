"""The kernels of the runtime, by operator: what can be deployed.

Each operator has the kernels that may take it, in the order in which they are asked; the first one
that does not refuse it runs it.
"""

from collections.abc import Mapping, Sequence

from mcugraph.codegen.kernels.arithmetic_s8 import AddS8, MulS8
from mcugraph.codegen.kernels.concat import ConcatBytes
from mcugraph.codegen.kernels.contract import Alias, Kernel, Omitted
from mcugraph.codegen.kernels.conv_s8 import ConvS8
from mcugraph.codegen.kernels.depthwise_s8 import DepthwiseS8, OneChannelS8
from mcugraph.codegen.kernels.fully_connected_s8 import FullyConnectedS8
from mcugraph.codegen.kernels.lookup import LookupBytes, requantized, sigmoid
from mcugraph.codegen.kernels.mean_s8 import MeanS8
from mcugraph.codegen.kernels.pad import PadBytes
from mcugraph.codegen.kernels.pool_s8 import PoolS8
from mcugraph.codegen.kernels.resize_nearest import ResizeNearest
from mcugraph.codegen.kernels.softmax_s8 import SoftmaxS8
from mcugraph.codegen.kernels.sparse_s8 import SparseConvS8, SparseFullyConnectedS8
from mcugraph.codegen.kernels.strided import StridedBytes, sliced, transposed
from mcugraph.codegen.kernels.transpose_conv_s8 import TransposeConvS8
from mcugraph.codegen.kernels.variables_bytes import VariableBytes
from mcugraph.errors import GraphError
from mcugraph.tflm.kernels.needs import KernelNode

# By operator as a TFLite file names it.
KERNELS: Mapping[str, Sequence[Kernel]] = {
    "ADD": (AddS8(),),
    "ASSIGN_VARIABLE": (VariableBytes(),),
    "AVERAGE_POOL_2D": (PoolS8(),),
    "CALL_ONCE": (Omitted(),),
    "CONCATENATION": (ConcatBytes(),),
    "CONV_2D": (SparseConvS8(), ConvS8()),
    "DEPTHWISE_CONV_2D": (OneChannelS8(), DepthwiseS8()),
    "EXPAND_DIMS": (Alias(),),
    "FULLY_CONNECTED": (SparseFullyConnectedS8(), FullyConnectedS8()),
    "LOGISTIC": (LookupBytes(sigmoid),),
    "MAX_POOL_2D": (PoolS8(),),
    "MEAN": (MeanS8(),),
    "MUL": (MulS8(),),
    "PAD": (PadBytes(),),
    "PADV2": (PadBytes(),),
    "QUANTIZE": (LookupBytes(requantized, unsigned=True),),
    "READ_VARIABLE": (VariableBytes(),),
    "RESHAPE": (Alias(),),
    "RESIZE_NEAREST_NEIGHBOR": (ResizeNearest(),),
    "SLICE": (StridedBytes(sliced),),
    "SOFTMAX": (SoftmaxS8(),),
    "SQUEEZE": (Alias(),),
    "STRIDED_SLICE": (StridedBytes(sliced),),
    "SUB": (AddS8(),),
    "TRANSPOSE": (StridedBytes(transposed),),
    "TRANSPOSE_CONV": (TransposeConvS8(),),
    "VAR_HANDLE": (Omitted(),),
}


def kernel_for(node: KernelNode) -> tuple[Kernel | None, str]:
    """The kernel that runs an operator; None: no one does, and why, as the end of a sentence."""
    said = "the runtime has no kernel for it"
    for kernel in KERNELS.get(node.native, ()):
        try:
            refusal = kernel.refusal(node)
        except (GraphError, LookupError) as error:
            refusal = str(error)
        if refusal is None:
            return kernel, ""
        said = refusal
    return None, said


__all__ = ["KERNELS", "Kernel", "kernel_for"]
