"""Geometry that the windowed kernels share: fields of their structs, and leads pixel by pixel."""

from collections.abc import Callable, Sequence

from mcugraph.errors import GraphError
from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import Dims, Shape
from mcugraph.ops.convolution import Conv
from mcugraph.ops.window import Windowed
from mcugraph.tflm.kernels.access.by_window import first_places
from mcugraph.tflm.kernels.needs import KernelNode


def image_fields(node: KernelNode, op: Windowed, shapes: Sequence[Dims]) -> dict[str, int]:
    """Sizes of images, window, strides, dilations and padding, by the names of the C structs.

    Raises:
        GraphError: Data or result is no image with channels last.
    """
    data, result = node.input(0).shape, node.outputs[0].shape
    sweeps = op.sweeps(shapes)
    if len(data) != 4 or len(result) != 4 or tuple(sweeps) != (1, 2):
        raise GraphError(f"data {data} and result {result} are no images with channels last")
    if data[0] != result[0]:
        raise GraphError(f"{data[0]} images do not make {result[0]}")
    down, across = sweeps[1], sweeps[2]
    return {
        **image_sizes(data, result),
        "window_height": down.kernel,
        "window_width": across.kernel,
        "stride_y": down.stride,
        "stride_x": across.stride,
        "dilation_y": down.dilation,
        "dilation_x": across.dilation,
        "pad_top": op.padding.amounts(0, down)[0],
        "pad_left": op.padding.amounts(1, across)[0],
    }


def image_sizes(data: Shape, result: Shape) -> dict[str, int]:
    """Batches, rows, columns and channels of images, channels last, by the names of the structs."""
    return {
        "batches": data[0],
        "input_height": data[1],
        "input_width": data[2],
        "input_channels": data[3],
        "output_height": result[1],
        "output_width": result[2],
        "output_channels": result[3],
    }


def grid_sizes(data: Shape, result: Shape) -> dict[str, int]:
    """As `image_sizes`, of a kernel that moves pixels whole: without channels."""
    sizes = image_sizes(data, result)
    del sizes["input_channels"], sizes["output_channels"]
    return sizes


def lead_by_pixels(
    node: KernelNode, op: Windowed, shapes: Sequence[Dims], written: Callable[[int], int]
) -> int:
    """The lead of a kernel that slides a window, and reads all of it for each pixel.

    Args:
        node: The operator.
        op: Its window.
        shapes: Of its inputs.
        written: Output pixel of one image -> bytes of that image up to the last one that may be
            written before its window is read for the last time.
    """
    data, result = node.input(0), node.outputs[0]
    down, across = op.sweeps(shapes).values()
    rows = first_places(down, op.padding.amounts(0, down)[0], result.shape[1])
    columns = first_places(across, op.padding.amounts(1, across)[0], result.shape[2])
    return lead_by_places(data, result, list(rows), list(columns), written)


def lead_of_gathered(node: KernelNode, op: Conv, pixels: int) -> int:
    """The lead of a convolution that copies the windows of some pixels before it writes these.

    Where fewer than these are left of an image, one by one; where channels fall into groups, those
    of one group at a time.
    """
    data, weights, result = node.input(0), node.input(1), node.outputs[0]
    together = result.shape[1] * result.shape[2] // pixels * pixels
    pixel_bytes = result.shape[3] * result.dtype.bits // 8

    def written(pixel: int) -> int:
        begin, many = (pixel // pixels * pixels, pixels) if pixel < together else (pixel, 1)
        return (begin + (0 if op.groups == 1 else many)) * pixel_bytes

    return lead_by_pixels(node, op, (data.shape, weights.shape), written)


def lead_by_places(
    data: TfliteTensor,
    result: TfliteTensor,
    rows: Sequence[int | None],
    columns: Sequence[int | None],
    written: Callable[[int], int],
) -> int:
    """The lead of a kernel that makes each pixel of those at and behind a place of its own.

    Args:
        data: Images, channels last.
        result: Images, likewise.
        rows: The first row of the data that each row of the result is made of; None: of none.
        columns: The first column, likewise.
        written: As for ``lead_by_pixels``.
    """
    pixel = data.shape[3] * data.dtype.bits // 8
    found = [
        written(y * len(columns) + x) - (row * data.shape[2] + column) * pixel
        for y, row in enumerate(rows)
        for x, column in enumerate(columns)
        if row is not None and column is not None
    ]
    images = result.shape[0] - 1
    return max(found, default=0) + max(0, images * (_image(result) - _image(data)))


def _image(tensor: TfliteTensor) -> int:
    """Bytes of one image."""
    return tensor.nbytes // tensor.shape[0] if tensor.shape[0] else 0
