"""Random operators of int8, one a file: geometry, scales and values differ with the seed."""

from typing import Any

import numpy as np

from support.one_operator import numbers, one_operator
from support.tflite_writer import T

Random = np.random.Generator


def quantised(random: Random, shape: tuple[int, ...], scale: float | None = None) -> T:
    """An activation with a scale and a zero point of its own."""
    chosen = float(np.float32(random.uniform(0.01, 0.1) if scale is None else scale))
    return T("", shape, scales=(chosen,), zero_point=int(random.integers(-128, 128)))


def _weights(random: Random, shape: tuple[int, ...], scales: int, axis: int) -> T:
    data = random.integers(-127, 128, shape, np.int8)
    found = tuple(np.float32(random.uniform(0.001, 0.02, scales)).tolist())
    return T("", shape, data=data.tobytes(), scales=found, axis=axis)


def _bias(random: Random, count: int, scale: float) -> T:
    data = random.integers(-4000, 4000, count, np.int32)
    return T("", (count,), "int32", data=data.tobytes(), scales=(scale,))


def _windows(size: int, window: int, stride: int, dilation: int, same: bool) -> int:
    reach = (window - 1) * dilation + 1
    return -(-size // stride) if same else (size - reach) // stride + 1


def _slid(random: Random, dilated: bool) -> tuple[Any, ...]:
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
    scale = data.scales[0] * weights.scales[0]
    return [data, weights, *([_bias(random, units, scale)] if random.integers(4) else [])]


def convolution(seed: int) -> bytes:
    """CONV_2D: with padding or without, dilated, grouped, by channel or as a whole."""
    random = np.random.default_rng(seed)
    size, window, strides, dilations, same, made = _slid(random, dilated=True)
    groups = int(random.choice([1, 1, 1, 2, 3]))
    depth, channels = int(random.integers(1, 7)), groups * int(random.integers(1, 6))
    batches = int(random.integers(1, 3))
    by_channel = bool(random.integers(2))
    weights = _weights(random, (channels, *window, depth), channels if by_channel else 1, 0)
    return one_operator(
        "CONV_2D",
        _layer(random, quantised(random, (batches, *size, depth * groups)), weights, channels),
        [quantised(random, (batches, *made, channels))],
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


def depthwise(seed: int) -> bytes:
    """DEPTHWISE_CONV_2D, of one output channel an input channel or of more."""
    random = np.random.default_rng(seed)
    size, window, strides, dilations, same, made = _slid(random, dilated=True)
    channels, each = int(random.integers(1, 12)), int(random.choice([1, 1, 2, 3]))
    count = channels * each
    weights = _weights(random, (1, *window, count), count if random.integers(2) else 1, 3)
    return one_operator(
        "DEPTHWISE_CONV_2D",
        _layer(random, quantised(random, (1, *size, channels)), weights, count),
        [quantised(random, (1, *made, count))],
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


def fully_connected(seed: int) -> bytes:
    """FULLY_CONNECTED of some rows."""
    random = np.random.default_rng(seed)
    rows, depth, units = (int(n) for n in random.integers(1, 20, 3))
    weights = _weights(random, (units, depth), units if random.integers(2) else 1, 0)
    return one_operator(
        "FULLY_CONNECTED",
        _layer(random, quantised(random, (rows, depth)), weights, units),
        [quantised(random, (rows, units))],
        "FullyConnectedOptions",
        {0: ("i8", int(random.choice([0, 1, 2, 3])))},
    )


def pool(seed: int) -> bytes:
    """AVERAGE_POOL_2D or MAX_POOL_2D."""
    random = np.random.default_rng(seed)
    size, window, strides, _, same, made = _slid(random, dilated=False)
    channels = int(random.integers(1, 9))
    data, result = (quantised(random, (2, *shape, channels)) for shape in (size, made))
    result.scales, result.zero_point = data.scales, data.zero_point
    return one_operator(
        str(random.choice(["AVERAGE_POOL_2D", "MAX_POOL_2D"])),
        [data],
        [result],
        "Pool2DOptions",
        {
            0: ("i8", 0 if same else 1),
            1: ("i32", strides[1]),
            2: ("i32", strides[0]),
            3: ("i32", window[1]),
            4: ("i32", window[0]),
            5: ("i8", int(random.choice([0, 1, 2, 3]))),
        },
    )


def softmax(seed: int) -> bytes:
    """SOFTMAX of some rows."""
    random = np.random.default_rng(seed)
    shape = (int(random.integers(1, 5)), int(random.integers(1, 30)))
    data = quantised(random, shape, float(10 ** random.uniform(-4, 0.5)))
    result = T("", shape, scales=(1 / 256,), zero_point=-128)
    beta = float(random.choice([1.0, 0.5, 2.0]))
    return one_operator("SOFTMAX", [data], [result], "SoftmaxOptions", {0: ("f32", beta)})


def mean(seed: int) -> bytes:
    """MEAN along axes side by side."""
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 9, 4).tolist())
    first = int(random.integers(4))
    axes = list(range(first, int(random.integers(first, 4)) + 1))
    keep = bool(random.integers(2))
    made = tuple(
        1 if axis in axes else n for axis, n in enumerate(shape) if keep or axis not in axes
    )
    return one_operator(
        "MEAN",
        [quantised(random, shape), numbers(*axes)],
        [quantised(random, made)],
        "ReducerOptions",
        {0: ("bool", keep)},
    )


OPERATORS = {
    maker.__name__: maker
    for maker in (convolution, depthwise, fully_connected, pool, softmax, mean)
}
