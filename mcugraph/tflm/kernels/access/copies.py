"""Kernels that copy elements to other places, in the order of their output.

Sources: tensorflow/lite/kernels/internal/reference/pad.h, slice.h, strided_slice.h, transpose.h,
depth_to_space.h, resize_nearest_neighbor.h, resize_bilinear.h, space_to_batch_nd.h and
tensorflow/lite/micro/kernels/mirror_pad.cc. What is copied by one call of memcpy counts as written
before any of it is read.
"""

import struct
from collections.abc import Callable, Sequence
from math import prod

from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ops.movement import DepthToSpace, SpaceToBatch, Transpose
from mcugraph.ops.selection import Pad, Resize, Slice
from mcugraph.tflm.kernels.access.overlap import AccessRule
from mcugraph.tflm.kernels.access.raster import element, moved, picked, steps, straight
from mcugraph.tflm.kernels.needs import KernelNode


def _strides(node: KernelNode) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Bytes between neighbours along each axis of the output, and of the input."""
    data, result = node.input(0), node.outputs[0]
    return steps(result.shape, element(result)), steps(data.shape, element(data))


def _pad(node: KernelNode) -> dict[int, int]:
    if not isinstance(node.op, Pad) or node.op.mode not in ("constant", "lowest"):
        return {}
    # What is padded is written, too, so the element of a turn is behind what stands before it.
    loops = zip(node.input(0).shape, node.op.pads, *_strides(node), strict=True)
    return {0: sum(before * w + straight(n, w, r) for n, (before, _), w, r in loops)}


def _mirror_pad(node: KernelNode) -> dict[int, int]:
    if not isinstance(node.op, Pad) or node.op.mode not in ("reflect", "symmetric"):
        return {}
    skipped = int(node.op.mode == "reflect")
    axes = zip(node.input(0).shape, node.op.pads, *_strides(node), strict=True)
    loops = [picked(_mirrored(n, *pair, skipped), w, r) for n, pair, w, r in axes]
    return {0: sum(loop for loop in loops if loop is not None)}


def _mirrored(length: int, before: int, after: int, skipped: int) -> Sequence[int]:
    """Which element of the axis each one of the padded axis is."""
    left = range(before - 1 + skipped, skipped - 1, -1)
    right = range(length - 1 - skipped, length - 1 - skipped - after, -1)
    return (*left, *range(length), *right)


def _slice(node: KernelNode) -> dict[int, int]:
    if not isinstance(node.op, Slice):
        return {}
    data, result = node.input(0), node.outputs[0]
    items = [item for item in node.op.index if item is not None]
    items += [slice(None)] * (len(data.shape) - len(items))
    ranges = [
        range(n)[item] if isinstance(item, slice) else range(item % n, item % n + 1)
        for item, n in zip(items, data.shape, strict=True)
    ]
    counts = tuple(map(len, ranges))
    if prod(counts) != result.elements or not counts:
        raise LookupError(f"{counts} elements do not make up {result.shape}")
    written, read = steps(counts, element(result)), steps(data.shape, element(data))
    # STRIDED_SLICE copies the elements of the last axis at once where they lie side by side.
    whole = node.native == "STRIDED_SLICE" and ranges[-1].step == 1
    total = 0
    for axis, (run, w, r) in enumerate(zip(ranges, written, read, strict=True)):
        at_once = whole and axis == len(ranges) - 1
        loop = len(run) * w if at_once else straight(len(run), w, run.step * r)
        total += loop - run.start * r
    return {0: total}


def _transpose(node: KernelNode) -> dict[int, int]:
    if not isinstance(node.op, Transpose):
        return {}
    data, result = node.input(0), node.outputs[0]
    read = steps(data.shape, element(data))
    order = node.op.permutation or tuple(range(len(read)))[::-1]
    return {0: moved(result, 0, tuple(read[axis] for axis in order))}


def _depth_to_space(node: KernelNode) -> dict[int, int]:
    if not isinstance(node.op, DepthToSpace) or node.op.columns_first:
        return {}
    data, result = node.input(0), node.outputs[0]
    (batches, height, width, depth), size = result.shape, node.op.block
    written, read = _strides(node)
    # Of the depth of the input, each row of a block has its part, and each column of that.
    row, column = size * depth * element(data), depth * element(data)
    rows = max(i * written[1] - i // size * read[1] - i % size * row for i in range(height))
    columns = max(i * written[2] - i // size * read[2] - i % size * column for i in range(width))
    return {0: straight(batches, written[0], read[0]) + rows + columns}


def _single(value: float) -> float:
    """The nearest number of single precision, as a C ``float`` holds it."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


