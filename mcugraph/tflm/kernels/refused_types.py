"""Element types that TFLM's kernels refuse, when a model is loaded or when it is run.

Some kernels look at the types of their tensors in ``Prepare``, others only in ``Eval``: such a
model loads, and its first inference fails. Found with one model an operator and type on TFLM's
wheel, and in the kernels' sources (tensorflow/lite/micro/kernels/*.cc).
"""

from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import DType
from mcugraph.tflm.kernels.needs import KernelNode

_BOOL = frozenset({DType.BOOL})
_FLOAT = frozenset({DType.FLOAT32})
_FLOAT_OR_INT8 = _FLOAT | {DType.INT8}
_USUAL = _FLOAT_OR_INT8 | {DType.INT16}
_WIDE = frozenset({DType.INT32, DType.INT64})
_USUAL_OR_INT32 = _USUAL | {DType.INT32}
_QUANTIZED = frozenset({DType.INT8, DType.INT16, DType.UINT8})
_CAST = _USUAL_OR_INT32 | {DType.BOOL, DType.UINT32}

# Types of the data: of the first input, if not listed below.
_ACCEPTED = {
    **dict.fromkeys(("CEIL", "COS", "EXP", "FLOOR", "FLOOR_DIV", "FLOOR_MOD", "LOG"), _FLOAT),
    **dict.fromkeys(("L2_POOL_2D", "NEG", "ROUND", "SIN", "SQRT", "SQUARE"), _FLOAT),
    **dict.fromkeys(("ADD_N", "ARG_MAX", "ARG_MIN", "BATCH_TO_SPACE_ND", "CUMSUM"), _FLOAT_OR_INT8),
    **dict.fromkeys(("DEPTH_TO_SPACE", "ELU", "EMBEDDING_LOOKUP", "GATHER"), _FLOAT_OR_INT8),
    **dict.fromkeys(("GATHER_ND", "HARD_SWISH", "L2_NORMALIZATION"), _FLOAT_OR_INT8),
    **dict.fromkeys(("LOG_SOFTMAX", "MIRROR_PAD", "REDUCE_MAX", "REDUCE_MIN"), _FLOAT_OR_INT8),
    **dict.fromkeys(("RESIZE_BILINEAR", "SPACE_TO_BATCH_ND", "SPACE_TO_DEPTH"), _FLOAT_OR_INT8),
    "SVDF": _FLOAT_OR_INT8,
    **dict.fromkeys(("ABS", "AVERAGE_POOL_2D", "BATCH_MATMUL", "CONV_2D"), _USUAL),
    **dict.fromkeys(("DEPTHWISE_CONV_2D", "EXPAND_DIMS", "FULLY_CONNECTED", "LEAKY_RELU"), _USUAL),
    **dict.fromkeys(("LOGISTIC", "MAX_POOL_2D", "MEAN", "PRELU", "RELU", "RELU6"), _USUAL),
    **dict.fromkeys(("RESIZE_NEAREST_NEIGHBOR", "RSQRT", "SELECT_V2", "SOFTMAX", "SUM"), _USUAL),
    **dict.fromkeys(("TANH", "TRANSPOSE", "TRANSPOSE_CONV"), _USUAL),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _USUAL,
    **dict.fromkeys(("ADD", "DYNAMIC_UPDATE_SLICE", "MUL", "PAD", "PADV2"), _USUAL_OR_INT32),
    **dict.fromkeys(("SPLIT", "SPLIT_V", "SQUARED_DIFFERENCE", "SUB", "UNPACK"), _USUAL_OR_INT32),
    **dict.fromkeys(("SLICE", "STRIDED_SLICE"), _USUAL_OR_INT32 | _BOOL),
    **dict.fromkeys(("MAXIMUM", "MINIMUM", "PACK", "GREATER"), _USUAL | _WIDE),
    **dict.fromkeys(("DIV", "FILL"), _FLOAT_OR_INT8 | {DType.INT32}),
    **dict.fromkeys(("GREATER_EQUAL", "LESS", "LESS_EQUAL", "ZEROS_LIKE"), _FLOAT_OR_INT8 | _WIDE),
    **dict.fromkeys(("EQUAL", "NOT_EQUAL"), _FLOAT_OR_INT8 | _WIDE | _BOOL),
    **dict.fromkeys(("LOGICAL_NOT", "REDUCE_ALL"), _BOOL),
    "BROADCAST_ARGS": _WIDE,
    "CAST": _CAST,
    "CONCATENATION": _USUAL | _WIDE | _BOOL,
    "DEQUANTIZE": _QUANTIZED,
    "QUANTIZE": _USUAL_OR_INT32 | {DType.UINT8},
    "REVERSE_V2": _USUAL | _WIDE | _BOOL | {DType.UINT8},
}
# Which input the data is.
_DATA = {"EMBEDDING_LOOKUP": 1, "TRANSPOSE_CONV": 2}
# Kernels that go by the type of the result.
_BY_RESULT = ("FILL", "SELECT_V2", "SPLIT")

