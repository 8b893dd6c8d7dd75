"""Random operators of int8, one a file: geometry, scales and values differ with the seed.

Where a type can be given, it is that of data and results.
"""

from dataclasses import replace

import numpy as np

from support.int8_layers import (
    Random,
    convolution,
    depthwise,
    filtered,
    fully_connected,
    quantised,
    remembered,
    slid,
    sparse_convolution,
    sparse_fully_connected,
    transposed_convolution,
)
from support.one_operator import numbers, one_operator
from support.tflite_writer import T


def pool(seed: int, dtype: str = "int8") -> bytes:
    """AVERAGE_POOL_2D or MAX_POOL_2D."""
    random = np.random.default_rng(seed)
    size, window, strides, _, same, made = slid(random, dilated=False)
    channels = int(random.integers(1, 9))
    data, result = (quantised(random, (2, *shape, channels), dtype=dtype) for shape in (size, made))
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
    """SOFTMAX of some rows, as int8 or int16."""
    random = np.random.default_rng(seed)
    shape = (int(random.integers(1, 5)), int(random.integers(1, 30)))
    data = quantised(random, shape, float(10 ** random.uniform(-4, 0.5)))
    bits = [8, 16][seed % 2]
    steps = 1 << bits
    result = T("", shape, f"int{bits}", scales=(1 / steps,), zero_point=-steps // 2)
    beta = float(random.choice([1.0, 0.5, 2.0]))
    return one_operator("SOFTMAX", [data], [result], "SoftmaxOptions", {0: ("f32", beta)})


def mean(seed: int, apart: bool = False, dtype: str = "int8") -> bytes:
    """MEAN or SUM along axes side by side."""
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 9, 4).tolist())
    first = int(random.integers(4))
    axes = list(range(first, int(random.integers(first, 4)) + 1))
    if apart:
        axes = random.permutation([[0, 2], [1, 3], [0, 3], [0, 1, 3]][seed % 4]).tolist()
    keep = bool(random.integers(2))
    made = tuple(
        1 if axis in axes else n for axis, n in enumerate(shape) if keep or axis not in axes
    )
    return one_operator(
        ["MEAN", "SUM"][seed % 3 == 2],
        [quantised(random, shape, dtype=dtype), numbers(*axes)],
        [quantised(random, made, dtype=dtype)],
        "ReducerOptions",
        {0: ("bool", keep)},
    )


def mean_apart(seed: int) -> bytes:
    """MEAN or SUM along axes with others between them."""
    return mean(seed, apart=True)


def alike(shape: tuple[int, ...], like: T) -> T:
    """An activation with the scale and the zero point of another one."""
    return replace(like, shape=shape)