def _nearest(made: int, length: int, corners: bool, half: bool) -> list[int]:
    """The element that each one of a resized axis is copied from."""
    whole = corners and made > 1
    scale = _single((length - 1) / (made - 1)) if whole else _single(length / made)
    places = (_single((i + 0.5 * half) * scale) for i in range(made))
    # roundf goes away from zero at halves, and nothing is below zero.
    found = (int(place + 0.5) if corners else int(place) for place in places)
    return [min(place, length - 1) for place in found]


def _lower(made: int, length: int, corners: bool, half: bool) -> list[int]:
    """The lower element that each one of a resized axis is interpolated from, of integers."""
    whole = corners and made > 1
    spread, parts = (length - 1, made - 1) if whole else (length, made)
    scale = ((spread << 10) + parts // 2) // parts
    shift = scale // 2 - (1 << 9) if half else 0
    return [min(max((i * scale + shift) >> 10, 0), length - 1) for i in range(made)]


# Whether corners are aligned and whether centres of pixels are; the operator does not say which.
_ALIGNED = ((False, False), (False, True), (True, False))


def _resized(node: KernelNode, places: Callable[[int, int, bool, bool], list[int]]) -> int:
    """The lead of a resize, the largest of all ways to align its pixels."""
    data, result = node.input(0), node.outputs[0]
    written, read = _strides(node)
    total = straight(result.shape[0], written[0], read[0])
    found = []
    for corners, half in _ALIGNED:
        loops = [
            picked(places(result.shape[i], data.shape[i], corners, half), written[i], read[i])
            for i in (1, 2)
        ]
        found.append(sum(loop for loop in loops if loop is not None))
    return total + max(found)


def _resize_nearest(node: KernelNode) -> dict[int, int]:
    if not isinstance(node.op, Resize):
        return {}
    data = node.input(0)
    return {0: _resized(node, _nearest) + data.shape[-1] * element(data)}


def _resize_bilinear(node: KernelNode) -> dict[int, int]:
    # Of floats it depends on the compiler which elements a place between two rounds to.
    if not isinstance(node.op, Resize) or node.input(0).dtype.is_float:
        return {}
    return {0: _resized(node, _lower)}


def _space_to_batch(node: KernelNode) -> dict[int, int]:
    if not isinstance(node.op, SpaceToBatch):
        return {}
    data, result = _four(node.input(0)), _four(node.outputs[0])
    block = (*node.op.block, 1)[:2]
    before = [pair[0] for pair in (*node.op.pads, (0, 0))][:2]
    written = steps(result, element(node.outputs[0]))
    read = steps(data, element(node.input(0)))
    found = []
    for batch in range(result[0]):
        shifts = divmod(batch // data[0], block[1])
        loops = []
        for axis, (step, shift, pad) in enumerate(zip(block, shifts, before, strict=True), 1):
            places = (i * step + shift - pad for i in range(result[axis]))
            inside = (place if 0 <= place < data[axis] else None for place in places)
            loops.append(picked(inside, written[axis], read[axis]))
        known = [loop for loop in loops if loop is not None]
        if len(known) == len(loops):
            found.append(batch * written[0] - batch % data[0] * read[0] + sum(known))
    return {0: max(found) + written[2] if found else 0}


def _four(tensor: TfliteTensor) -> tuple[int, int, int, int]:
    """A shape with a width of one where it has none.

    Raises:
        LookupError: It has neither three nor four axes.
    """
    if len(tensor.shape) == 3:
        batches, height, depth = tensor.shape
        return batches, height, 1, depth
    if len(tensor.shape) != 4:
        raise LookupError(f"{tensor.shape} has neither three nor four axes")
    batches, height, width, depth = tensor.shape
    return batches, height, width, depth


RULES: dict[str, AccessRule] = {
    "DEPTH_TO_SPACE": _depth_to_space,
    "MIRROR_PAD": _mirror_pad,
    "PAD": _pad,
    "PADV2": _pad,
    "RESIZE_BILINEAR": _resize_bilinear,
    "RESIZE_NEAREST_NEIGHBOR": _resize_nearest,
    "SLICE": _slice,
    "SPACE_TO_BATCH_ND": _space_to_batch,
    "STRIDED_SLICE": _slice,
    "TRANSPOSE": _transpose,
}
