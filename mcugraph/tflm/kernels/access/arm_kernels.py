"""Leads of the kernels that TFLM takes from CMSIS-NN where it is built with it.

Sources: tensorflow/lite/micro/kernels/cmsis_nn/ and the library itself, Source/. Which of its loops
are compiled goes by the core: plain C, with DSP instructions, or with vectors (Helium); a lead here
holds for all of them, and an operator that one of them runs in no order has none. All that the
library has no kernel for, floats above all, is run by the reference kernels.
"""

from collections.abc import Iterator, Mapping

from mcugraph.ir import DType
from mcugraph.ops.convolution import Conv
from mcugraph.ops.pooling import Pool
from mcugraph.ops.selection import Pad
from mcugraph.tflm.kernels.access.by_element import RULES as BY_ELEMENT
from mcugraph.tflm.kernels.access.by_row import RULES as BY_ROW
from mcugraph.tflm.kernels.access.by_window import RULES as BY_WINDOW
from mcugraph.tflm.kernels.access.by_window import first_places, slid
from mcugraph.tflm.kernels.access.copies import RULES as COPIES
from mcugraph.tflm.kernels.access.overlap import AccessRule
from mcugraph.tflm.kernels.access.raster import element, steps, straight
from mcugraph.tflm.kernels.needs import KernelNode

# With vectors, depthwise kernels go through so many channels of all positions before the next ones.
_BLOCK = 124


def _convolution(node: KernelNode) -> Mapping[int, int]:
    """arm_convolve_wrapper_s8 (Source/ConvolutionFunctions)."""
    data, weights, op = node.input(0), node.input(1), node.op
    if data.dtype is DType.FLOAT32:
        return BY_WINDOW["CONV_2D"](node)
    # Groups go through all positions one after the other; so did channels of int16 until release 6.
    # Four-bit weights have other kernels.
    bytes_only = data.dtype is weights.dtype is DType.INT8
    if not bytes_only or not isinstance(op, Conv) or op.groups > 1:
        return {}
    sweeps = op.sweeps((data.shape, weights.shape))
    if tuple(sweeps) != (1, 2):
        raise LookupError("channels are not last")
    rows, columns = sweeps.values()
    if rows.kernel == columns.kernel == rows.dilation == columns.dilation == 1:
        return _one_by_one(node, op)
    if rows.size == rows.kernel == columns.dilation == 1:
        return {}  # arm_convolve_1_x_n_s8: with vectors, parts of the row in no order
    return {0: max(_in_pairs(node, op), default=0)}


def _one_by_one(node: KernelNode, op: Conv) -> Mapping[int, int]:
    """arm_convolve_1x1_s8: row by row, each in pairs of channels, so in no order within.

    Where strides are 1, all rows are one to it.
    """
    if op.strides == (1, 1):
        return {}
    data, result = node.input(0), node.outputs[0]
    (batches, height, *_), (down, _) = result.shape, op.strides
    written, read = steps(result.shape, 1), steps(data.shape, 1)
    rows = straight(height, written[1], down * read[1])
    return {0: straight(batches, written[0], read[0]) + rows + written[1]}


def _in_pairs(node: KernelNode, op: Conv) -> Iterator[int]:
    """arm_convolve_s8: two windows are copied (with vectors four), then their results written."""
    data, weights, result = node.input(0), node.input(1), node.outputs[0]
    written, read = steps(result.shape, 1), steps(data.shape, 1)
    places = []
    for i, (axis, sweep) in enumerate(op.sweeps((data.shape, weights.shape)).items()):
        before, _ = op.padding.amounts(i, sweep)
        places.append(tuple(first_places(sweep, before, result.shape[axis])))
    rows, columns = places
    # The second window of a pair is read when no more is written than for the first one.
    along = [
        max(
            (
                (x - (x + odd) % 2) * written[2] - place * read[2]
                for x, place in enumerate(columns)
                if place is not None
            ),
            default=None,
        )
        for odd in (0, 1)
    ]
    batches = straight(result.shape[0], written[0], read[0])
    for y, place in enumerate(rows):
        part = along[y * result.shape[2] % 2]
        if place is not None and part is not None:
            yield batches + y * written[1] - place * read[1] + part


