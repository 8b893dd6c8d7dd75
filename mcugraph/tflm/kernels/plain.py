"""Kernels whose memory does not depend on shapes, or on little more than a rank.

Every layout names the struct it stands for; the sources are
tensorflow/lite/micro/builtin_op_data.h for the options (``TfLite...Params``) and
tensorflow/lite/micro/kernels/*.cc and *.h for the data of the kernels.
"""

from mcugraph.ir import DType
from mcugraph.tflm.abi import Abi
from mcugraph.tflm.kernels.needs import (
    KernelNode,
    Needs,
    Rule,
    int_array,
    plain,
    writable_shape,
)

# {int32 zero_point; double scale}: QuantizationParams and DequantizationParams.
_AFFINE = "(iq)"
# PadParams of 5 dimensions and the output's zero point; StridedSliceParams of 5 dimensions.
_PAD, _STRIDED_SLICE = "14i", "21i"
# TfLitePoolParams: its enums stand before numbers. OpDataPooling: padding and ranges.
POOL_OPTIONS, POOL = "10i", "8i"
# beta as a double, 7 numbers, 5 pointers to tables.
SOFTMAX = "q7i5p"
# ConcatenationParams; one decompression buffer for each of at most 10 inputs.
_CONCATENATION = "(i2p3i)[10i]"

_COMPARISON = plain(data="8i")
_SCALED = plain(data="4ib2e")  # OpDataAbsRsqrt


def _add_n(node: KernelNode, abi: Abi) -> Needs:
    """add_n.cc: a table of pointers to the operands as scratch."""
    table = (len(node.inputs) * abi.pointer,)
    if node.outputs[0].dtype is DType.INT8:
        return Needs(prepare=(abi.sizeof("10i"),), scratch=table)
    return Needs(scratch=table)


def _reduce(node: KernelNode, abi: Abi) -> Needs:
    """reduce_common.cc: the index of an element, the axes, and for MEAN and SUM the sums."""
    data, axes = node.input(0), node.input(1)
    scratch: tuple[int, ...] = (4 * len(data.shape), 4 * axes.elements)
    if node.native in ("MEAN", "SUM") and data.dtype in (DType.INT8, DType.INT16):
        scratch = (4 * node.outputs[0].elements, *scratch)
    return Needs("b", init=(abi.sizeof("11i"),), scratch=scratch)


def _softmax(node: KernelNode, abi: Abi) -> Needs:
    """softmax_common.cc: int16 takes two tables of 513 entries."""
    tables = (2 * 513,) * 2 if node.input(0).dtype is DType.INT16 else ()
    return Needs("i", init=(abi.sizeof(SOFTMAX),), prepare=tables)


def _only_int8(options: str, data: str) -> Rule:
    """A kernel that has data of its own for int8 alone."""

    def rule(node: KernelNode, abi: Abi) -> Needs:
        is_int8 = node.input(0).dtype is DType.INT8
        return Needs(options, prepare=(abi.sizeof(data),) if is_int8 else ())

    return rule


def _mirror_pad(node: KernelNode, abi: Abi) -> Needs:
    """mirror_pad.cc: strides of the data and of the result as scratch."""
    strides = 4 * len(node.input(0).shape)
    return Needs("e", init=(abi.sizeof("5i"),), scratch=(strides, strides))


def _embedding_lookup(node: KernelNode, abi: Abi) -> Needs:
    """embedding_lookup.cc: a writable shape, a scale and a row length."""
    shape = int_array(len(node.outputs[0].shape))
    return Needs(prepare=(shape, abi.sizeof("ip")))


