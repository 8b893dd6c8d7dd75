"""The kernels of the runtime, by operator: what can be deployed.

Each operator has the kernels that may take it, in the order in which they are asked; the first one
that does not refuse it runs it.
"""

from collections.abc import Iterator, Mapping, Sequence

from mcugraph.codegen.kernels.arg_extreme import ArgExtremeF32, ArgExtremeS8
from mcugraph.codegen.kernels.arithmetic import Add, Mul
from mcugraph.codegen.kernels.cast import CastBytes
from mcugraph.codegen.kernels.cmsis_s8 import CMSIS_KERNELS
from mcugraph.codegen.kernels.concat import ConcatBytes, SplitBytes
from mcugraph.codegen.kernels.contract import OTHER_TYPES, Alias, Kernel, Omitted
from mcugraph.codegen.kernels.conv_plain import ConvPlain
from mcugraph.codegen.kernels.conv_s8 import ConvS8
from mcugraph.codegen.kernels.depthwise_plain import DepthwisePlain
from mcugraph.codegen.kernels.depthwise_s8 import DepthwiseS8, OneChannelS8
from mcugraph.codegen.kernels.elementwise_f32 import BinaryF32, UnaryF32
from mcugraph.codegen.kernels.extremes import Extremes
from mcugraph.codegen.kernels.fully_connected_plain import FullyConnectedPlain
from mcugraph.codegen.kernels.fully_connected_s8 import FullyConnectedS8
from mcugraph.codegen.kernels.l2_norm_f32 import L2NormF32
from mcugraph.codegen.kernels.layers import LayerKernel
from mcugraph.codegen.kernels.lookup import (
    LookupBytes,
    absolute,
    hard_swish,
    leaky_relu,
    relu,
    relu6,
    requantized,
    root_below_one,
    sigmoid,
    tanh,
)
from mcugraph.codegen.kernels.lstm_integer import LstmInteger
from mcugraph.codegen.kernels.matmul import MatmulF32, MatmulS8
from mcugraph.codegen.kernels.mean import MeanKernel
from mcugraph.codegen.kernels.pad import PadBytes
from mcugraph.codegen.kernels.picked import (
    GatherBytes,
    PickBytes,
    broadcast,
    chosen,
    mirrored,
    repeated,
    reversed_,
)
from mcugraph.codegen.kernels.pool import PoolKernel
from mcugraph.codegen.kernels.prelu_s8 import PreluS8
from mcugraph.codegen.kernels.quantize import ConvertKernel
from mcugraph.codegen.kernels.recurrent_f32 import GruF32, LstmF32
from mcugraph.codegen.kernels.reduce_f32 import ReduceF32
from mcugraph.codegen.kernels.rescale import (
    Rescale,
    leaky,
    rectified,
    rectified_to_six,
    same_number,
)
from mcugraph.codegen.kernels.resize_bilinear_f32 import ResizeBilinearF32
from mcugraph.codegen.kernels.resize_bilinear_s8 import ResizeBilinearS8
from mcugraph.codegen.kernels.resize_nearest import ResizeNearest
from mcugraph.codegen.kernels.shape_bytes import ShapeConstant
from mcugraph.codegen.kernels.sigmoid_s16 import SigmoidS16
from mcugraph.codegen.kernels.softmax_f32 import SoftmaxF32
from mcugraph.codegen.kernels.softmax_s8 import SoftmaxS8
from mcugraph.codegen.kernels.softmax_s16 import SoftmaxS16
from mcugraph.codegen.kernels.sparse import (
    CHEAPEST,
    STORAGES,
    SparseConv,
    SparseFullyConnected,
    SparseLayer,
)
from mcugraph.codegen.kernels.strided import (
    StridedBytes,
    deepened,
    flattened,
    sliced,
    transposed,
)
from mcugraph.codegen.kernels.svdf_s8 import SvdfS8
from mcugraph.codegen.kernels.transpose_conv_plain import TransposeConvPlain
from mcugraph.codegen.kernels.transpose_conv_s8 import TransposeConvS8
from mcugraph.codegen.kernels.variables_bytes import VariableBytes
from mcugraph.errors import GraphError, UsageError
from mcugraph.ir import DType
from mcugraph.tflm.kernels.needs import KernelNode

_INTEGERS = (DType.INT8, DType.INT16)
_PLAIN = (DType.INT16, DType.FLOAT32)  # what layers add up one by one


def _plain(kernel: type[LayerKernel]) -> tuple[LayerKernel, ...]:
    """A layer of each type, and of floats with weights of 8 bits."""
    return (*map(kernel, _PLAIN), kernel(DType.FLOAT32, small=True))


def _sparse(kernel: type[SparseLayer]) -> tuple[SparseLayer, ...]:
    """A layer of each type, and of floats with weights of 8 bits."""
    return (*map(kernel, (DType.INT8, *_PLAIN)), kernel(DType.FLOAT32, small=True))


