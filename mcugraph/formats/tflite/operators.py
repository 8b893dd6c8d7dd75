"""TFLite operators in the words of ``mcugraph.ops``: one line or function a builtin code.

Sources: the TFLite schema (schema_v3), and the reference kernels where the schema is silent.
Arguments that a file computes at run time are taken from the shape of the result it declares.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mcugraph.errors import GraphError
from mcugraph.formats.tflite.reader import options
from mcugraph.ir import Array, DType, Op, Shape, Tensor, TensorType
from mcugraph.ops.base import Padding
from mcugraph.ops.control import Call, If, Loop, Results
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.creation import Fill, Generate, OneHot, ShapeOf
from mcugraph.ops.elementwise import Convert, Elementwise
from mcugraph.ops.linear import Dense, MatMul
from mcugraph.ops.movement import (
    BatchToSpace,
    DepthToSpace,
    Expand,
    Reshape,
    Reverse,
    SpaceToBatch,
    SpaceToDepth,
    Squeeze,
    Transpose,
    Unsqueeze,
)
from mcugraph.ops.normalization import Normalization
from mcugraph.ops.pooling import Pool
from mcugraph.ops.recurrent import Recurrent, Svdf
from mcugraph.ops.reduction import Cumulate, Reduce, TopK
from mcugraph.ops.selection import (
    Concat,
    Gather,
    GatherNd,
    Pad,
    Resize,
    Scatter,
    Slice,
    Split,
    Stack,
    Tile,
    Unstack,
)
from mcugraph.ops.variables import Variable

_ACTIVATIONS = (None, "relu", "relu_n1_to_1", "relu6", "tanh", "sign_bit")
_PADDINGS: tuple[Padding, Padding] = ("same", "valid")


@dataclass(frozen=True, slots=True)
class Node:
    """One operator of the file, as the translations below see it."""

    operator: Any
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    values: tuple[Array | None, ...]
    subgraphs: tuple[str, ...]
    variable: str | None

    def options(self, name: str) -> Any:
        """The builtin options, by the name of their table without ``Options``."""
        return options(self.operator, f"{name}Options")

    def shape(self, index: int) -> Shape:
        """The shape of an input."""
        tensor = self.inputs[index] if index < len(self.inputs) else None
        if tensor is None or tensor.shape is None:
            raise GraphError(f"input {index} has no shape")
        return tensor.shape

    def result(self) -> Shape:
        """The shape that the file declares for the first output."""
        if self.outputs[0].shape is None:
            raise GraphError("the result has no shape")
        return self.outputs[0].shape

    def ints(self, index: int) -> tuple[int, ...] | None:
        """The value of an input as a flat tuple of ints; None where it is no constant."""
        value = self.values[index] if index < len(self.values) else None
        return None if value is None else tuple(int(v) for v in value.ravel())

    def constant(self, index: int) -> tuple[int, ...]:
        """The value of an input that has to be a constant."""
        value = self.ints(index)
        if value is None:
            raise Computed(index)
        return value

    def pairs(self, index: int) -> tuple[tuple[int, int], ...]:
        """The value of an input of shape (n, 2), such as paddings."""
        flat = self.constant(index)
        return tuple(zip(flat[::2], flat[1::2], strict=True))


# An operator, and where the order of its inputs differs from the file's: which of those goes where.
Translation = Op | tuple[Op, tuple[int, ...]]


class Computed(Exception):  # noqa: N818 - no error: the operator then stays opaque
    """An argument that is needed as a constant is computed at run time."""


def activation(options: Any) -> str | None:
    """The activation fused into an operator."""
    return _ACTIVATIONS[options.FusedActivationFunction()]


def _conv(node: Node) -> Op:
    o = node.options("Conv2D")
    channels, depth = node.shape(0)[-1], node.shape(1)[-1]
    return Conv(
        strides=(o.StrideH(), o.StrideW()),
        dilations=(o.DilationHFactor(), o.DilationWFactor()),
        padding=_PADDINGS[o.Padding()],
        groups=max(channels // depth, 1) if depth else 1,
        channel_axis=-1,
        weight_out=0,
        weight_in=-1,
        activation=activation(o),
    )


def _depthwise(node: Node) -> Op:
    o = node.options("DepthwiseConv2D")
    return Conv(
        strides=(o.StrideH(), o.StrideW()),
        dilations=(o.DilationHFactor(), o.DilationWFactor()),
        padding=_PADDINGS[o.Padding()],
        groups=node.shape(0)[-1],
        depthwise=True,
        channel_axis=-1,
        weight_out=-1,
        weight_in=0,
        activation=activation(o),
    )


def _conv3d(node: Node) -> Op:
    o = node.options("Conv3D")
    return Conv(
        strides=(o.StrideD(), o.StrideH(), o.StrideW()),
        dilations=(o.DilationDFactor(), o.DilationHFactor(), o.DilationWFactor()),
        padding=_PADDINGS[o.Padding()],
        channel_axis=-1,
        weight_out=-1,
        weight_in=-2,
        activation=activation(o),
    )


def _dense(node: Node) -> Op:
    o = node.options("FullyConnected")
    return Dense(flatten=not o.KeepNumDims(), activation=activation(o))


def _matmul(node: Node) -> Op:
    o = node.options("BatchMatMul")
    return MatMul(transpose_a=bool(o.AdjX()), transpose_b=bool(o.AdjY()))


def _arithmetic(function: str, table: str) -> Callable[[Node], Op]:
    return lambda node: Elementwise(function, activation(node.options(table)))


def _function(function: str) -> Callable[[Node], Op]:
    return lambda node: Elementwise(function)


def _convert(function: str) -> Callable[[Node], Op]:
    return lambda node: Convert(function, node.outputs[0].dtype)


def _normalization(function: str) -> Callable[[Node], Op]:
    return lambda node: Normalization(function)


def _pool(function: str) -> Callable[[Node], Op]:
    def translate(node: Node) -> Op:
        o = node.options("Pool2D")
        return Pool(
            function,
            window=(o.FilterHeight(), o.FilterWidth()),
            strides=(o.StrideH(), o.StrideW()),
            padding=_PADDINGS[o.Padding()],
            channel_axis=-1,
            activation=activation(o),
        )

    return translate


def _reduce(function: str) -> Callable[[Node], Op]:
    def translate(node: Node) -> Op:
        keep = bool(node.options("Reducer").KeepDims())
        return Reduce(function, node.constant(1), keep)

    return translate


def _arg(function: str) -> Callable[[Node], Op]:
    return lambda node: Reduce(function, node.constant(1), dtype=node.outputs[0].dtype)


def _reshape(node: Node) -> Op:
    target = node.ints(1)
    if target is None:
        given = node.options("Reshape").NewShapeAsNumpy()
        # Old files leave a target of [0] for a scalar; a computed one is as declared.
        usable = len(node.inputs) < 2 and hasattr(given, "tolist") and given.tolist() != [0]
        target = tuple(given.tolist()) if usable else node.result()
    return Reshape(target)


def _squeeze(node: Node) -> Op:
    axes = node.options("Squeeze").SqueezeDimsAsNumpy()
    return Squeeze(tuple(axes.tolist()) if hasattr(axes, "tolist") and len(axes) else None)


def _strided_slice(node: Node) -> Op:
    o = node.options("StridedSlice")
    begin, end, strides = node.constant(1), node.constant(2), node.constant(3)
    index: list[slice | int | None] = []
    new_axes = bin(o.NewAxisMask() & ((1 << len(begin)) - 1) & ~o.EllipsisMask()).count("1")
    for i, (start, stop, step) in enumerate(zip(begin, end, strides, strict=True)):
        bit = 1 << i
        if o.EllipsisMask() & bit:
            index += [slice(None)] * (len(node.shape(0)) - (len(begin) - 1 - new_axes))
        elif o.NewAxisMask() & bit:
            index.append(None)
        elif o.ShrinkAxisMask() & bit:
            index.append(start)
        else:
            first = None if o.BeginMask() & bit else start
            last = None if o.EndMask() & bit else stop + (start if o.Offset() else 0)
            index.append(slice(first, last, step))
    return Slice(tuple(index))


def _slice(node: Node) -> Op:
    begin, size = node.constant(1), node.constant(2)
    pairs = zip(begin, size, strict=True)
    return Slice(tuple(slice(b, None if n == -1 else b + n) for b, n in pairs))


def _pad(node: Node) -> Op:
    return Pad(node.pairs(1))


def _mirror_pad(node: Node) -> Op:
    modes = ("reflect", "symmetric")
    return Pad(node.pairs(1), modes[node.options("MirrorPad").Mode()])


def _resize(method: str) -> Callable[[Node], Op]:
    def translate(node: Node) -> Op:
        size = node.ints(1) or node.result()[1:3]
        shape = node.shape(0)
        return Resize(method, (-1, *size, *(-1,) * (len(shape) - 3)))

    return translate


def _transpose_conv(node: Node) -> Translation:
    o = node.options("TransposeConv")
    size = node.ints(0) or node.result()
    op = ConvTranspose(
        strides=(o.StrideH(), o.StrideW()),
        dilations=(1, 1),
        padding=_PADDINGS[o.Padding()],
        channel_axis=-1,
        weight_out=0,
        weight_in=-1,
        activation=activation(o),
        output_shape=tuple(size[1:3]),
    )
    # The file's order is (output shape, weights, data, bias).
    return op, (2, 1, 3, 0)


def _split(node: Node) -> Translation:
    (axis,) = node.constant(0)
    return Split(axis, parts=len(node.outputs)), (1, 0)


def _split_v(node: Node) -> Op:
    (axis,) = node.constant(2)
    return Split(axis, sizes=node.constant(1))


def _gather(node: Node) -> Op:
    o = node.options("Gather")
    return Gather(o.Axis(), o.BatchDims() if hasattr(o, "BatchDims") else 0)


# Which inputs of an LSTM are matrices and which biases (schema: UnidirectionalSequenceLSTM).
_LSTM_MATRICES, _LSTM_BIASES = (*range(1, 9), 16), (*range(12, 16), 17)


def _lstm(node: Node) -> Op:
    # The recurrent weights of the output gate are (cells, units); a projection makes them differ.
    time_major = bool(node.options("UnidirectionalSequenceLSTM").TimeMajor())
    return _sequence("lstm", _LSTM_MATRICES, _LSTM_BIASES, node.shape(8)[1], time_major)


def _rnn(node: Node) -> Op:
    time_major = bool(node.options("SequenceRNN").TimeMajor())
    return _sequence("rnn", (1, 2), (3,), node.shape(1)[0], time_major)


def _sequence(
    cell: str, weights: tuple[int, ...], biases: tuple[int, ...], hidden: int, time_major: bool
) -> Op:
    return Recurrent(
        cell,
        weights=weights,
        biases=biases,
        hidden=hidden,
        batch_axis=1 if time_major else 0,
        time_axis=0 if time_major else 1,
    )


def _lstm_step(node: Node) -> Op:
    if node.options("LSTM").KernelType() == 1:
        # The basic kernel has one matrix, over data and previous output, for all four gates.
        matrices, biases, results = (2,), (3,), ()
        hidden = node.shape(2)[0] // 4
    else:
        matrices, biases, results = _LSTM_MATRICES, _LSTM_BIASES, ("sequence",)
        hidden = node.shape(8)[1]
    return Recurrent(
        "lstm",
        weights=matrices,
        biases=biases,
        hidden=hidden,
        batch_axis=0,
        time_axis=None,
        outputs=results,
    )


def _one_hot(node: Node) -> Op:
    return OneHot(node.constant(1)[0], node.options("OneHot").Axis())


def _variable(function: str) -> Callable[[Node], Op]:
    def translate(node: Node) -> Op:
        results = [TensorType(t.dtype, t.shape) for t in node.outputs if t.shape is not None]
        return Variable(function, node.variable, results[0] if results else None)

    return translate


def _results(node: Node) -> Results:
    return tuple((t.dtype, t.shape) for t in node.outputs)


def _batch_to_space(node: Node) -> Op:
    return BatchToSpace(node.constant(1), node.pairs(2))


def _space_to_batch(node: Node) -> Op:
    return SpaceToBatch(node.constant(1), node.pairs(2))


TRANSLATIONS: dict[str, Callable[[Node], Translation]] = {
    # linear algebra
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "CONV_3D": _conv3d,
    "TRANSPOSE_CONV": _transpose_conv,
    "FULLY_CONNECTED": _dense,
    "BATCH_MATMUL": _matmul,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
    "UNIDIRECTIONAL_SEQUENCE_RNN": _rnn,
    "LSTM": _lstm_step,
    "SVDF": lambda node: Svdf(node.options("SVDF").Rank(), activation(node.options("SVDF"))),
    # arithmetic
    "ADD": _arithmetic("add", "Add"),
    "SUB": _arithmetic("sub", "Sub"),
    "MUL": _arithmetic("mul", "Mul"),
    "DIV": _arithmetic("div", "Div"),
    "ADD_N": _function("add"),
    "CAST": _convert("cast"),
    "QUANTIZE": _convert("quantize"),
    "DEQUANTIZE": _convert("dequantize"),
    **{
        name: _function(function)
        for name, function in {
            "MAXIMUM": "maximum",
            "MINIMUM": "minimum",
            "POW": "pow",
            "SQUARED_DIFFERENCE": "squared_difference",
            "FLOOR_DIV": "floor_div",
            "FLOOR_MOD": "floor_mod",
            "ATAN2": "atan2",
            "ABS": "abs",
            "CEIL": "ceil",
            "COS": "cos",
            "EXP": "exp",
            "FLOOR": "floor",
            "LOG": "log",
            "NEG": "neg",
            "ROUND": "round",
            "RSQRT": "rsqrt",
            "SIGN": "sign",
            "SIN": "sin",
            "SQRT": "sqrt",
            "SQUARE": "square",
            "ELU": "elu",
            "GELU": "gelu",
            "HARD_SWISH": "hard_swish",
            "LEAKY_RELU": "leaky_relu",
            "LOGISTIC": "sigmoid",
            "PRELU": "prelu",
            "RELU": "relu",
            "RELU6": "relu6",
            "RELU_0_TO_1": "relu_0_to_1",
            "RELU_N1_TO_1": "relu_n1_to_1",
            "TANH": "tanh",
            "FAKE_QUANT": "fake_quant",
            "ZEROS_LIKE": "zeros_like",
            "EQUAL": "equal",
            "NOT_EQUAL": "not_equal",
            "GREATER": "greater",
            "GREATER_EQUAL": "greater_equal",
            "LESS": "less",
            "LESS_EQUAL": "less_equal",
            "LOGICAL_AND": "and",
            "LOGICAL_NOT": "not",
            "LOGICAL_OR": "or",
            "SELECT": "select",
            "SELECT_V2": "select",
            "BITWISE_XOR": "bitwise_xor",
            "RIGHT_SHIFT": "right_shift",
        }.items()
    },
    # pooling, reductions, normalisations
    "AVERAGE_POOL_2D": _pool("average"),
    "MAX_POOL_2D": _pool("max"),
    "L2_POOL_2D": _pool("lp"),
    "MEAN": _reduce("mean"),
    "SUM": _reduce("sum"),
    "REDUCE_MAX": _reduce("max"),
    "REDUCE_MIN": _reduce("min"),
    "REDUCE_PROD": _reduce("prod"),
    "REDUCE_ANY": _reduce("any"),
    "REDUCE_ALL": _reduce("all"),
    "ARG_MAX": _arg("arg_max"),
    "ARG_MIN": _arg("arg_min"),
    "CUMSUM": lambda node: Cumulate("cumsum"),
    "TOPK_V2": lambda node: TopK(node.constant(1)[0], index_dtype=node.outputs[1].dtype),
    "SOFTMAX": _normalization("softmax"),
    "LOG_SOFTMAX": _normalization("log_softmax"),
    "L2_NORMALIZATION": _normalization("l2_norm"),
    "LOCAL_RESPONSE_NORMALIZATION": _normalization("lrn"),
    # movement
    "RESHAPE": _reshape,
    "SQUEEZE": _squeeze,
    "EXPAND_DIMS": lambda node: Unsqueeze(node.constant(1)),
    "TRANSPOSE": lambda node: Transpose(node.constant(1)),
    "REVERSE_V2": lambda node: Reverse(node.constant(1)),
    "BROADCAST_TO": lambda node: Expand(node.ints(1) or node.result()),
    "DEPTH_TO_SPACE": lambda node: DepthToSpace(node.options("DepthToSpace").BlockSize(), -1),
    "SPACE_TO_DEPTH": lambda node: SpaceToDepth(node.options("SpaceToDepth").BlockSize(), -1),
    "BATCH_TO_SPACE_ND": _batch_to_space,
    "SPACE_TO_BATCH_ND": _space_to_batch,
    "CONCATENATION": lambda node: Concat(
        node.options("Concatenation").Axis(), activation(node.options("Concatenation"))
    ),
    "PACK": lambda node: Stack(node.options("Pack").Axis()),
    "UNPACK": lambda node: Unstack(node.options("Unpack").Axis()),
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "SLICE": _slice,
    "STRIDED_SLICE": _strided_slice,
    "PAD": _pad,
    "PADV2": _pad,
    "MIRROR_PAD": _mirror_pad,
    "TILE": lambda node: Tile(node.constant(1)),
    "GATHER": _gather,
    "GATHER_ND": lambda node: GatherNd(),
    "EMBEDDING_LOOKUP": lambda node: (Gather(), (1, 0)),
    "DYNAMIC_UPDATE_SLICE": lambda node: Scatter("dynamic_update_slice"),
    "RESIZE_BILINEAR": _resize("linear"),
    "RESIZE_NEAREST_NEIGHBOR": _resize("nearest"),
    # creation
    "SHAPE": lambda node: ShapeOf(node.outputs[0].dtype),
    "RANK": lambda node: ShapeOf(DType.INT32, "rank"),
    "FILL": lambda node: Fill(node.ints(0) or node.result()),
    "RANGE": lambda node: Generate("range", node.outputs[0].dtype, node.result()),
    "ONE_HOT": _one_hot,
    # state and control
    "VAR_HANDLE": _variable("var_handle"),
    "READ_VARIABLE": _variable("read_variable"),
    "ASSIGN_VARIABLE": _variable("assign_variable"),
    "CALL_ONCE": lambda node: Call(node.subgraphs, function="call_once"),
    "IF": lambda node: If(node.subgraphs, _results(node)),
    "WHILE": lambda node: Loop(node.subgraphs, _results(node)),
    "STABLEHLO_COMPOSITE": lambda node: Call(node.subgraphs, _results(node), "composite"),
}
