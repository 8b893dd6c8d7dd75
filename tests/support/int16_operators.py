"""Random operators of int16, one a file, as those of int8 are made."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from support import int8_layers as layers
from support import int8_operators as narrow
from support.int8_layers import quantised
from support.one_operator import one_operator
from support.tflite_writer import G, Node, T, tflite_bytes

_SHAPE = (3, 100)


def _random(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _sums_of_32_bits(seed: int) -> bytes:
    """A dense layer or a convolution whose bias is of int32."""
    random = _random(seed)
    units, depth = (int(n) for n in random.integers(1, 20, 2))
    count = units if random.integers(2) else 1
    data, result = (quantised(random, (4, n), dtype="int16") for n in (depth, units))
    scales = tuple(np.float32(random.uniform(0.001, 0.02, count)).tolist())
    stored = random.integers(-127, 128, (units, depth), np.int8)
    weights = T("", stored.shape, data=stored.tobytes(), scales=scales)
    added = random.integers(-400_000, 400_000, units, np.int32)
    bias = T("", (units,), "int32", data=added.tobytes(), scales=(data.scales[0] * scales[0],))
    if seed % 2:
        options = {1: ("i32", 1), 2: ("i32", 1), 4: ("i32", 1), 5: ("i32", 1)}
        parts = [
            replace(data, shape=(1, 2, 2, depth)),
            replace(weights, shape=(units, 1, 1, depth)),
            bias,
        ]
        made = replace(result, shape=(1, 2, 2, units))
        return one_operator("CONV_2D", parts, [made], "Conv2DOptions", options)
    return one_operator("FULLY_CONNECTED", [data, weights, bias], [result], "FullyConnectedOptions")


def _rectified(seed: int) -> bytes:
    """RELU, RELU6 or LEAKY_RELU."""
    random = _random(seed)
    name = ["RELU", "RELU6", "LEAKY_RELU"][seed % 3]
    data = quantised(random, _SHAPE, float(10 ** random.uniform(-1.3, -0.5)), "int16")
    factor = 1.0 if name == "RELU6" else float(random.uniform(0.6, 1.4))
    result = replace(data, scales=(float(np.float32(data.scales[0] * factor)),))
    if name == "LEAKY_RELU":
        alpha = {0: ("f32", float(random.uniform(0, 0.9)))}
        return one_operator(name, [data], [result], "LeakyReluOptions", alpha)
    return one_operator(name, [data], [result])


def _requantised(seed: int) -> bytes:
    """QUANTIZE from one type of integers to another."""
    random = _random(seed)
    kinds = [("int16", "int16"), ("int16", "int8"), ("int8", "int16"), ("int16", "int32")][seed % 4]
    data, result = (quantised(random, _SHAPE, dtype=kind) for kind in kinds)
    return one_operator("QUANTIZE", [data], [result])


def _curved(seed: int) -> bytes:
    """LOGISTIC or TANH, at times with a power of two as the scale."""
    random = _random(seed)
    scale = 2.0 ** -(11 + seed % 3) if seed % 4 == 0 else float(10 ** random.uniform(-6, -1))
    data = T("", _SHAPE, "int16", scales=(scale,))
    result = T("", _SHAPE, "int16", scales=(1 / 32768,))
    return one_operator(["LOGISTIC", "TANH"][seed % 2 ^ (seed // 4) % 2], [data], [result])


def _softmax(seed: int) -> bytes:
    """SOFTMAX of some rows."""
    random = _random(seed)
    shape = (int(random.integers(1, 5)), int(random.integers(1, 30)))
    data = T("", shape, "int16", scales=(float(10 ** random.uniform(-6, -2)),))
    beta = float(random.choice([1.0, 0.5, 2.0]))
    result = T("", shape, "int16", scales=(1 / 32768,))
    return one_operator("SOFTMAX", [data], [result], "SoftmaxOptions", {0: ("f32", beta)})


def _floats(seed: int) -> bytes:
    """QUANTIZE of floats or DEQUANTIZE."""
    quantity = quantised(_random(seed), _SHAPE, 0.02, "int16")
    floats = T("", _SHAPE, "float32")
    if seed % 2:
        return one_operator("DEQUANTIZE", [quantity], [floats])
    return one_operator("QUANTIZE", [floats], [quantity])


def network(seed: int) -> bytes:
    """A convolution, a depthwise one, a sum, a pool, a dense layer and a softmax."""
    random = _random(seed)

    def made(name: str, *shape: int) -> T:
        return replace(quantised(random, shape, dtype="int16"), name=name)

    def stored(name: str, scale: float, *shape: int) -> T:
        data = random.integers(-127, 128, shape, np.int8)
        return T(name, shape, data=data.tobytes(), scales=(scale,))

    def bias(name: str, count: int, scale: float) -> T:
        data = random.integers(-(10**6), 10**6, count, np.int64)
        return T(name, (count,), "int64", data=data.tobytes(), scales=(scale,))

    x, conv, deep, total, pooled, scores = (
        made("x", 1, 8, 8, 3),
        *(made(name, 1, 8, 8, 6) for name in ("conv", "deep", "total")),
        made("pooled", 1, 1, 1, 6),
        made("scores", 1, 4),
    )
    pooled = replace(pooled, scales=total.scales)
    result = T("shares", (1, 4), "int16", scales=(1 / 32768,))
    weights = [
        stored("by", 0.01, 6, 3, 3, 3),
        stored("by_deep", 0.02, 1, 3, 3, 6),
        stored("by_dense", 0.005, 4, 6),
    ]
    read = (x, conv, pooled)
    biases = [
        bias(f"b{i}", n, d.scales[0] * w.scales[0])
        for i, (n, d, w) in enumerate(zip((6, 6, 4), read, weights, strict=True))
    ]
    tensors = [x, conv, deep, total, pooled, scores, result, *weights, *biases]
    place = {tensor.name: i for i, tensor in enumerate(tensors)}

    def node(
        code: str, inputs: str, output: str, union: str, options: dict[int, tuple[str, int]]
    ) -> Node:
        return Node(code, [place[n] for n in inputs.split()], [place[output]], options, union)

    steps = {1: ("i32", 1), 2: ("i32", 1)}
    nodes = [
        node("CONV_2D", "x by b0", "conv", "Conv2DOptions",
             {**steps, 0: ("i8", 0), 3: ("i8", 1), 4: ("i32", 1), 5: ("i32", 1)}),
        node("DEPTHWISE_CONV_2D", "conv by_deep b1", "deep", "DepthwiseConv2DOptions",
             {**steps, 0: ("i8", 0), 3: ("i32", 1), 5: ("i32", 1), 6: ("i32", 1)}),
        node("ADD", "conv deep", "total", "AddOptions", {0: ("i8", 0)}),
        node("AVERAGE_POOL_2D", "total", "pooled", "Pool2DOptions",
             {**steps, 0: ("i8", 1), 3: ("i32", 8), 4: ("i32", 8)}),
        node("FULLY_CONNECTED", "pooled by_dense b2", "scores", "FullyConnectedOptions", {}),
        node("SOFTMAX", "scores", "shares", "SoftmaxOptions", {0: ("f32", 1)}),
    ]  # fmt: skip
    return tflite_bytes(G(tensors, nodes, [place["x"]], [place["shares"]]))


_ALIKE: tuple[Callable[..., bytes], ...] = (
    *(layers.convolution, layers.depthwise, layers.transposed_convolution),
    *(layers.fully_connected, narrow.pool, narrow.mean, narrow.addition, narrow.multiplication),
    *(narrow.extremes, narrow.concatenation, narrow.padding, narrow.cut, layers.remembered),
)
OPERATORS_16: dict[str, Callable[[int], bytes]] = {
    **{f"{maker.__name__}_16": partial(maker, dtype="int16") for maker in _ALIKE},
    "sums_of_32_bits": _sums_of_32_bits,
    "rectified_16": _rectified,
    "requantised_16": _requantised,
    "curved_16": _curved,
    "softmax_16": _softmax,
    "floats_16": _floats,
}