def _spread(random: Random, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that broadcasting makes another one of."""
    if not random.integers(3):
        return shape
    cut = shape[int(random.integers(len(shape))) :]
    return tuple(1 if not random.integers(2) else n for n in cut)


def _arithmetic(name: str, activation: int, random: Random, dtype: str) -> bytes:
    shape = tuple(random.integers(1, 6, int(random.integers(1, 5))).tolist())
    operands = [
        quantised(random, shape, dtype=dtype),
        quantised(random, _spread(random, shape), dtype=dtype),
    ]
    if random.integers(2):
        operands.reverse()
    if not random.integers(3):
        limits, size = np.iinfo(dtype), int(np.prod(operands[1].shape))
        data = random.integers(limits.min, limits.max, size, dtype, endpoint=True)
        operands[1] = replace(operands[1], data=data.tobytes())
    options = {0: ("i8", activation)}
    union = f"{name.capitalize()}Options"
    return one_operator(name, operands, [quantised(random, shape, dtype=dtype)], union, options)


def addition(seed: int, dtype: str = "int8") -> bytes:
    """ADD or SUB, of operands that are spread, or constant."""
    random = np.random.default_rng(seed)
    return _arithmetic(["ADD", "SUB"][seed % 2], int(random.integers(4)), random, dtype)


def multiplication(seed: int, dtype: str = "int8") -> bytes:
    """MUL, of operands that are spread, or constant."""
    random = np.random.default_rng(seed)
    return _arithmetic("MUL", int(random.integers(4)), random, dtype)


def extremes(seed: int, dtype: str = "int8") -> bytes:
    """MAXIMUM or MINIMUM, of operands that may be spread, all of one scale."""
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 6, int(random.integers(1, 5))).tolist())
    first = quantised(random, shape, dtype=dtype)
    second = alike(_spread(random, shape), first)
    name = ["MAXIMUM", "MINIMUM"][seed % 2]
    return one_operator(name, [first, second], [first], "MaximumMinimumOptions")


def requantisation(seed: int) -> bytes:
    """QUANTIZE of what is quantised already."""
    random = np.random.default_rng(seed)
    shape = (3, 100)
    data, result = quantised(random, shape), quantised(random, shape)
    return one_operator("QUANTIZE", [data], [result])


def sigmoid(seed: int) -> bytes:
    """LOGISTIC."""
    random = np.random.default_rng(seed)
    data = quantised(random, (3, 100), float(10 ** random.uniform(-3, 0)))
    return one_operator("LOGISTIC", [data], [T("", (3, 100), scales=(1 / 256,), zero_point=-128)])


def concatenation(seed: int, dtype: str = "int8") -> bytes:
    """CONCATENATION of up to four."""
    random = np.random.default_rng(seed)
    shape = random.integers(1, 6, 4).tolist()
    axis, count = int(random.integers(4)), int(random.integers(1, 5))
    like = quantised(random, (), dtype=dtype)
    lengths = random.integers(1, 6, count).tolist()
    shapes = [(*shape[:axis], n, *shape[axis + 1 :]) for n in (*lengths, sum(lengths))]
    *operands, result = (alike(each, like) for each in shapes)
    options = {0: ("i32", axis)}
    return one_operator("CONCATENATION", operands, [result], "ConcatenationOptions", options)


def padding(seed: int, dtype: str = "int8") -> bytes:
    """PAD around some axes."""
    random = np.random.default_rng(seed)
    shape = random.integers(1, 6, 4)
    pads = random.integers(0, 3, (4, 2)) * random.integers(0, 2, (4, 1))
    data = quantised(random, tuple(shape.tolist()), dtype=dtype)
    made = tuple((shape + pads.sum(1)).tolist())
    amounts = T("", (4, 2), "int32", data=pads.astype("<i4").tobytes())
    return one_operator("PAD", [data, amounts], [alike(made, data)])


def transposition(seed: int) -> bytes:
    """TRANSPOSE of up to five axes."""
    random = np.random.default_rng(seed)
    shape = random.integers(1, 6, int(random.integers(2, 6)))
    order = random.permutation(len(shape))
    data = quantised(random, tuple(shape.tolist()))
    made = alike(tuple(shape[order].tolist()), data)
    return one_operator("TRANSPOSE", [data, numbers(*order.tolist())], [made])


def cut(seed: int, dtype: str = "int8") -> bytes:
    """SLICE or STRIDED_SLICE; backwards, too."""
    random = np.random.default_rng(seed)
    shape = random.integers(2, 7, 4)
    begin = [int(random.integers(n)) for n in shape]
    if seed % 2:
        size = [int(random.integers(1, n - b + 1)) for n, b in zip(shape, begin, strict=True)]
        data = quantised(random, tuple(shape.tolist()), dtype=dtype)
        made = alike(tuple(size), data)
        return one_operator("SLICE", [data, numbers(*begin), numbers(*size)], [made])
    steps = random.choice([-2, -1, 1, 1, 1, 2], 4).tolist()
    end = [-n - 1 if step < 0 else n for n, step in zip(shape.tolist(), steps, strict=True)]
    size = [
        len(range(n)[b:e:s]) for n, b, e, s in zip(shape.tolist(), begin, end, steps, strict=True)
    ]
    data = quantised(random, tuple(shape.tolist()), dtype=dtype)
    made = alike(tuple(size), data)
    parts = [data, numbers(*begin), numbers(*end), numbers(*steps)]
    return one_operator("STRIDED_SLICE", parts, [made], "StridedSliceOptions", {0: ("i32", 0)})


def resizing(seed: int, name: str = "RESIZE_NEAREST_NEIGHBOR") -> bytes:
    """A resize by the nearest pixel, larger or smaller, however pixels are aligned."""
    random = np.random.default_rng(seed)
    height, width, made, across = random.integers(1, 8, 4).tolist()
    batches, depth = random.integers(1, 4, 2).tolist()
    data = quantised(random, (batches, height, width, depth))
    result = alike((batches, made, across, depth), data)
    corners, half = [(False, False), (True, False), (False, True)][seed % 3]
    slot = 0 if name == "RESIZE_NEAREST_NEIGHBOR" else 2
    options = {slot: ("bool", corners), slot + 1: ("bool", half)}
    inputs = [data, numbers(made, across)]
    union = "ResizeBilinearOptions" if slot else "ResizeNearestNeighborOptions"
    return one_operator(name, inputs, [result], union, options)


def interpolation(seed: int) -> bytes:
    """RESIZE_BILINEAR, likewise."""
    return resizing(seed, "RESIZE_BILINEAR")


def hyperbolic(seed: int) -> bytes:
    """TANH."""
    random = np.random.default_rng(seed)
    data = quantised(random, (3, 100), float(10 ** random.uniform(-3, 0)))
    return one_operator("TANH", [data], [T("", (3, 100), scales=(1 / 128,))])


def rectified(seed: int) -> bytes:
    """RELU, RELU6, LEAKY_RELU or HARD_SWISH."""
    random = np.random.default_rng(seed)
    name = ["RELU", "RELU6", "LEAKY_RELU", "HARD_SWISH"][seed % 4]
    data = quantised(random, (3, 100), float(10 ** random.uniform(-1.3, -0.5)))
    result = quantised(random, (3, 100), data.scales[0] * float(random.uniform(0.6, 1.4)))
    if name == "RELU6":
        # What is stored stays, so the two are alike, and six can be stored.
        data = replace(data, scales=(0.1,), zero_point=int(random.integers(-128, 60)))
        result = data
    alpha = {0: ("f32", float(random.uniform(-0.5, 0.9)))}
    if name == "LEAKY_RELU":
        return one_operator(name, [data], [result], "LeakyReluOptions", alpha)
    return one_operator(name, [data], [result])


def parts(seed: int) -> bytes:
    """SPLIT, SPLIT_V, UNPACK or PACK."""
    random = np.random.default_rng(seed)
    shape = random.integers(1, 6, 3).tolist()
    axis, lengths = int(random.integers(3)), random.integers(1, 5, 3).tolist()
    like, kind = quantised(random, ()), seed % 4
    if kind == 0:
        lengths = [lengths[0]] * 3
    each = [alike((*shape[:axis], n, *shape[axis + 1 :]), like) for n in lengths]
    whole = alike((*shape[:axis], sum(lengths), *shape[axis + 1 :]), like)
    if kind == 0:
        return one_operator("SPLIT", [numbers(axis), whole], each, "SplitOptions")
    if kind == 1:
        return one_operator("SPLIT_V", [whole, numbers(*lengths), numbers(axis)], each)
    single = alike(tuple(shape), like)
    stacked = alike((*shape[:axis], 3, *shape[axis:]), like)
    options = {0: ("i32", 3), 1: ("i32", axis)}
    if kind == 2:
        return one_operator("UNPACK", [stacked], [single] * 3, "UnpackOptions", options)
    return one_operator("PACK", [single] * 3, [stacked], "PackOptions", options)


def blocks(seed: int) -> bytes:
    """SPACE_TO_DEPTH or DEPTH_TO_SPACE."""
    random = np.random.default_rng(seed)
    batches, height, width, depth = random.integers(1, 4, 4).tolist()
    block = int(random.integers(2, 4))
    deep = quantised(random, (batches, height, width, depth * block * block))
    wide = alike((batches, height * block, width * block, depth), deep)
    options = {0: ("i32", block)}
    if seed % 2:
        return one_operator("SPACE_TO_DEPTH", [wide], [deep], "SpaceToDepthOptions", options)
    return one_operator("DEPTH_TO_SPACE", [deep], [wide], "DepthToSpaceOptions", options)


OPERATORS = {
    maker.__name__: maker
    for maker in (
        *(convolution, depthwise, transposed_convolution, fully_connected, pool, softmax, mean),
        *(sparse_convolution, sparse_fully_connected, filtered, remembered, mean_apart),
        *(addition, multiplication, extremes, requantisation, sigmoid, hyperbolic, rectified),
        *(concatenation, padding, transposition, cut, resizing, interpolation, parts, blocks),
    )
}
