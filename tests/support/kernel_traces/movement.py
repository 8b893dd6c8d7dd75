"""Loops of the reference kernels that copy elements to other places.

Sources: tensorflow/lite/kernels/internal/reference/pad.h, slice.h, strided_slice.h, transpose.h,
depth_to_space.h, space_to_depth.h, space_to_batch_nd.h, batch_to_space_nd.h, concatenation.h,
resize_nearest_neighbor.h, resize_bilinear.h, tensorflow/lite/micro/kernels/mirror_pad.cc, pack.cc.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from math import floor, prod

import numpy as np

from support.kernel_traces.steps import Step, copied, flat

Shape = Sequence[int]
Pairs = Sequence[tuple[int, int]]


def padded(data: Shape, pads: Pairs) -> Iterator[Step]:
    made = [n + before + after for n, (before, after) in zip(data, pads, strict=True)]
    source = 0
    for target, index in enumerate(product(*map(range, made))):
        inside = True
        for i, n, (before, _) in zip(index, data, pads, strict=True):
            inside = inside and before <= i < before + n
        yield Step([(0, source)] if inside else (), [target])
        source += inside


def mirrored(data: Shape, pads: Pairs, offset: int) -> Iterator[Step]:
    """``offset`` is 1 where the border itself is not repeated."""
    made = [n + before + after for n, (before, after) in zip(data, pads, strict=True)]
    for target, index in enumerate(product(*map(range, made))):
        source = []
        for i, n, (before, _) in zip(index, data, pads, strict=True):
            if i < before:
                source.append(before + offset - 1 - i)
            elif i - before >= n:
                source.append(n - 1 - offset - (i - before - n))
            else:
                source.append(i - before)
        yield Step([(0, flat(data, *source))], [target])


def sliced(data: Shape, begin: Shape, count: Shape, stride: Shape, runs: bool) -> Iterator[Step]:
    """``runs``: what lies side by side along the last axis is copied at once."""
    target = 0
    whole = runs and stride[-1] == 1
    for index in product(*map(range, count[:-1] if whole else count)):
        place = [b + i * s for b, i, s in zip(begin, index, stride, strict=False)]
        if whole:
            yield from copied(0, flat(data, *place, begin[-1]), target, count[-1])
            target += count[-1]
        else:
            yield Step([(0, flat(data, *place))], [target])
            target += 1


def transposed(data: Shape, order: Shape) -> Iterator[Step]:
    made = [data[axis] for axis in order]
    for target, index in enumerate(product(*map(range, made))):
        source = [0] * len(data)
        for i, axis in zip(index, order, strict=True):
            source[axis] = i
        yield Step([(0, flat(data, *source))], [target])


def depth_to_space(data: Shape, block: int) -> Iterator[Step]:
    batches, height, width, depth = data
    made = (batches, height * block, width * block, depth // block**2)
    for b, h, w, d in product(*map(range, made)):
        in_d = d + ((h % block) * block + w % block) * made[3]
        yield Step([(0, flat(data, b, h // block, w // block, in_d))], [flat(made, b, h, w, d)])


def space_to_depth(data: Shape, block: int) -> Iterator[Step]:
    batches, height, width, depth = data
    made = (batches, height // block, width // block, depth * block**2)
    for b, h, w, d in product(*map(range, data)):
        out_d = d + ((h % block) * block + w % block) * depth
        target = flat(made, b, h // block, w // block, out_d)
        yield Step([(0, flat(data, b, h, w, d))], [target])


def space_to_batch(data: Shape, made: Shape, block: Shape, pads: Pairs) -> Iterator[Step]:
    for out_b in range(made[0]):
        shift_h, shift_w = divmod(out_b // data[0], block[1])
        for out_h in range(made[1]):
            for out_w in range(made[2]):
                in_h = out_h * block[0] + shift_h - pads[0][0]
                in_w = out_w * block[1] + shift_w - pads[1][0]
                target = flat(made, out_b, out_h, out_w, 0)
                if 0 <= in_h < data[1] and 0 <= in_w < data[2]:
                    source = flat(data, out_b % data[0], in_h, in_w, 0)
                    yield from copied(0, source, target, data[3])
                else:
                    yield Step((), range(target, target + data[3]))


def batch_to_space(data: Shape, made: Shape, block: Shape, crops: Pairs) -> Iterator[Step]:
    for in_b in range(data[0]):
        for in_h in range(data[1]):
            out_h = in_h * block[0] + in_b // made[0] // block[1] - crops[0][0]
            for in_w in range(data[2]):
                out_w = in_w * block[1] + in_b // made[0] % block[1] - crops[1][0]
                if 0 <= out_h < made[1] and 0 <= out_w < made[2]:
                    target = flat(made, in_b % made[0], out_h, out_w, 0)
                    yield from copied(0, flat(data, in_b, in_h, in_w, 0), target, data[3])


def concatenated(shapes: Sequence[Shape], axis: int) -> Iterator[Step]:
    target = 0
    for k in range(prod(shapes[0][:axis])):
        for which, shape in enumerate(shapes):
            count = prod(shape[axis:])
            yield from copied(which, k * count, target, count)
            target += count


def packed(shape: Shape, count: int, axis: int) -> Iterator[Step]:
    run = prod(shape[axis:])
    for which in range(count):
        for k in range(prod(shape[:axis])):
            for j in range(run):
                yield Step([(which, k * run + j)], [(k * count + which) * run + j])


def resized_nearest(data: Shape, made: Shape, corners: bool, half: bool) -> Iterator[Step]:
    def nearest(value: int, length: int, size: int) -> int:
        one = np.float32(1)
        scale = np.float32(length) * one / np.float32(size)
        if corners and size > 1:
            scale = np.float32(length - 1) / np.float32(size - 1)
        place = (np.float32(value) + np.float32(0.5 if half else 0)) * scale
        found = floor(float(place) + 0.5) if corners else floor(float(place))
        return max(0, min(found, length - 1))

    for b, y, x in product(*map(range, made[:3])):
        in_y, in_x = nearest(y, data[1], made[1]), nearest(x, data[2], made[2])
        yield from copied(0, flat(data, b, in_y, in_x, 0), flat(made, b, y, x, 0), made[3])


def resized_bilinear(data: Shape, made: Shape, corners: bool, half: bool) -> Iterator[Step]:
    """Of integers, in fixed point with ten bits."""

    def bounds(value: int, length: int, size: int) -> tuple[int, int]:
        scale = (1024 * length + size // 2) // size
        if corners and size > 1:
            scale = (1024 * (length - 1) + (size - 1) // 2) // (size - 1)
        scaled = value * scale + (scale // 2 - 512 if half else 0)
        lower = max(int(scaled / 1024), 0)
        return lower, min(int((scaled + 1023) / 1024), length - 1)

    for b, y, x, c in product(*map(range, made)):
        rows, columns = bounds(y, data[1], made[1]), bounds(x, data[2], made[2])
        reads = [(0, flat(data, b, in_y, in_x, c)) for in_y in rows for in_x in columns]
        yield Step(reads, [flat(made, b, y, x, c)])
