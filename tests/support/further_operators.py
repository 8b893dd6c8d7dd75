"""More random operators of int8, one a file: products, slopes, tables, and elements that move."""

from dataclasses import replace
from typing import Any

import numpy as np

from support.int8_layers import quantised
from support.int8_operators import alike
from support.one_operator import numbers, one_operator
from support.tflite_writer import T


def product(seed: int) -> bytes:
    """BATCH_MATMUL of two activations, either of which may come transposed, or be one for all."""
    random = np.random.default_rng(seed)
    rows, depth, columns = random.integers(1, 7, 3).tolist()
    batches = random.integers(1, 4, int(random.integers(3))).tolist()
    turned = random.integers(2, size=2).tolist()
    spread = [[n if random.integers(3) else 1 for n in batches] for _ in range(2)]
    made = [max(pair) for pair in zip(*spread, strict=True)]
    first = (depth, rows) if turned[0] else (rows, depth)
    second = (columns, depth) if turned[1] else (depth, columns)
    operands = [
        quantised(random, (*lead, *matrix))
        for lead, matrix in zip(spread, (first, second), strict=True)
    ]
    result = quantised(random, (*made, rows, columns), 0.1)
    options = {0: ("bool", bool(turned[0])), 1: ("bool", bool(turned[1]))}
    return one_operator("BATCH_MATMUL", operands, [result], "BatchMatMulOptions", options)


def sloped(seed: int) -> bytes:
    """PRELU, of a slope for each channel, or one for all."""
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 6, 4).tolist())
    slopes = quantised(random, (1, 1, shape[3] if seed % 2 else 1))
    count = slopes.shape[2]
    slopes = replace(slopes, data=random.integers(-128, 128, count, np.int8).tobytes())
    return one_operator("PRELU", [quantised(random, shape), slopes], [quantised(random, shape)])


def tabulated(seed: int) -> bytes:
    """ABS, with another scale or without, or RSQRT of what is above zero."""
    random = np.random.default_rng(seed)
    data = quantised(random, (3, 100))
    if seed % 3 == 2:
        data = replace(data, zero_point=-128)
        return one_operator("RSQRT", [data], [quantised(random, (3, 100), 0.02)])
    same = replace(data, zero_point=int(random.integers(-128, 128)))
    return one_operator("ABS", [data], [quantised(random, (3, 100)) if seed % 3 else same])


def mirrored(seed: int) -> bytes:
    """MIRROR_PAD, with the outermost elements twice or without."""
    random = np.random.default_rng(seed)
    shape = random.integers(2, 5, int(random.integers(2, 5)))
    once = seed % 2 == 0
    pads = np.minimum(random.integers(0, 4, (len(shape), 2)), shape[:, None] - once)
    data = quantised(random, tuple(shape.tolist()))
    made = tuple((shape + pads.sum(1)).tolist())
    amounts = T("", pads.shape, "int32", data=pads.astype("<i4").tobytes())
    options = {0: ("i8", int(not once))}
    parts = [data, amounts]
    return one_operator("MIRROR_PAD", parts, [alike(made, data)], "MirrorPadOptions", options)


def chosen(seed: int) -> bytes:
    """GATHER of constant places along any axis."""
    random = np.random.default_rng(seed)
    shape = random.integers(1, 6, 3).tolist()
    axis = int(random.integers(3))
    places = random.integers(0, shape[axis], int(random.integers(1, 7))).tolist()
    data = quantised(random, tuple(shape))
    made = alike((*shape[:axis], len(places), *shape[axis + 1 :]), data)
    options = {0: ("i32", axis)}
    return one_operator("GATHER", [data, numbers(*places)], [made], "GatherOptions", options)


def placed(seed: int) -> bytes:
    """ARG_MAX or ARG_MIN along any axis."""
    random = np.random.default_rng(seed)
    shape = random.integers(1, 6, 3).tolist()
    axis = int(random.integers(3))
    made = T("", (*shape[:axis], *shape[axis + 1 :]), "int32")
    data, name = quantised(random, tuple(shape)), ["ARG_MAX", "ARG_MIN"][seed % 2]
    union = "ArgMaxOptions" if seed % 2 == 0 else "ArgMinOptions"
    return one_operator(name, [data, numbers(axis)], [made], union, {0: ("i8", 2)})


def halved(seed: int) -> bytes:
    """CONV_2D, DEPTHWISE_CONV_2D or FULLY_CONNECTED, by weights of four bits."""
    random = np.random.default_rng(seed)
    depth, channels = random.integers(1, 6, 2).tolist()
    shape = [(channels, 3, 3, depth), (1, 3, 3, depth), (channels, depth)][seed % 3]
    values = random.integers(-7, 8, int(np.prod(shape)), np.int8)
    padded = np.append(values, np.zeros(len(values) % 2, np.int8)).view(np.uint8) & 15
    packed = padded[::2] | padded[1::2] << 4
    weights = T("", shape, "int4", data=packed.tobytes(), scales=(0.02,))
    data = quantised(random, (1, 6, 5, depth) if seed % 3 < 2 else (3, depth))
    made = quantised(random, [(1, 6, 5, channels), (1, 6, 5, depth), (3, channels)][seed % 3])
    if seed % 3 == 2:
        return one_operator("FULLY_CONNECTED", [data, weights], [made], "FullyConnectedOptions")
    options: dict[int, tuple[str, Any]] = {0: ("i8", 0), 1: ("i32", 1), 2: ("i32", 1)}
    if seed % 3:
        options[3] = ("i32", 1)
    name, union = [("CONV_2D", "Conv2D"), ("DEPTHWISE_CONV_2D", "DepthwiseConv2D")][seed % 3]
    return one_operator(name, [data, weights], [made], f"{union}Options", options)


FURTHER = {
    maker.__name__: maker
    for maker in (product, sloped, tabulated, mirrored, chosen, placed, halved)
}