def _depthwise(node: KernelNode) -> Mapping[int, int]:
    """arm_depthwise_conv_wrapper_s8 and arm_depthwise_conv_s16."""
    data, weights, result, op = node.input(0), node.input(1), node.outputs[0], node.op
    if data.dtype is not DType.FLOAT32:
        if not isinstance(op, Conv) or weights.dtype is not DType.INT8:
            return {}
        one_each = result.shape[-1] == data.shape[-1]
        plain = data.shape[0] == 1 and set(op.dilations) == {1}
        if one_each and plain and data.shape[-1] > _BLOCK:
            return {}
        if data.shape[-1] == 1 and not one_each:
            return {}  # with vectors, a convolution of any kind
    return BY_WINDOW["DEPTHWISE_CONV_2D"](node)


def _average_pool(node: KernelNode) -> Mapping[int, int]:
    """arm_avgpool_s8 and _s16: sums of all channels, then their results."""
    return BY_WINDOW["AVERAGE_POOL_2D"](node)


def _max_pool(node: KernelNode) -> Mapping[int, int]:
    """arm_max_pool_s8 and _s16: the first pixel of a window is copied into the output at once."""
    data = node.input(0)
    if data.dtype is DType.FLOAT32 or not isinstance(node.op, Pool):
        return BY_WINDOW["MAX_POOL_2D"](node)
    around = slid(node, node.op, (data.shape,))
    return {0: 0 if around is None else around + data.shape[-1] * element(data)}


def _fully_connected(node: KernelNode) -> Mapping[int, int]:
    """Several rows of integers may be run as a convolution of one by one."""
    if node.input(0).dtype is DType.FLOAT32:
        return BY_ROW["FULLY_CONNECTED"](node)
    return {}


def _extreme(node: KernelNode) -> Mapping[int, int]:
    """arm_maximum_s8 and arm_minimum_s8; how they spread operands is not modelled."""
    same = node.input(0).shape == node.input(1).shape
    if node.input(0).dtype is DType.INT8 and not same:
        return {}
    return BY_ELEMENT[node.native](node)


def _pad(node: KernelNode) -> Mapping[int, int]:
    """arm_pad_s8: a row at once, or a pixel at once where channels are added."""
    data, result, op = node.input(0), node.outputs[0], node.op
    if data.dtype is not DType.INT8 or not isinstance(op, Pad):
        return COPIES["PAD"](node)
    if op.mode not in ("constant", "lowest") or not 0 < len(data.shape) <= 4:
        return {}
    written, read = steps(result.shape, 1), steps(data.shape, 1)
    loops = list(zip(data.shape, op.pads, written, read, strict=True))
    whole = 2 if op.pads[-1] == (0, 0) else 1
    head, tail = loops[:-whole], loops[-whole:]
    lead = sum(before * w + straight(n, w, r) for n, (before, _), w, r in head)
    lead += sum(before * w for _, (before, _), w, _ in tail)
    n, _, _, step = tail[0]
    return {0: lead + n * step}


def _transpose(node: KernelNode) -> Mapping[int, int]:
    """arm_transpose_s8 goes through the input; which output that makes is not modelled."""
    return {} if node.input(0).dtype is DType.INT8 else COPIES["TRANSPOSE"](node)


def _transposed_convolution(node: KernelNode) -> Mapping[int, int]:
    """arm_transpose_conv_wrapper_s8 is not modelled."""
    return {} if node.input(2).dtype is DType.INT8 else BY_ROW["TRANSPOSE_CONV"](node)


# ADD, MUL and SOFTMAX of the library read and write in the order of the reference.
RULES: dict[str, AccessRule] = {
    "AVERAGE_POOL_2D": _average_pool,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "MAXIMUM": _extreme,
    "MAX_POOL_2D": _max_pool,
    "MINIMUM": _extreme,
    "PAD": _pad,
    "PADV2": _pad,
    "TRANSPOSE": _transpose,
    "TRANSPOSE_CONV": _transposed_convolution,
}