# By operator as a TFLite file names it.
KERNELS: Mapping[str, Sequence[Kernel]] = {
    "ABS": (LookupBytes(absolute), UnaryF32("mg_abs_f32")),
    "ADD": (*map(Add, _INTEGERS), BinaryF32("mg_add_f32")),
    "ARG_MAX": (ArgExtremeS8(1), ArgExtremeF32(1)),
    "ARG_MIN": (ArgExtremeS8(-1), ArgExtremeF32(-1)),
    "ASSIGN_VARIABLE": (VariableBytes(),),
    "AVERAGE_POOL_2D": tuple(map(PoolKernel, (*_INTEGERS, DType.FLOAT32))),
    "BATCH_MATMUL": (MatmulS8(), MatmulF32()),
    "BROADCAST_TO": (PickBytes(broadcast),),
    "CALL_ONCE": (Omitted(),),
    "CAST": (CastBytes(),),
    "CEIL": (UnaryF32("mg_ceil_f32"),),
    "CONCATENATION": (ConcatBytes(),),
    "CONV_2D": (*_sparse(SparseConv), ConvS8(), *_plain(ConvPlain)),
    "COS": (UnaryF32("mg_cos_f32"),),
    "DEPTHWISE_CONV_2D": (OneChannelS8(), DepthwiseS8(), *_plain(DepthwisePlain)),
    "DEQUANTIZE": tuple(ConvertKernel("mg_dequantize", kind) for kind in _INTEGERS),
    "DEPTH_TO_SPACE": (StridedBytes(flattened),),
    "DIV": (BinaryF32("mg_div_f32"),),
    "ELU": (UnaryF32("mg_elu_f32"),),
    "EXP": (UnaryF32("mg_exp_f32"),),
    "EXPAND_DIMS": (Alias(),),
    "FLOOR": (UnaryF32("mg_floor_f32"),),
    "FULLY_CONNECTED": (
        *_sparse(SparseFullyConnected),
        FullyConnectedS8(),
        *_plain(FullyConnectedPlain),
    ),
    "GATHER": (PickBytes(chosen), GatherBytes()),
    "GELU": (UnaryF32("mg_gelu_f32"),),
    "GRU": (GruF32(),),
    "HARD_SWISH": (LookupBytes(hard_swish), UnaryF32("mg_hard_swish_f32")),
    "L2_NORMALIZATION": (L2NormF32(),),
    "LEAKY_RELU": (LookupBytes(leaky_relu), Rescale(leaky), UnaryF32("mg_leaky_relu_f32")),
    "LOG": (UnaryF32("mg_log_f32"),),
    "LOGISTIC": (
        LookupBytes(sigmoid),
        SigmoidS16("mg_logistic_s16", 0),
        UnaryF32("mg_logistic_f32"),
    ),
    "LOG_SOFTMAX": (SoftmaxF32("mg_log_softmax_f32"),),
    "MAXIMUM": (
        *(Extremes("mg_maximum", kind) for kind in _INTEGERS),
        BinaryF32("mg_maximum_f32"),
    ),
    "MAX_POOL_2D": tuple(map(PoolKernel, (*_INTEGERS, DType.FLOAT32))),
    "MEAN": (*map(MeanKernel, _INTEGERS), ReduceF32("mg_mean_f32")),
    "MINIMUM": (
        *(Extremes("mg_minimum", kind) for kind in _INTEGERS),
        BinaryF32("mg_minimum_f32"),
    ),
    "MIRROR_PAD": (PickBytes(mirrored),),
    "MUL": (*map(Mul, _INTEGERS), BinaryF32("mg_mul_f32")),
    "NEG": (UnaryF32("mg_neg_f32"),),
    "PACK": (ConcatBytes(),),
    "PAD": (PadBytes(),),
    "PADV2": (PadBytes(),),
    "PRELU": (PreluS8(), BinaryF32("mg_prelu_f32")),
    "QUANTIZE": (
        LookupBytes(requantized, unsigned=True),
        *(ConvertKernel("mg_quantize", kind) for kind in _INTEGERS),
        Rescale(same_number),
        Rescale(same_number, DType.INT16, DType.INT8),
        Rescale(same_number, DType.INT16, DType.INT32),
        Rescale(same_number, DType.INT8, DType.INT16),
    ),
    "READ_VARIABLE": (VariableBytes(),),
    "REDUCE_MAX": (ReduceF32("mg_reduce_max_f32"),),
    "REDUCE_MIN": (ReduceF32("mg_reduce_min_f32"),),
    "RELU": (LookupBytes(relu), Rescale(rectified), UnaryF32("mg_relu_f32")),
    "RELU6": (LookupBytes(relu6), Rescale(rectified_to_six), UnaryF32("mg_relu6_f32")),
    "RELU_0_TO_1": (UnaryF32("mg_relu_0_to_1_f32"),),
    "RELU_N1_TO_1": (UnaryF32("mg_relu_n1_to_1_f32"),),
    "RESHAPE": (Alias(),),
    "RESIZE_BILINEAR": (ResizeBilinearS8(), ResizeBilinearF32()),
    "RESIZE_NEAREST_NEIGHBOR": (ResizeNearest(),),
    "REVERSE_V2": (PickBytes(reversed_),),
    "ROUND": (UnaryF32("mg_round_f32"),),
    "RSQRT": (LookupBytes(root_below_one), UnaryF32("mg_rsqrt_f32")),
    "SHAPE": (ShapeConstant(),),
    "SIN": (UnaryF32("mg_sin_f32"),),
    "SLICE": (StridedBytes(sliced),),
    "SOFTMAX": (SoftmaxS8(), SoftmaxS16(), SoftmaxF32("mg_softmax_f32")),
    "SPACE_TO_DEPTH": (StridedBytes(deepened),),
    "SPLIT": (SplitBytes(1),),
    "SPLIT_V": (SplitBytes(0),),
    "SQRT": (UnaryF32("mg_sqrt_f32"),),
    "SQUARE": (UnaryF32("mg_square_f32"),),
    "SQUARED_DIFFERENCE": (BinaryF32("mg_squared_difference_f32"),),
    "SQUEEZE": (Alias(),),
    "STRIDED_SLICE": (StridedBytes(sliced),),
    "SUB": (*map(Add, _INTEGERS), BinaryF32("mg_sub_f32")),
    "SUM": (*map(MeanKernel, _INTEGERS), ReduceF32("mg_sum_f32")),
    "SVDF": (SvdfS8(),),
    "TANH": (LookupBytes(tanh), SigmoidS16("mg_tanh_s16", 1), UnaryF32("mg_tanh_f32")),
    "TILE": (PickBytes(repeated),),
    "TRANSPOSE": (StridedBytes(transposed),),
    "TRANSPOSE_CONV": (TransposeConvS8(), *_plain(TransposeConvPlain)),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (*map(LstmInteger, _INTEGERS), LstmF32()),
    "UNPACK": (SplitBytes(0),),
    "VAR_HANDLE": (Omitted(),),
}


