"""Loops of the kernels of CMSIS-NN, for each kind of core that they are compiled for.

Sources: github.com/ARM-software/CMSIS-NN, Source/ConvolutionFunctions, PoolingFunctions,
PadFunctions, NNSupportFunctions. ``vectors`` stands for a core with Helium (ARM_MATH_MVEI).
"""

from collections.abc import Iterator, Sequence
from math import prod

from support.kernel_traces.steps import Step, copied, flat

Shape = Sequence[int]
Reads = list[tuple[int, int]]


def _window(
    data: Shape, kernel: Shape, at: Shape, stride: Shape, dilation: Shape, pad: Shape
) -> Reads:
    """All channels of a window: ``at`` is the batch, row and column of the output."""
    batch, out_y, out_x = at
    reads = []
    for y in range(kernel[0]):
        for x in range(kernel[1]):
            in_y = out_y * stride[0] - pad[0] + dilation[0] * y
            in_x = out_x * stride[1] - pad[1] + dilation[1] * x
            if 0 <= in_y < data[1] and 0 <= in_x < data[2]:
                reads += [(0, flat(data, batch, in_y, in_x, c)) for c in range(data[3])]
    return reads


def convolution(
    data: Shape,
    kernel: Shape,
    result: Shape,
    stride: Shape,
    dilation: Shape,
    pad: Shape,
    vectors: bool,
) -> Iterator[Step]:
    """arm_convolve_s8: windows are copied before the results of as many are written."""
    together = 4 if vectors else 2
    for batch in range(result[0]):
        waiting: list[int] = []
        for out_y in range(result[1]):
            for out_x in range(result[2]):
                yield Step(_window(data, kernel, (batch, out_y, out_x), stride, dilation, pad), ())
                waiting.append(flat(result, batch, out_y, out_x, 0))
                if len(waiting) == together:
                    yield from _products(waiting, result[3])
                    waiting = []
        yield from _products(waiting, result[3])


def _products(pixels: Sequence[int], made: int) -> Iterator[Step]:
    """arm_nn_mat_mult_kernel_s8_s16: channels of several pixels in turn, from what was copied."""
    for channel in range(made):
        for pixel in pixels:
            yield Step((), [pixel + channel])


def product(
    begin: int, rows: int, row: int, depth: int, target: int, made: int, vectors: bool
) -> Iterator[Step]:
    """arm_nn_mat_mult_nt_t_s8: ``rows`` of ``depth``, ``row`` apart, times ``made`` columns.

    Without vectors, a pair of columns goes through all rows before the next pair.
    """
    if vectors:
        for first in range(0, rows, 4):
            lines = range(first, min(first + 4, rows))
            together = [lines] if len(lines) == 4 else [range(i, i + 1) for i in lines]
            for group in together:
                for column in range(made):
                    reads = [(0, begin + i * row + d) for i in group for d in range(depth)]
                    yield Step(reads, [target + i * made + column for i in group])
        return
    for column in range(0, made, 2):
        pair = range(column, min(column + 2, made))
        for first in range(0, rows, 2 if len(pair) == 2 else 1):
            group = range(first, min(first + (2 if len(pair) == 2 else 1), rows))
            reads = [(0, begin + i * row + d) for i in group for d in range(depth)]
            yield Step(reads, [target + i * made + c for i in group for c in pair])


def one_by_one(data: Shape, result: Shape, stride: Shape, vectors: bool) -> Iterator[Step]:
    """arm_convolve_1x1_s8_fast and arm_convolve_1x1_s8."""
    if tuple(stride) == (1, 1):
        yield from product(0, prod(data[:3]), data[3], data[3], 0, result[3], vectors)
        return
    for batch in range(result[0]):
        for y in range(result[1]):
            begin, target = flat(data, batch, y * stride[0], 0, 0), flat(result, batch, y, 0, 0)
            row = data[3] * stride[1]
            yield from product(begin, result[2], row, data[3], target, result[3], vectors)


def depthwise_three(data: Shape, result: Shape, stride: Shape, pad: Shape) -> Iterator[Step]:
    """arm_depthwise_conv_3x3_s8: four channels at once, then what is left one by one."""
    depth = data[3]
    for out_y in range(result[1]):
        for out_x in range(result[2]):
            channel = 0
            while channel < depth:
                block = range(channel, channel + (4 if channel <= depth - 4 else 1))
                in_y, in_x = out_y * stride[0] - pad[0], out_x * stride[1] - pad[1]
                reads = []
                for y in range(max(0, -in_y), min(3, data[1] - in_y)):
                    for x in range(3):
                        if (x == 0 and in_x < 0) or (x == 2 and data[2] - in_x < 3):
                            continue
                        reads += [(0, flat(data, 0, in_y + y, in_x + x, c)) for c in block]
                yield Step(reads, [flat(result, 0, out_y, out_x, c) for c in block])
                channel = block.stop


