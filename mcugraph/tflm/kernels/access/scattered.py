"""Kernels that write their output in another order than that of its bytes.

Sources: tensorflow/lite/kernels/internal/reference/concatenation.h, space_to_depth.h,
batch_to_space_nd.h and tensorflow/lite/micro/kernels/pack.cc. Before each read it counts how far
the output is written: up to its last byte that is, not how many bytes are.
"""

from itertools import accumulate
from math import prod

from mcugraph.ops.movement import BatchToSpace, SpaceToDepth
from mcugraph.ops.selection import Concat, Stack
from mcugraph.tflm.kernels.access.overlap import AccessRule
from mcugraph.tflm.kernels.access.raster import element, steps, straight
from mcugraph.tflm.kernels.needs import KernelNode


def _concatenation(node: KernelNode) -> dict[int, int]:
    if not isinstance(node.op, Concat):
        return {}
    result = node.outputs[0]
    axis = node.op.axis % len(result.shape)
    outer = prod(result.shape[:axis])
    rows = [node.input(i).nbytes // outer for i in range(len(node.inputs))] if outer else []
    # One row of each input after the other; each is copied at once.
    ends, row = accumulate(rows), sum(rows)
    pairs = zip(rows, ends, strict=True)
    return {i: straight(outer, row, own) + end for i, (own, end) in enumerate(pairs)}


def _pack(node: KernelNode) -> dict[int, int]:
    """One input after the other, all rows of each, element by element."""
    if not isinstance(node.op, Stack):
        return {}
    result, count = node.outputs[0], len(node.inputs)
    axis = node.op.axis % len(result.shape)
    outer, size = prod(result.shape[:axis]), element(result)
    row = node.input(0).nbytes // outer if outer else 0
    # While the first input is read, no more is written than what stands before; where a row is
    # more than one element, the last row is read on when it is begun.
    turns = outer if row > size else outer - 1
    first = straight(turns, count * row, row)
    behind = {i: (outer - 1) * count * row + i * row for i in range(1, count)}
    return {0: first, **behind}


def _space_to_depth(node: KernelNode) -> dict[int, int]:
    """In the order of the input; the rows of a block take turns in the same bytes."""
    if not isinstance(node.op, SpaceToDepth) or node.op.columns_first:
        return {}
    data, result, block = node.input(0), node.outputs[0], node.op.block
    written, read = steps(result.shape, element(result)), steps(data.shape, element(data))
    _, height, width, _ = data.shape
    column, row = read[2], block * read[2]
    begun = [i // block * written[1] + i % block * row for i in range(height)]
    # When a row is begun, the one before it is written to its end.
    ended = [begin + (result.shape[2] - 1) * written[2] + row for begin in begun]
    before = max((end - i * read[1] for i, end in enumerate(ended[:-1], 1)), default=0)
    # Within a row, the rest of a pixel is read when it is begun. Of one element it has no rest, but
    # then that is no more than what the second row of a block meets.
    along = max(i // block * written[2] + i % block * column - i * read[2] for i in range(width))
    return {0: max(before, along + max(begin - i * read[1] for i, begin in enumerate(begun)))}


def _batch_to_space(node: KernelNode) -> dict[int, int]:
    """In the order of the input, whose batches lie side by side in the output."""
    if not isinstance(node.op, BatchToSpace) or len(node.input(0).shape) != 4:
        return {}
    data, result = node.input(0), node.outputs[0]
    written, read = steps(result.shape, element(result)), steps(data.shape, element(data))
    (down, right), ((top, _), (left, _)) = node.op.block, node.op.crops
    lead = far = 0
    for batch in range(data.shape[0]):
        part, target = divmod(batch, result.shape[0])
        row, column = part // right - top, part % right - left
        # Columns that are not cropped: the first one and the one behind the last.
        first = max(0, -(column // right))
        behind = min(data.shape[2], -((column - result.shape[2]) // right))
        if first >= behind:
            continue
        for i in range(data.shape[1]):
            place = i * down + row
            if not 0 <= place < result.shape[1]:
                continue
            begin = target * written[0] + place * written[1] + column * written[2]
            source = batch * read[0] + i * read[1]
            pixel, last = source + first * read[2], behind - 1
            end = begin + last * right * written[2] + written[2]
            lead = max(lead, far - pixel, end - source - last * read[2])
            far = max(far, end)
    return {0: lead}


RULES: dict[str, AccessRule] = {
    "BATCH_TO_SPACE_ND": _batch_to_space,
    "CONCATENATION": _concatenation,
    "PACK": _pack,
    "SPACE_TO_DEPTH": _space_to_depth,
}