RULES: dict[str, Rule] = {
    "ABS": _SCALED,
    "ADD": plain("eb", "15i"),
    "ADD_N": _add_n,
    "ARG_MAX": plain("e"),
    "ARG_MIN": plain("e"),
    "AVERAGE_POOL_2D": plain(POOL_OPTIONS, POOL),
    "BATCH_TO_SPACE_ND": plain(),
    "BROADCAST_ARGS": plain(),
    "BROADCAST_TO": plain(),
    "CALL_ONCE": plain("i", "ib"),
    "CAST": plain("2e"),
    "CEIL": plain(),
    "CONCATENATION": plain("ie", _CONCATENATION),
    "COS": plain(),
    "CUMSUM": _only_int8("2b", "9i"),
    "DEPTH_TO_SPACE": writable_shape("i"),
    "DEQUANTIZE": plain(data=f"{_AFFINE}3i"),
    "DIV": plain("e", "7i"),
    "DYNAMIC_UPDATE_SLICE": plain(),
    "ELU": plain(data="256b"),
    "EMBEDDING_LOOKUP": _embedding_lookup,
    "EQUAL": _COMPARISON,
    "EXP": plain(),
    "EXPAND_DIMS": plain(),
    "FILL": plain(),
    "FLOOR": plain(),
    "FLOOR_DIV": plain(),
    "FLOOR_MOD": plain(),
    "GATHER": writable_shape("2i"),
    "GATHER_ND": writable_shape(),
    "GREATER": _COMPARISON,
    "GREATER_EQUAL": _COMPARISON,
    "HARD_SWISH": plain(data="5i"),
    "IF": plain("2i", "2i"),
    "L2_NORMALIZATION": plain("e", "i"),
    "L2_POOL_2D": writable_shape("10i"),
    "LEAKY_RELU": plain("i", "6i"),
    "LESS": _COMPARISON,
    "LESS_EQUAL": _COMPARISON,
    "LOG": plain(),
    "LOGICAL_AND": plain(),
    "LOGICAL_NOT": plain(),
    "LOGICAL_OR": plain(),
    "LOGISTIC": plain(data="4i"),
    "LOG_SOFTMAX": _only_int8("", "10i"),
    "MAXIMUM": plain(),
    "MAX_POOL_2D": plain(POOL_OPTIONS, POOL),
    "MEAN": _reduce,
    "MINIMUM": plain(),
    "MIRROR_PAD": _mirror_pad,
    "MUL": plain("e", "9i"),
    "NEG": plain(),
    "NOT_EQUAL": _COMPARISON,
    "PACK": plain("2i"),
    "PAD": plain(data=_PAD),
    "PADV2": plain(data=_PAD),
    "PRELU": plain(data="7i"),
    "QUANTIZE": plain(data=f"{_AFFINE}3i"),
    "READ_VARIABLE": plain(),
    "REDUCE_ALL": _reduce,
    "REDUCE_MAX": _reduce,
    "REDUCE_MIN": _reduce,
    "RELU": plain(data="7i"),
    "RELU6": plain(data="2i"),
    "RESHAPE": plain("9i"),
    "RESIZE_BILINEAR": plain("2b"),
    "RESIZE_NEAREST_NEIGHBOR": plain("2b"),
    "REVERSE_V2": plain(),
    "ROUND": plain(),
    "RSQRT": _SCALED,
    "SELECT_V2": plain(data="b"),
    "SHAPE": plain("e"),
    "SIN": plain(),
    "SLICE": plain(),
    "SOFTMAX": _softmax,
    "SPACE_TO_BATCH_ND": plain(data="i"),
    "SPACE_TO_DEPTH": writable_shape("i"),
    "SPLIT": plain("i"),
    "SPLIT_V": plain("i"),
    "SQRT": plain(),
    "SQUARE": plain(),
    "SQUARED_DIFFERENCE": plain(data="14q"),
    "SQUEEZE": plain("9i"),
    "STRIDED_SLICE": plain("5ib", _STRIDED_SLICE),
    "SUB": plain("eb", "13i"),
    "SUM": _reduce,
    "TANH": plain(data="4i"),
    "TRANSPOSE": plain(),
    "UNPACK": plain("2i"),
    "VAR_HANDLE": plain("2p", "i"),
    "WHILE": plain("2i", "2i"),
    "ZEROS_LIKE": plain(),
}