# What CMSIS-NN has a kernel for goes to it where the user wants that.
WITH_CMSIS_NN: Mapping[str, Sequence[Kernel]] = {
    **KERNELS,
    **{native: (kernel, *KERNELS[native]) for native, kernel in CMSIS_KERNELS.items()},
}


def kernels_for(storage: str, cmsis_nn: bool = False) -> Mapping[str, Sequence[Kernel]]:
    """The kernels to choose from.

    Args:
        storage: How weights are stored: ``"cheapest"``, which of several forms takes the fewest
            bytes; ``"dense"``; or one form, wherever it can hold them.
        cmsis_nn: What CMSIS-NN has a kernel for goes to it.

    Raises:
        UsageError: There is no such storage.
    """
    if storage not in STORAGES:
        raise UsageError(f"unknown storage {storage!r}; expected one of {', '.join(STORAGES)}")
    kernels = WITH_CMSIS_NN if cmsis_nn else KERNELS
    if storage == CHEAPEST:
        return kernels
    return {native: tuple(_stored_as(storage, known)) for native, known in kernels.items()}


def _stored_as(storage: str, kernels: Sequence[Kernel]) -> Iterator[Kernel]:
    """Kernels with those of sparse layers changed for others of one form, or left out."""
    for kernel in kernels:
        if not isinstance(kernel, SparseLayer):
            yield kernel
        elif STORAGES[storage]:
            yield type(kernel)(kernel.computes, storage, kernel.small)


def operators() -> dict[str, tuple[str, ...]]:
    """The operators that can be deployed, as TFLite names them, and the types that each computes.

    ``"any"``: nothing is computed, elements are moved or stay where they are.
    """
    return {
        name: tuple(
            dict.fromkeys("any" if k.computes is None else k.computes.label for k in kernels)
        )
        for name, kernels in KERNELS.items()
    }


def kernel_for(
    node: KernelNode, kernels: Mapping[str, Sequence[Kernel]] = KERNELS
) -> tuple[Kernel | None, str]:
    """The kernel that runs an operator; None: no one does, and why, as the end of a sentence.

    What a kernel of the operator's types says goes before what others say.

    Args:
        node: The operator.
        kernels: Those to choose from.
    """
    said = "the runtime has no kernel for it"
    known = False
    for kernel in kernels.get(node.native, ()):
        try:
            refusal = kernel.refusal(node)
        except (GraphError, LookupError) as error:
            refusal = str(error)
        if refusal is None:
            return kernel, ""
        if not known:
            said, known = refusal, not refusal.startswith(OTHER_TYPES)
    return None, said


__all__ = ["KERNELS", "WITH_CMSIS_NN", "Kernel", "kernel_for", "kernels_for", "operators"]
