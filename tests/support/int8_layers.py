"""Random layers of int8, one a file: what has weights, or a memory, of its own.

Where a type can be given, it is that of data and results.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from support.one_operator import numbers, one_operator
from support.tflite_writer import T

Random = np.random.Generator
_BIASES = {"int8": "int32", "int16": "int64"}  # by the type of data


def quantised(
    random: Random, shape: tuple[int, ...], scale: float | None = None, dtype: str = "int8"
) -> T:
    """An activation with a scale of its own; and with a zero point, if it is of int8."""
    chosen = float(np.float32(random.uniform(0.01, 0.1) if scale is None else scale))
    zero = int(random.integers(-128, 128))
    if dtype != "int8":
        return T("", shape, dtype, scales=(float(np.float32(chosen / 256)),))
    return T("", shape, scales=(chosen,), zero_point=zero)


def _weights(
    random: Random, shape: tuple[int, ...], scales: int, axis: int, zeros: float = 0.0
) -> T:
    data = random.integers(-127, 128, shape, np.int8)
    if zeros:
        data[random.uniform(size=shape) < zeros] = 0
    found = tuple(np.float32(random.uniform(0.001, 0.02, scales)).tolist())
    return T("", shape, data=data.tobytes(), scales=found, axis=axis)


def _bias(random: Random, count: int, scale: float, dtype: str) -> T:
    most = 4000 if dtype == "int32" else 4_000_000
    data = random.integers(-most, most, count, dtype)
    return T("", (count,), dtype, data=data.tobytes(), scales=(scale,))


def _windows(size: int, window: int, stride: int, dilation: int, same: bool) -> int:
    reach = (window - 1) * dilation + 1
    return -(-size // stride) if same else (size - reach) // stride + 1


def slid(random: Random, dilated: bool) -> tuple[Any, ...]:
    """Rows, columns, window, strides, dilations, SAME, and the rows and columns of the result."""
    window = random.integers(1, 5, 2).tolist()
    strides = random.integers(1, 4, 2).tolist()
    dilations = random.integers(1, 3, 2).tolist() if dilated else [1, 1]
    if dilated and max(dilations) > 1:
        strides = [1, 1]
    size = (
        random.integers(1, 7, 2) + [(w - 1) * d for w, d in zip(window, dilations, strict=True)]
    ).tolist()
    same = bool(random.integers(2))
    made = [
        _windows(n, w, s, d, same)
        for n, w, s, d in zip(size, window, strides, dilations, strict=True)
    ]
    return size, window, strides, dilations, same, made


def _layer(random: Random, data: T, weights: T, units: int) -> list[T]:
    """What a layer reads: data, weights and mostly a bias."""
    scale, kind = data.scales[0] * weights.scales[0], _BIASES[data.dtype]
    return [data, weights, *([_bias(random, units, scale, kind)] if random.integers(4) else [])]


def convolution(seed: int, zeros: float = 0.0, dtype: str = "int8") -> bytes:
    """CONV_2D: with padding or without, dilated, grouped, by channel or as a whole."""
    random = np.random.default_rng(seed)
    size, window, strides, dilations, same, made = slid(random, dilated=True)
    groups = int(random.choice([1, 1, 1, 2, 3]))
    depth, channels = int(random.integers(1, 7)), groups * int(random.integers(1, 6))
    batches = int(random.integers(1, 3))
    by_channel = bool(random.integers(2))
    weights = _weights(random, (channels, *window, depth), channels if by_channel else 1, 0, zeros)
    return one_operator(
        "CONV_2D",
        _layer(
            random,
            quantised(random, (batches, *size, depth * groups), dtype=dtype),
            weights,
            channels,
        ),
        [quantised(random, (batches, *made, channels), dtype=dtype)],
        "Conv2DOptions",
        {
            0: ("i8", 0 if same else 1),
            1: ("i32", strides[1]),
            2: ("i32", strides[0]),
            3: ("i8", int(random.choice([0, 1, 2, 3]))),
            4: ("i32", dilations[1]),
            5: ("i32", dilations[0]),
        },
    )


def depthwise(seed: int, dtype: str = "int8") -> bytes:
    """DEPTHWISE_CONV_2D, of one output channel an input channel or of more."""
    random = np.random.default_rng(seed)
    size, window, strides, dilations, same, made = slid(random, dilated=True)
    channels, each = int(random.integers(1, 12)), int(random.choice([1, 1, 2, 3]))
    count = channels * each
    weights = _weights(random, (1, *window, count), count if random.integers(2) else 1, 3)
    return one_operator(
        "DEPTHWISE_CONV_2D",
        _layer(random, quantised(random, (1, *size, channels), dtype=dtype), weights, count),
        [quantised(random, (1, *made, count), dtype=dtype)],
        "DepthwiseConv2DOptions",
        {
            0: ("i8", 0 if same else 1),
            1: ("i32", strides[1]),
            2: ("i32", strides[0]),
            3: ("i32", each),
            4: ("i8", int(random.choice([0, 1, 2, 3]))),
            5: ("i32", dilations[1]),
            6: ("i32", dilations[0]),
        },
    )


def fully_connected(seed: int, zeros: float = 0.0, most: int = 20, dtype: str = "int8") -> bytes:
    """FULLY_CONNECTED of some rows."""
    random = np.random.default_rng(seed)
    rows, units = (int(n) for n in random.integers(1, 20, 2))
    depth = int(random.integers(1, most))
    weights = _weights(random, (units, depth), units if random.integers(2) else 1, 0, zeros)
    return one_operator(
        "FULLY_CONNECTED",
        _layer(random, quantised(random, (rows, depth), dtype=dtype), weights, units),
        [quantised(random, (rows, units), dtype=dtype)],
        "FullyConnectedOptions",
        {0: ("i8", int(random.choice([0, 1, 2, 3])))},
    )


def transposed_convolution(seed: int, dtype: str = "int8") -> bytes:
    """TRANSPOSE_CONV, with padding or without."""
    random = np.random.default_rng(seed)
    size, window = random.integers(1, 5, 2), random.integers(1, 5, 2)
    strides = random.integers(1, 4, 2)
    same = bool(random.integers(2))
    made = (size * strides if same else (size - 1) * strides + window).tolist()
    depth, channels = (int(n) for n in random.integers(1, 6, 2))
    weights = _weights(random, (channels, *window.tolist(), depth), channels, 0)
    data = quantised(random, (2, *size.tolist(), depth), dtype=dtype)
    inputs = [numbers(2, *made, channels), weights, data]
    if random.integers(3):
        inputs.append(_bias(random, channels, 0.001, _BIASES[dtype]))
    return one_operator(
        "TRANSPOSE_CONV",
        inputs,
        [quantised(random, (2, *made, channels), dtype=dtype)],
        "TransposeConvOptions",
        {
            0: ("i8", 0 if same else 1),
            1: ("i32", int(strides[1])),
            2: ("i32", int(strides[0])),
        },
    )


def sparse_convolution(seed: int) -> bytes:
    """CONV_2D, most of whose weights are zero."""
    return convolution(seed, 0.85)


def sparse_fully_connected(seed: int) -> bytes:
    """FULLY_CONNECTED, most of whose weights are zero, in short rows or long ones."""
    return fully_connected(seed, 0.9, 20 if seed % 2 else 600)


def filtered(seed: int) -> bytes:
    """SVDF, its state of int8 or int16."""
    random = np.random.default_rng(seed)
    batches, inputs, units, rank, memory = random.integers(1, 7, 5).tolist()
    filters, wide = units * rank, bool(seed % 2)
    data = quantised(random, (batches, inputs))
    features = _weights(random, (filters, inputs), 1, 0)
    kind, most = (np.int16, 2000) if wide else (np.int8, 127)
    values = random.integers(-most, most + 1, (filters, memory), kind)
    dtype = np.dtype(kind).name
    times = T("", values.shape, dtype, data=values.tobytes(), scales=(0.0005,))
    kept = (batches, filters * memory)
    state = T("", kept, dtype, variable=True, scales=(0.02,), zero_point=0 if wide else 3)
    return one_operator(
        "SVDF",
        [data, features, times, _bias(random, units, 0.02 * 0.0005, "int32"), state],
        [quantised(random, (batches, units))],
        "SVDFOptions",
        {0: ("i32", rank), 1: ("i8", 0)},
    )


def remembered(
    seed: int, cell_scale: float | None = None, activation: int = 4, dtype: str = "int8"
) -> bytes:
    """UNIDIRECTIONAL_SEQUENCE_LSTM, its steps before its batches or behind them."""
    random = np.random.default_rng(seed)
    batches, steps, inputs, units = random.integers(1, 7, 4).tolist()
    time_major = bool(seed % 2)
    rows = (steps, batches) if time_major else (batches, steps)
    scales = random.uniform(0.002, 0.03, 9).tolist()
    data = quantised(random, (*rows, inputs), scales[8], dtype)
    kept = 2.0 ** -int(random.integers(9, 14)) if cell_scale is None else cell_scale
    cell = T("", (batches, units), "int16", variable=True, scales=(kept,))
    hidden = replace(quantised(random, (batches, units), 1 / 128, dtype), variable=True)
    weights = [
        replace(_weights(random, (units, depth), 1, 0), scales=(scales.pop(),))
        for depth in (inputs,) * 4 + (units,) * 4
    ]
    products = [data.scales[0] * by.scales[0] for by in weights[:4]]
    biases = [_bias(random, units, product, _BIASES[dtype]) for product in products]
    parts = [data, *weights, *[None] * 3, *biases, None, None, hidden, cell, *[None] * 4]
    clip = float(random.choice([0.0, 0.0, 0.5, 2.0]))
    return one_operator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        parts,
        [replace(hidden, shape=(*rows, units), variable=False)],
        "UnidirectionalSequenceLSTMOptions",
        {0: ("i8", activation), 1: ("f32", clip), 3: ("bool", time_major)},
    )
