"""TFLite files of one operator each, for every kernel that lets its output lie over an input."""

from collections.abc import Iterator
from math import prod
from random import Random
from typing import Any

from support.one_operator import WIDTHS, numbers, one_operator, values
from support.tflite_writer import T

_RANDOM = Random(0)
SAME, VALID = 0, 1

Case = tuple[str, list[T], T, str, dict[int, tuple[str, Any]]]


def noise(dtype: str, *shape: int, scale: float = 0.001) -> T:
    """A constant of random numbers."""
    tensor = values(dtype, *shape, scale=scale)
    if dtype == "float32":
        import numpy as np

        numbers = [_RANDOM.uniform(-1, 1) for _ in range(prod(shape))]
        tensor.data = np.array(numbers, np.float32).tobytes()
    elif dtype == "int4":
        tensor.scales = (scale,)
        tensor.data = _RANDOM.randbytes((prod(shape) + 1) // 2)
    else:
        tensor.data = _RANDOM.randbytes(WIDTHS[dtype] * prod(shape))
    return tensor


def pairs(*entries: tuple[int, int]) -> T:
    """A constant of pairs of int32."""
    tensor = numbers(*(n for pair in entries for n in pair))
    tensor.shape = (len(entries), 2)
    return tensor


def shaped(dtype: str, *shape: int, scale: float = 0.5, zero_point: int = 0) -> T:
    tensor = values(dtype, *shape, scale=scale)
    tensor.zero_point = zero_point
    return tensor


def window(padding: int, stride: int, *more: tuple[str, int]) -> dict[int, tuple[str, Any]]:
    """Options of an operator with a window: padding, both strides, and what comes after."""
    first = [("i8", padding), ("i32", stride), ("i32", stride)]
    return dict(enumerate([*first, *more]))


def windows() -> Iterator[Case]:
    for kind, weights in (("int8", "int8"), ("int8", "int4"), ("int16", "int8"), ("float32",) * 2):
        data = values(kind, 2, 8, 8, 4)
        for padding, stride, made in ((SAME, 1, 8), (VALID, 1, 6), (SAME, 2, 4)):
            inputs = [data, noise(weights, 6, 3, 3, 4)]
            options = window(padding, stride)
            result = values(kind, 2, made, made, 6)
            yield "CONV_2D", inputs, result, "Conv2DOptions", options
            inputs = [data, noise(weights, 1, 3, 3, 8)]
            options = window(padding, stride, ("i32", 2))
            result = values(kind, 2, made, made, 8)
            yield "DEPTHWISE_CONV_2D", inputs, result, "DepthwiseConv2DOptions", options
        one = noise(weights, 16, 1, 1, 4)
        result = values(kind, 2, 8, 8, 16)
        yield "CONV_2D", [data, one], result, "Conv2DOptions", window(SAME, 1)
    grouped = [values("int8", 1, 6, 6, 8), noise("int8", 12, 3, 3, 4)]
    result = values("int8", 1, 6, 6, 12)
    yield "CONV_2D", grouped, result, "Conv2DOptions", window(SAME, 1)
    dilated = window(SAME, 1, ("i8", 0), ("i32", 2), ("i32", 3))
    data = [values("int8", 1, 9, 9, 4), noise("int8", 4, 3, 3, 4)]
    yield "CONV_2D", data, values("int8", 1, 9, 9, 4), "Conv2DOptions", dilated
    for kind in ("int8", "int16", "float32"):
        for name in ("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"):
            if name == "L2_POOL_2D" and kind != "float32":
                continue
            for padding, stride, made in ((SAME, 1, 8), (VALID, 2, 3)):
                options = window(padding, stride, ("i32", 3), ("i32", 3))
                result = values(kind, 2, made, made, 4)
                yield name, [values(kind, 2, 8, 8, 4)], result, "Pool2DOptions", options
    for kind in ("int8", "int16"):
        inputs = [numbers(1, 8, 8, 4), noise("int8", 4, 3, 3, 8), values(kind, 1, 4, 4, 8)]
        options = window(SAME, 2)
        yield "TRANSPOSE_CONV", inputs, values(kind, 1, 8, 8, 4), "TransposeConvOptions", options


def unary() -> Iterator[Case]:
    real, small = values("float32", 2, 4, 8), values("int8", 2, 4, 8)
    names = ("ABS", "CEIL", "COS", "ELU", "EXP", "FLOOR", "HARD_SWISH", "LOG", "LOGISTIC", "NEG")
    names += ("RELU", "RELU6", "ROUND", "RSQRT", "SIN", "SQRT", "SQUARE", "TANH", "LOG_SOFTMAX")
    for name in names:
        yield name, [real], real, "", {}
    for name in ("ABS", "HARD_SWISH", "ELU", "RELU", "RELU6"):
        yield name, [small], small, "", {}
    share = shaped("int8", 2, 4, 8, scale=1 / 256, zero_point=-128)
    sixteen = shaped("int16", 2, 4, 8, scale=1 / 32768)
    some = shaped("int8", 2, 4, 8, scale=0.05)
    yield "LOGISTIC", [some], share, "", {}
    yield "TANH", [some], shaped("int8", 2, 4, 8, scale=1 / 128), "", {}
    yield "SOFTMAX", [some], share, "SoftmaxOptions", {0: ("f32", 1.0)}
    wide = shaped("int16", 2, 4, 8, scale=1 / 65536, zero_point=-32768)
    yield "SOFTMAX", [some], wide, "SoftmaxOptions", {0: ("f32", 1.0)}
    some = shaped("int16", 2, 4, 8, scale=0.05)
    yield "SOFTMAX", [some], sixteen, "SoftmaxOptions", {0: ("f32", 1.0)}
    yield "SOFTMAX", [real], real, "SoftmaxOptions", {0: ("f32", 1.0)}
    logs = shaped("int8", 2, 4, 8, scale=16 / 256, zero_point=127)
    yield "LOG_SOFTMAX", [small], logs, "", {}
    yield "L2_NORMALIZATION", [real], real, "L2NormOptions", {0: ("i8", 0)}
    unit = shaped("int8", 2, 4, 8, scale=1 / 128)
    yield "L2_NORMALIZATION", [small], unit, "L2NormOptions", {0: ("i8", 0)}
    for kind in ("int8", "float32"):
        data = values(kind, 2, 4, 8)
        yield "LEAKY_RELU", [data], data, "LeakyReluOptions", {0: ("f32", 0.25)}
        yield "EXPAND_DIMS", [data, numbers(0)], values(kind, 1, 2, 4, 8), "", {}
    yield "QUANTIZE", [real], values("int8", 2, 4, 8), "", {}
    yield "QUANTIZE", [small], values("int16", 2, 4, 8, scale=0.1), "", {}
    yield "DEQUANTIZE", [small], real, "", {}
    yield "CAST", [real], values("int8", 2, 4, 8, scale=0), "CastOptions", {}
    flag = values("bool", 2, 4, 8)
    yield "LOGICAL_NOT", [flag], flag, "", {}
    mean = [values("float32", 2, 3, 3, 16), numbers(1, 2)]
    yield "MEAN", mean, values("float32", 2, 1, 1, 16), "ReducerOptions", {0: ("bool", True)}


def binary() -> Iterator[Case]:
    unions = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions"}
    names = ("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "PRELU")
    for name in names:
        # The floats that are put in are positive, so slopes would not matter.
        for kind in ("int8", "float32")[: 1 if name == "PRELU" else 2]:
            full, row = values(kind, 2, 4, 8), values(kind, 1, 4, 8)
            union = unions.get(name, "")
            options = {0: ("i8", 0)} if union else {}
            yield name, [full, full], full, union, options
            yield name, [full, row], full, union, options
            if name != "PRELU":
                yield name, [row, full], full, union, options
    for name in ("DIV", "FLOOR_DIV", "FLOOR_MOD"):
        full, row = values("float32", 2, 4, 8), values("float32", 1, 4, 8)
        yield name, [full, full], full, unions.get(name, ""), {}
        yield name, [full, row], full, unions.get(name, ""), {}
    full, flag = values("int8", 2, 4, 8), values("bool", 2, 4, 8)
    for name in ("EQUAL", "NOT_EQUAL"):
        yield name, [flag, values("bool", 1, 4, 8)], flag, "", {}
    for name in ("GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"):
        yield name, [full, values("int8", 1, 4, 8)], flag, "", {}
        yield name, [full, full], flag, "", {}
    for name in ("LOGICAL_AND", "LOGICAL_OR"):
        yield name, [flag, flag], flag, "", {}
    yield "ADD_N", [full, full, full], full, "", {}
    yield "SELECT_V2", [flag, full, full], full, "", {}
    dense = [values("int8", 8, 8), noise("int8", 24, 8)]
    yield "FULLY_CONNECTED", dense, values("int8", 8, 24), "FullyConnectedOptions", {}


def copies() -> Iterator[Case]:
    for kind in ("int8", "int16", "float32"):
        data = values(kind, 2, 4, 4, 6)
        pads = pairs((0, 0), (1, 2), (2, 1), (0, 0))
        yield "PAD", [data, pads], values(kind, 2, 7, 7, 6), "", {}
        cut = [data, numbers(0, 0, 0, 0), numbers(2, 4, 4, 5)]
        yield "SLICE", cut, values(kind, 2, 4, 4, 5), "", {}
        ends = [numbers(0, 0, 0, 0), numbers(2, 4, 4, 6)]
        made = values(kind, 2, 2, 4, 6)
        yield "STRIDED_SLICE", [data, *ends, numbers(1, 2, 1, 1)], made, "StridedSliceOptions", {}
        made = values(kind, 2, 4, 4, 3)
        yield "STRIDED_SLICE", [data, *ends, numbers(1, 1, 1, 2)], made, "StridedSliceOptions", {}
        yield "TRANSPOSE", [data, numbers(0, 3, 1, 2)], values(kind, 2, 6, 4, 4), "", {}
        yield "TRANSPOSE", [data, numbers(0, 2, 1, 3)], data, "", {}
        joined = [data, values(kind, 2, 4, 4, 3), values(kind, 2, 4, 4, 2)]
        made = values(kind, 2, 4, 4, 11)
        yield "CONCATENATION", joined, made, "ConcatenationOptions", {0: ("i32", 3)}
        options = {0: ("i32", 3), 1: ("i32", 1)}
        yield "PACK", [data] * 3, values(kind, 2, 3, 4, 4, 6), "PackOptions", options
    value = T("", (), "int8", data=b"\x05", scales=(0.5,))
    pads = pairs((0, 0), (1, 2), (2, 1), (1, 0))
    padded = [values("int8", 2, 4, 4, 6), pads, value]
    yield "PADV2", padded, values("int8", 2, 7, 7, 7), "", {}
    flat, mirrored = values("int8", 6, 16), pairs((3, 2), (0, 0))
    yield "MIRROR_PAD", [flat, mirrored], values("int8", 11, 16), "MirrorPadOptions", {0: ("i8", 0)}
    data = values("int8", 1, 4, 4, 16)
    wide = values("int8", 1, 8, 8, 4)
    yield "DEPTH_TO_SPACE", [data], wide, "DepthToSpaceOptions", {0: ("i32", 2)}
    yield "SPACE_TO_DEPTH", [wide], data, "SpaceToDepthOptions", {0: ("i32", 2)}
    block, none = numbers(2, 2), pairs((0, 0), (0, 0))
    many = values("int8", 4, 4, 4, 4)
    yield "SPACE_TO_BATCH_ND", [wide, block, none], many, "", {}
    yield "BATCH_TO_SPACE_ND", [many, block, none], wide, "", {}
    size = numbers(9, 7)
    made = values("int8", 1, 9, 7, 16)
    yield "RESIZE_NEAREST_NEIGHBOR", [data, size], made, "ResizeNearestNeighborOptions", {}
    half = {2: ("bool", False), 3: ("bool", True)}
    yield "RESIZE_BILINEAR", [data, size], made, "ResizeBilinearOptions", half


def files() -> Iterator[tuple[str, bytes]]:
    """(name, file) of every case; names begin with that of the operator."""
    cases = [*windows(), *unary(), *binary(), *copies()]
    for number, (name, inputs, output, union, options) in enumerate(cases):
        yield f"{name} {number}", one_operator(name, inputs, [output], union, options)
