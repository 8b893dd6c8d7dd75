"""The random operators of int8 again, of floats; and those that only floats have."""

from collections.abc import Callable
from typing import Any

import numpy as np

from support.further_operators import FURTHER
from support.int8_layers import quantised
from support.int8_operators import OPERATORS as QUANTISED
from support.one_operator import numbers, one_operator
from support.tflite_writer import T

Maker = Callable[[int], bytes]
_GEOMETRIES = (
    *("convolution", "depthwise", "transposed_convolution", "fully_connected", "pool", "softmax"),
    *("mean", "addition", "multiplication", "sigmoid", "concatenation", "padding"),
    *("transposition", "cut", "resizing", "interpolation", "product", "sloped", "mirrored"),
)
_UNARY = (
    *("ABS", "CEIL", "COS", "ELU", "EXP", "FLOOR", "HARD_SWISH", "LOG", "NEG", "RELU", "RELU6"),
    *("RSQRT", "SIN", "SQRT", "SQUARE", "TANH", "LOG_SOFTMAX", "ROUND", "L2_NORMALIZATION"),
)


def as_float(model: bytes, seed: int) -> bytes:
    """A file whose quantised tensors are of floats, the constants among them random."""
    import ai_edge_litert.schema_py_generated as schema
    import flatbuffers

    random = np.random.default_rng(seed)
    read: Any = schema.ModelT.InitFromPackedBuf(model, 0)
    for tensor in read.subgraphs[0].tensors:
        if tensor.quantization is None or tensor.quantization.scale is None:
            continue
        tensor.type, tensor.quantization = schema.TensorType.FLOAT32, None
        buffer = read.buffers[tensor.buffer]
        if buffer.data is not None and len(buffer.data):
            values = random.normal(size=tuple(tensor.shape)).astype("<f4")
            buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    builder = flatbuffers.Builder(1 << 12)
    builder.Finish(read.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _again(maker: Maker) -> Maker:
    return lambda seed: as_float(maker(seed), seed)


def _function(name: str, union: str = "", **slots: Any) -> Maker:
    """A function of one operand."""

    def maker(seed: int) -> bytes:
        shape = (3, 5 + seed)
        operand, result = (T("", shape, "float32") for _ in range(2))
        options = {int(slot[1:]): value for slot, value in slots.items()}
        return one_operator(name, [operand], [result], union, options)

    return maker


def _spread(name: str, union: str = "") -> Maker:
    """A function of two operands, one of which is one row for all."""

    def maker(seed: int) -> bytes:
        shapes = [(2, 3, 4), (1, 4)]
        operands = [T("", shape, "float32") for shape in shapes[:: 1 if seed % 2 else -1]]
        return one_operator(name, operands, [T("", (2, 3, 4), "float32")], union)

    return maker


def _converted(quantises: bool) -> Maker:
    """Floats as int8, or int8 as floats."""

    def maker(seed: int) -> bytes:
        random = np.random.default_rng(seed)
        real, stored = T("", (3, 40), "float32"), quantised(random, (3, 40))
        tensors = [real, stored] if quantises else [stored, real]
        name = "QUANTIZE" if quantises else "DEQUANTIZE"
        return one_operator(name, tensors[:1], tensors[1:], f"{name.capitalize()}Options")

    return maker


def _reduction(name: str) -> Maker:
    """Along one axis of three, or two side by side."""

    def maker(seed: int) -> bytes:
        axes = [(0,), (1,), (2,), (0, 1), (1, 2), (-1,)][seed % 6]
        shape = (2, 3, 4)
        left = tuple(n for i, n in enumerate(shape) if i not in {axis % 3 for axis in axes})
        operand, result = T("", shape, "float32"), T("", left, "float32")
        options: dict[int, tuple[str, Any]] = {0: ("bool", False)}
        return one_operator(name, [operand, numbers(*axes)], [result], "ReducerOptions", options)

    return maker


def remembered(seed: int) -> bytes:
    """UNIDIRECTIONAL_SEQUENCE_LSTM, its steps before its batches or behind them."""
    random = np.random.default_rng(seed)
    batches, steps, inputs, units = random.integers(1, 7, 4).tolist()
    time_major = bool(seed % 2)
    rows = (steps, batches) if time_major else (batches, steps)

    def drawn(*shape: int) -> T:
        return T("", shape, "float32", data=random.normal(size=shape).astype("<f4").tobytes())

    data, hidden, cell = (
        T("", shape, "float32", variable=len(shape) == 2)
        for shape in ((*rows, inputs), (batches, units), (batches, units))
    )
    matrices = [drawn(units, depth) for depth in (inputs,) * 4 + (units,) * 4]
    biases = [drawn(units) for _ in range(4)]
    parts = [data, *matrices, *[None] * 3, *biases, None, None, hidden, cell, *[None] * 4]
    clip = float(random.choice([0.0, 0.0, 0.5, 2.0]))
    return one_operator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        parts,
        [T("", (*rows, units), "float32")],
        "UnidirectionalSequenceLSTMOptions",
        {0: ("i8", 4), 1: ("f32", clip), 3: ("bool", time_major)},
    )


# Operators with a geometry of their own, and functions whose files are tried together.
LAYERS: dict[str, Maker] = {
    name: _again(maker) for name, maker in {**QUANTISED, **FURTHER}.items() if name in _GEOMETRIES
}
LAYERS["remembered"] = remembered
SIMPLE: dict[str, list[Maker]] = {
    "unary": [
        *map(_function, _UNARY),
        _function("LEAKY_RELU", "LeakyReluOptions", s0=("f32", 0.3)),
    ],
    "binary": [
        *(_spread(name) for name in ("MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE") for _ in range(2)),
        *(_spread("DIV", "DivOptions") for _ in range(2)),
    ],
    "conversions": [_converted(bool(i % 2)) for i in range(8)],
    "reductions": [_reduction(name) for name in ("SUM", "REDUCE_MAX") for _ in range(6)],
}