# Types of the result, where that is not the type of the data.
_MADE = {
    **dict.fromkeys(("ARG_MAX", "ARG_MIN", "SHAPE"), frozenset({DType.INT32})),
    "CAST": _CAST,
    "DEQUANTIZE": _FLOAT,
}
# Types that QUANTIZE makes of each type.
_REQUANTIZED = {
    DType.FLOAT32: frozenset({DType.INT8, DType.INT16}),
    DType.INT8: _QUANTIZED | {DType.INT32},
    DType.INT16: frozenset({DType.INT8, DType.INT16, DType.INT32}),
    DType.UINT8: frozenset({DType.INT8}),
    DType.INT32: frozenset({DType.INT8, DType.INT16}),
}

# Where weights and data lie: the two have to be of one kind.
_WEIGHTED = {
    "CONV_2D": (1, 0),
    "DEPTHWISE_CONV_2D": (1, 0),
    "FULLY_CONNECTED": (1, 0),
    "TRANSPOSE_CONV": (1, 2),
}
_INT8 = frozenset({DType.INT8})
_WEIGHTS = {
    DType.FLOAT32: _FLOAT,
    DType.INT8: _INT8 | {DType.INT4},
    DType.INT16: _INT8,
}

# add_common.cc and sub_common.cc check that small integers have a scale.
_SCALED = ("ADD", "SUB")


def type_refusal(node: KernelNode) -> str | None:
    """Why TFLM does not run a model with this operator; None: no reason is known."""
    kind, data, result = node.native, _data(node), node.outputs[0] if node.outputs else None
    accepted = _ACCEPTED.get(kind)
    if accepted is not None and data is not None and data.dtype not in accepted:
        return f"its {kind} takes no {data.dtype.label} data"
    if data is not None and kind in _WEIGHTED:
        weights = node.optional(_WEIGHTED[kind][0])
        if weights is not None and weights.dtype not in _weights(kind, data.dtype):
            of = "float" if data.dtype.is_float else data.dtype.label
            return f"its {kind} takes no {weights.dtype.label} weights for {of} data"
    if kind == "BATCH_MATMUL":
        right = node.optional(1)
        if data is not None and right is not None and data.dtype is not right.dtype:
            types = f"{data.dtype.label} and {right.dtype.label}"
            return f"its BATCH_MATMUL takes no operands of two types, {types}"
    bias = node.optional(2) if kind == "CONV_2D" else None
    if bias is not None and bias.dtype not in _WIDE and data and data.dtype is DType.INT16:
        return f"its CONV_2D takes no {bias.dtype.label} bias for int16 data"
    if result is None:
        return None
    if kind in _SCALED and result.dtype in (DType.INT8, DType.INT16) and not result.scales:
        return f"its {kind} takes no {result.dtype.label} tensors without a scale"
    made = _REQUANTIZED.get(data.dtype) if kind == "QUANTIZE" and data else _MADE.get(kind)
    if made is not None and result.dtype not in made:
        return f"its {kind} makes no {result.dtype.label} data" + (
            f" of {data.dtype.label}" if kind == "QUANTIZE" and data is not None else ""
        )
    return None


def _data(node: KernelNode) -> TfliteTensor | None:
    if node.native in _BY_RESULT:
        return node.outputs[0] if node.outputs else None
    return node.optional(_DATA.get(node.native, 0))


def _weights(kind: str, data: DType) -> frozenset[DType]:
    """Types of weights that go with data of a type that the kernel takes."""
    taken = _WEIGHTS[data]
    return taken - {DType.INT4} if kind == "TRANSPOSE_CONV" else taken