def depthwise_columns(
    data: Shape, kernel: Shape, result: Shape, stride: Shape, pad: Shape, vectors: bool
) -> Iterator[Step]:
    """arm_depthwise_conv_s8_opt: a window is copied, with vectors four, then its results written.

    With vectors, 124 channels go through all positions before the next ones.
    """
    depth = data[3]
    block = 124 if vectors else depth
    for begin in range(0, depth, block):
        channels = range(begin, min(begin + block, depth))
        waiting = []
        for out_y in range(result[1]):
            for out_x in range(result[2]):
                reads = _window(data, kernel, (0, out_y, out_x), stride, (1, 1), pad)
                yield Step([(0, i) for _, i in reads if i % depth in channels], ())
                waiting.append([flat(result, 0, out_y, out_x, c) for c in channels])
                if len(waiting) == (4 if vectors else 1):
                    yield from (Step((), [i]) for pixel in waiting for i in pixel)
                    waiting = []
        yield from (Step((), [i]) for pixel in waiting for i in pixel)


def depthwise_fours(
    data: Shape, kernel: Shape, result: Shape, stride: Shape, pad: Shape
) -> Iterator[Step]:
    """depthwise_conv_s8_mult_4: four of the channels that are made of one, at once."""
    depth, multiplier = data[3], result[3] // data[3]
    for out_y in range(result[1]):
        for out_x in range(result[2]):
            reads = _window(data, kernel, (0, out_y, out_x), stride, (1, 1), pad)
            for channel in range(depth):
                for tile in range(0, multiplier, 4):
                    made = [channel * multiplier + tile + i for i in range(4)]
                    yield Step(
                        [(0, i) for _, i in reads if i % depth == channel],
                        [flat(result, 0, out_y, out_x, c) for c in made],
                    )


def average_pool(
    data: Shape, window: Shape, result: Shape, stride: Shape, pad: Shape
) -> Iterator[Step]:
    """arm_avgpool_s8 with DSP instructions: sums of all channels, then their results."""
    for batch in range(result[0]):
        for out_y in range(result[1]):
            for out_x in range(result[2]):
                yield Step(_window(data, window, (batch, out_y, out_x), stride, (1, 1), pad), ())
                for channel in range(result[3]):
                    yield Step((), [flat(result, batch, out_y, out_x, channel)])


def max_pool(
    data: Shape, window: Shape, result: Shape, stride: Shape, pad: Shape
) -> Iterator[Step]:
    """arm_max_pool_s8: the output holds the largest so far; it is clamped batch by batch."""
    depth = data[3]
    for batch in range(result[0]):
        for out_y in range(result[1]):
            for out_x in range(result[2]):
                reads = _window(data, window, (batch, out_y, out_x), stride, (1, 1), pad)
                pixels = [i for _, i in reads if i % depth == 0]
                target = flat(result, batch, out_y, out_x, 0)
                for number, pixel in enumerate(pixels):
                    if not number:
                        yield from copied(0, pixel, target, depth)
                        continue
                    for channel in range(depth):
                        yield Step([(0, pixel + channel)], [target + channel])
        for i in range(batch * prod(result[1:]), (batch + 1) * prod(result[1:])):
            yield Step((), [i])


def padded(data: Shape, pads: Sequence[tuple[int, int]]) -> Iterator[Step]:
    """arm_pad_s8, of four axes: rows at once, pixels at once where channels are added."""
    made = [n + before + after for n, (before, after) in zip(data, pads, strict=True)]
    target = source = 0

    def filled(count: int) -> Step:
        nonlocal target
        target += count
        return Step((), range(target - count, target))

    yield filled(pads[0][0] * prod(made[1:]))
    for _ in range(data[0]):
        yield filled(pads[1][0] * prod(made[2:]))
        for _ in range(data[1]):
            yield filled(pads[2][0] * made[3])
            for _ in range(1 if data[3] == made[3] else data[2]):
                count = data[2] * data[3] if data[3] == made[3] else data[3]
                yield filled(pads[3][0])
                yield from copied(0, source, target, count)
                source, target = source + count, target + count
                yield filled(pads[3][1])
            yield filled(pads[2][1] * made[3])
        yield filled(pads[1][1] * prod(made[2:]))
    yield filled(pads[0][1] * prod(made[1:]))


def by_fours(count: int, operands: int) -> Iterator[Step]:
    """arm_elementwise_add_s8 and arm_elementwise_mul_s8: four elements at once."""
    for first in range(0, count, 4):
        block = range(first, min(first + 4, count))
        yield Step([(which, i) for which in range(operands) for i in block], block)
