"""Kernels that slide a window over their input: convolutions and poolings.

Sources: tensorflow/lite/kernels/internal/reference/conv.h, depthwiseconv_float.h, pooling.h and
integer_ops/ beside them. All go through batches, rows, columns and channels of the output, and read
the whole window for every element. Weights of four bits are unpacked elsewhere before.
"""

from collections.abc import Iterator, Sequence

from mcugraph.ir import Dims
from mcugraph.ops.convolution import Conv
from mcugraph.ops.pooling import Pool
from mcugraph.ops.window import Sweep, Windowed
from mcugraph.tflm.kernels.access.overlap import AccessRule
from mcugraph.tflm.kernels.access.raster import element, steps, straight
from mcugraph.tflm.kernels.needs import KernelNode


def first_places(sweep: Sweep, before: int, windows: int) -> Iterator[int | None]:
    """The first element of the axis that each window lies on; None: all of it is on padding."""
    for origin in range(-before, -before + windows * sweep.stride, sweep.stride):
        passed = max(0, -(origin // sweep.dilation))
        place = origin + passed * sweep.dilation
        yield place if passed < sweep.kernel and place < sweep.size else None


def along(sweep: Sweep, before: int, windows: int, written: int, read: int) -> int | None:
    """The largest difference of the loop over the windows along one axis; None: nothing is read.

    Args:
        sweep: The window on its way.
        before: Elements of padding before the axis.
        windows: How many there are.
        written: Bytes between neighbours along the axis of the output.
        read: Bytes between neighbours along the axis of the input.
    """
    # Windows that begin on padding, one by one. The others begin a stride further each, so that the
    # first or the last one on the axis decides.
    inside = min(-(-before // sweep.stride), windows)
    last = min(windows, (before + sweep.size - 1) // sweep.stride + 1) - 1
    places = enumerate(first_places(sweep, before, inside))
    found = [i * written - place * read for i, place in places if place is not None]
    if inside <= last:
        found += [i * written - (i * sweep.stride - before) * read for i in (inside, last)]
    return max(found, default=None)


def slid(node: KernelNode, op: Windowed, shapes: Sequence[Dims]) -> int | None:
    """The lead so far as it comes of batches, rows and columns; None: nothing is read.

    Raises:
        LookupError: The data is not stored as TFLite's is, channels last.
    """
    data, result = node.input(0), node.outputs[0]
    sweeps = op.sweeps(shapes)
    if tuple(sweeps) != tuple(range(1, len(data.shape) - 1)):
        raise LookupError("channels are not last")
    written, read = steps(result.shape, element(result)), steps(data.shape, element(data))
    total = straight(result.shape[0], written[0], read[0])
    for i, (axis, sweep) in enumerate(sweeps.items()):
        before = op.padding.amounts(i, sweep)[0]
        part = along(sweep, before, result.shape[axis], written[axis], read[axis])
        if part is None:
            return None
        total += part
    return total


def _convolution(node: KernelNode) -> dict[int, int]:
    data, weights, result = node.input(0), node.input(1), node.outputs[0]
    if not isinstance(node.op, Conv) or node.op.depthwise:
        return {}
    around = slid(node, node.op, (data.shape, weights.shape))
    if around is None:
        return {0: 0}
    # Each group of channels reads its own of the input, for each of the channels that it makes.
    depth, groups = data.shape[-1] // node.op.groups, node.op.groups
    each = result.shape[-1] // groups
    size = element(data)
    return {0: around + straight(groups, each * size, depth * size) + straight(each, size, 0)}


def _depthwise(node: KernelNode) -> dict[int, int]:
    data, weights, result = node.input(0), node.input(1), node.outputs[0]
    if not isinstance(node.op, Conv) or not node.op.depthwise:
        return {}
    around = slid(node, node.op, (data.shape, weights.shape))
    if around is None:
        return {0: 0}
    channels, size = data.shape[-1], element(data)
    multiplier = result.shape[-1] // channels
    return {0: around + straight(channels, multiplier * size, size) + straight(multiplier, size, 0)}


def _pool(node: KernelNode) -> dict[int, int]:
    if not isinstance(node.op, Pool):
        return {}
    return {0: slid(node, node.op, (node.input(0).shape,)) or 0}


RULES: dict[str, AccessRule] = {
    "AVERAGE_POOL_2D": _pool,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "L2_POOL_2D": _pool,
    "MAX_POOL_2D": _pool,
}
