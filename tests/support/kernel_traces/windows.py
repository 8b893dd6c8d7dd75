"""Loops of the reference kernels of convolutions and poolings.

Sources: tensorflow/lite/kernels/padding.h, internal/reference/conv.h, depthwiseconv_float.h,
pooling.h, transpose_conv.h and internal/reference/integer_ops/.
"""

from collections.abc import Iterator, Sequence

from support.kernel_traces.steps import Step, flat

Shape = Sequence[int]


def fitted(size: int, kernel: int, stride: int, dilation: int, same: bool) -> tuple[int, int]:
    """How many windows an axis has, and how many elements of padding come before it."""
    reach = (kernel - 1) * dilation + 1
    count = (size + stride - 1) // stride if same else (size + stride - reach) // stride
    missing = (count - 1) * stride + reach - size
    return count, missing // 2 if missing > 0 else 0


def convolution(
    data: Shape, kernel: Shape, result: Shape, stride: Shape, dilation: Shape, pad: Shape
) -> Iterator[Step]:
    """``kernel`` is (output channels, rows, columns, input channels of one group)."""
    groups = data[3] // kernel[3]
    per_group = result[3] // groups
    for batch in range(result[0]):
        for out_y in range(result[1]):
            for out_x in range(result[2]):
                for out_channel in range(result[3]):
                    group = out_channel // per_group
                    reads = []
                    for filter_y in range(kernel[1]):
                        for filter_x in range(kernel[2]):
                            in_y = out_y * stride[0] - pad[0] + dilation[0] * filter_y
                            in_x = out_x * stride[1] - pad[1] + dilation[1] * filter_x
                            if not (0 <= in_y < data[1] and 0 <= in_x < data[2]):
                                continue
                            for in_channel in range(kernel[3]):
                                channel = in_channel + group * kernel[3]
                                reads.append((0, flat(data, batch, in_y, in_x, channel)))
                    yield Step(reads, [flat(result, batch, out_y, out_x, out_channel)])


def depthwise(
    data: Shape, kernel: Shape, result: Shape, stride: Shape, dilation: Shape, pad: Shape
) -> Iterator[Step]:
    """``kernel`` is (1, rows, columns, output channels)."""
    multiplier = result[3] // data[3]
    for batch in range(result[0]):
        for out_y in range(result[1]):
            for out_x in range(result[2]):
                for in_channel in range(data[3]):
                    for m in range(multiplier):
                        reads = []
                        for filter_y in range(kernel[1]):
                            for filter_x in range(kernel[2]):
                                in_y = out_y * stride[0] - pad[0] + dilation[0] * filter_y
                                in_x = out_x * stride[1] - pad[1] + dilation[1] * filter_x
                                if 0 <= in_y < data[1] and 0 <= in_x < data[2]:
                                    reads.append((0, flat(data, batch, in_y, in_x, in_channel)))
                        made = m + in_channel * multiplier
                        yield Step(reads, [flat(result, batch, out_y, out_x, made)])


def pool(data: Shape, window: Shape, result: Shape, stride: Shape, pad: Shape) -> Iterator[Step]:
    for batch in range(result[0]):
        for out_y in range(result[1]):
            for out_x in range(result[2]):
                for channel in range(result[3]):
                    in_y_origin = out_y * stride[0] - pad[0]
                    in_x_origin = out_x * stride[1] - pad[1]
                    reads = []
                    for y in range(max(0, -in_y_origin), min(window[0], data[1] - in_y_origin)):
                        for x in range(max(0, -in_x_origin), min(window[1], data[2] - in_x_origin)):
                            place = flat(data, batch, in_y_origin + y, in_x_origin + x, channel)
                            reads.append((0, place))
                    yield Step(reads, [flat(result, batch, out_y, out_x, channel)])


def transposed_in_scratch(data: Shape, result: Shape, which: int) -> Iterator[Step]:
    """Integers: every element is read into sums of its own; then all of them are written."""
    size = 1
    for length in data:
        size *= length
    for i in range(size):
        yield Step([(which, i)], ())
    made = 1
    for length in result:
        made *= length
    for i in range(made):
        yield Step((), [i])
