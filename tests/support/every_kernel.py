"""An operator for each builtin kernel of TFLM and type of data: what its wheel is asked about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from support.one_operator import numbers, one_operator, stored, values
from support.tflite_writer import T

TYPES = ("float32", "int8", "int16", "uint8", "int32", "int64", "bool")
POOL = {0: ("i8", 1), 1: ("i32", 1), 2: ("i32", 1), 3: ("i32", 1), 4: ("i32", 1)}
CONV = {0: ("i8", 1), 1: ("i32", 1), 2: ("i32", 1)}
# What these work on is no tensor of data, or their inputs belong to a loop or a variable.
WITHOUT_DATA = ("CALL_ONCE", "IF", "READ_VARIABLE", "SHAPE", "VAR_HANDLE", "WHILE")

_UNARY = (
    *("ABS", "CEIL", "COS", "ELU", "EXP", "FLOOR", "HARD_SWISH", "L2_NORMALIZATION", "LOG"),
    *("LOGICAL_NOT", "NEG", "RELU", "RELU6", "ROUND", "RSQRT", "SIN", "SQRT"),
    *("SQUARE", "ZEROS_LIKE"),
)
_BINARY = {
    **{"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions"},
    **dict.fromkeys(("FLOOR_DIV", "FLOOR_MOD", "LOGICAL_AND", "LOGICAL_OR", "ADD_N"), ""),
    **dict.fromkeys(("MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE"), ""),
}
_COMPARISONS = ("EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL")
_REDUCTIONS = ("MEAN", "SUM", "REDUCE_ALL", "REDUCE_MAX", "REDUCE_MIN")


@dataclass(frozen=True)
class Asked:
    """One operator with the tensors around it, as ``one_operator`` takes them."""

    name: str
    inputs: Sequence[T | None]
    outputs: Sequence[T]
    union: str = ""
    options: dict[int, tuple[str, Any]] = field(default_factory=dict)

    @property
    def file(self) -> bytes:
        return one_operator(self.name, self.inputs, self.outputs, self.union, self.options)

    def with_input(self, index: int, **changes: Any) -> "Asked":
        """The same with another input."""
        inputs = list(self.inputs)
        inputs[index] = replace(self.inputs[index], **changes)
        return replace(self, inputs=inputs)


def table(rows: Sequence[Sequence[int]]) -> T:
    """A constant matrix of int32."""
    found = numbers(*(n for row in rows for n in row))
    found.shape = (len(rows), len(rows[0]))
    return found


def _shares(kind: str, *shape: int) -> T:
    """What a softmax or a sigmoid makes: numbers between 0 and 1, on the scale that it asks for."""
    found = values(kind, *shape, scale=1 / 32768 if kind == "int16" else 1 / 256)
    found.zero_point = -128 if kind == "int8" else 0
    return found


def _logarithms(kind: str, *shape: int) -> T:
    """What a softmax makes before it is raised to a power, on the scale that it asks for."""
    return replace(values(kind, *shape, scale=1 / 16), zero_point=127 if kind == "int8" else 0)


def _bias(kind: str, count: int) -> T:
    """A bias; integers are on the scale of the products of data and weights."""
    return replace(stored(kind, count), scales=() if kind == "float32" else (0.25,))


def kernels_of(kind: str) -> Iterator[Asked]:
    """Each kernel that works on data, with data of this type."""
    data, flat = values(kind, 1, 4, 4, 8), values(kind, 4, 8)
    weights = "float32" if kind == "float32" else "int8"
    bias = {"float32": "float32", "int16": "int64"}.get(kind, "int32")
    one = values(kind, 1, 1, 1, 8)
    for name in _UNARY:
        yield Asked(name, [data], [data])
    for name, union in _BINARY.items():
        yield Asked(name, [data, data], [data], union, {0: ("i8", 0)} if union else {})
    for name in _COMPARISONS:
        yield Asked(name, [data, data], [values("bool", 1, 4, 4, 8)])
    for name in _REDUCTIONS:
        options = {0: ("bool", True)}
        yield Asked(name, [data, numbers(1, 2)], [one], "ReducerOptions", options)
    for name in ("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"):
        yield Asked(name, [data], [data], "Pool2DOptions", POOL)
    for name, union in (("ARG_MAX", "ArgMaxOptions"), ("ARG_MIN", "ArgMinOptions")):
        made = values("int32", 1, 4, 4)
        yield Asked(name, [data, numbers(3)], [made], union, {0: ("i8", 2)})
    six, eight = (_bias(bias, count) for count in (6, 8))
    filters = stored(weights, 6, 1, 1, 8)
    made = values(kind, 1, 4, 4, 6)
    rows: tuple[tuple[Any, ...], ...] = (
        ("BATCH_MATMUL", [values(kind, 1, 4, 3), values(kind, 1, 3, 5)], [values(kind, 1, 4, 5)],
         "BatchMatMulOptions", {0: ("bool", False)}),
        ("BATCH_TO_SPACE_ND", [values(kind, 4, 2, 2, 8), numbers(2, 2), stored("int32", 2, 2)],
         [data], "", {}),
        ("BROADCAST_ARGS", [stored(kind, 2), stored(kind, 2)], [values(kind, 2)], "", {}),
        ("BROADCAST_TO", [values(kind, 1, 8), numbers(5, 8)], [values(kind, 5, 8)], "", {}),
        ("CAST", [data], [values("float32", 1, 4, 4, 8)], "", {}),
        ("CONCATENATION", [data, data], [values(kind, 1, 4, 4, 16)], "ConcatenationOptions",
         {0: ("i32", 3)}),
        ("CONV_2D", [data, filters, six], [made], "Conv2DOptions", CONV),
        ("CUMSUM", [data, stored("int32")], [data], "", {}),
        ("DEPTHWISE_CONV_2D", [data, stored(weights, 1, 1, 1, 8), eight], [data],
         "DepthwiseConv2DOptions", {**CONV, 3: ("i32", 1)}),
        ("DEPTH_TO_SPACE", [data], [values(kind, 1, 8, 8, 2)], "DepthToSpaceOptions",
         {0: ("i32", 2)}),
        ("DEQUANTIZE", [data], [values("float32", 1, 4, 4, 8)], "", {}),
        ("DYNAMIC_UPDATE_SLICE", [data, values(kind, 1, 2, 2, 8), numbers(0, 1, 1, 0)], [data],
         "", {}),
        ("EMBEDDING_LOOKUP", [numbers(1, 0), stored(kind, 4, 8)], [values(kind, 2, 8)], "", {}),
        ("EXPAND_DIMS", [data, numbers(0)], [values(kind, 1, 1, 4, 4, 8)], "", {}),
        ("FILL", [numbers(2, 3), values(kind)], [values(kind, 2, 3)], "", {}),
        ("FULLY_CONNECTED", [values(kind, 1, 8), stored(weights, 6, 8), six],
         [values(kind, 1, 6)], "FullyConnectedOptions", {0: ("i8", 0)}),
        ("GATHER", [flat, numbers(0, 3)], [values(kind, 2, 8)], "GatherOptions", {0: ("i32", 0)}),
        ("GATHER_ND", [flat, stored("int32", 2, 1)], [values(kind, 2, 8)], "", {}),
        ("LEAKY_RELU", [data], [data], "LeakyReluOptions", {0: ("f32", 0.1)}),
        ("LOGISTIC", [data], [_shares(kind, 1, 4, 4, 8)], "", {}),
        ("LOG_SOFTMAX", [data], [_logarithms(kind, 1, 4, 4, 8)], "", {}),
        ("MIRROR_PAD", [flat, table([(1, 1), (0, 0)])], [values(kind, 6, 8)], "MirrorPadOptions",
         {0: ("i8", 0)}),
        ("PACK", [flat, flat], [values(kind, 2, 4, 8)], "PackOptions",
         {0: ("i32", 2), 1: ("i32", 0)}),
        ("PAD", [flat, table([(1, 1), (0, 0)])], [values(kind, 6, 8)], "", {}),
        ("PADV2", [flat, table([(1, 1), (0, 0)]), values(kind, 1)], [values(kind, 6, 8)], "", {}),
        ("PRELU", [data, stored("int8" if kind == "int16" else kind, 1, 1, 8)], [data], "", {}),
        ("QUANTIZE", [data], [values("int8", 1, 4, 4, 8)], "", {}),
        ("RESHAPE", [data, numbers(8, 16)], [values(kind, 8, 16)], "", {}),
        ("RESIZE_BILINEAR", [data, numbers(8, 8)], [values(kind, 1, 8, 8, 8)],
         "ResizeBilinearOptions", {2: ("bool", False)}),
        ("RESIZE_NEAREST_NEIGHBOR", [data, numbers(8, 8)], [values(kind, 1, 8, 8, 8)],
         "ResizeNearestNeighborOptions", {0: ("bool", False)}),
        ("REVERSE_V2", [data, numbers(2)], [data], "", {}),
        ("SELECT_V2", [values("bool", 4, 8), flat, flat], [flat], "", {}),
        ("SLICE", [flat, numbers(1, 2), numbers(2, 3)], [values(kind, 2, 3)], "", {}),
        ("SOFTMAX", [data], [_shares(kind, 1, 4, 4, 8)], "SoftmaxOptions", {0: ("f32", 1.0)}),
        ("SPACE_TO_BATCH_ND", [data, numbers(2, 2), stored("int32", 2, 2)],
         [values(kind, 4, 2, 2, 8)], "", {}),
        ("SPACE_TO_DEPTH", [data], [values(kind, 1, 2, 2, 32)], "SpaceToDepthOptions",
         {0: ("i32", 2)}),
        ("SPLIT", [numbers(3), data], [values(kind, 1, 4, 4, 4)] * 2, "SplitOptions",
         {0: ("i32", 2)}),
        ("SPLIT_V", [data, numbers(3, 5), numbers(3)],
         [values(kind, 1, 4, 4, 3), values(kind, 1, 4, 4, 5)], "SplitVOptions", {0: ("i32", 2)}),
        ("SQUEEZE", [data], [values(kind, 4, 4, 8)], "SqueezeOptions", {0: ("i32s", [0])}),
        ("STRIDED_SLICE", [flat, numbers(1, 2), numbers(3, 5), numbers(1, 1)],
         [values(kind, 2, 3)], "StridedSliceOptions", {}),
        ("SVDF", [values(kind, 1, 8), stored(weights, 12, 8),
                  stored("float32" if kind == "float32" else "int16", 12, 5),
                  six, _state(kind, 1, 60)], [values(kind, 1, 6)], "SVDFOptions",
         {0: ("i32", 2), 1: ("i8", 1)}),
        ("TANH", [data], [values(kind, 1, 4, 4, 8, scale=1 / (32768 if kind == "int16" else 128))],
         "", {}),
        ("TRANSPOSE", [flat, numbers(1, 0)], [values(kind, 8, 4)], "", {}),
        ("TRANSPOSE_CONV", [numbers(1, 4, 4, 6), filters, data], [made], "TransposeConvOptions",
         CONV),
        ("UNIDIRECTIONAL_SEQUENCE_LSTM", *_lstm(kind, weights)),
        ("UNPACK", [values(kind, 2, 8)], [values(kind, 8)] * 2, "UnpackOptions",
         {0: ("i32", 2), 1: ("i32", 0)}),
    )  # fmt: skip
    for row in rows:
        yield Asked(*row)


def _state(kind: str, *shape: int) -> T:
    found = values("float32" if kind == "float32" else "int16", *shape)
    found.variable = True
    return found


def _lstm(
    kind: str, weights: str
) -> tuple[list[T | None], list[T], str, dict[int, tuple[str, Any]]]:
    """An LSTM of four units: gates of input and state, no peepholes, no projection."""
    given = [stored(weights, 4, 6) for _ in range(4)]
    kept = [stored(weights, 4, 4) for _ in range(4)]
    biases = [stored("float32" if kind == "float32" else "int32", 4) for _ in range(4)]
    hidden, cell = values(kind, 1, 4), _state(kind, 1, 4)
    hidden.variable = True
    if kind != "float32":
        cell.scales = (1 / 2048,)
    data, left_out = values(kind, 1, 3, 6), [None] * 3
    inputs = [data, *given, *kept, *left_out, *biases, None, None, hidden, cell, *left_out, None]
    options = {0: ("i8", 4), 3: ("bool", False)}
    return inputs, [values(kind, 1, 3, 4)], "UnidirectionalSequenceLSTMOptions", options
