"""Shuffled channels that are cut into pieces: which counts have to be equal for these to hold."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from mcugraph.coupling.labelling import Labelling
from mcugraph.ir import Array
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.labels import first_row


def cut(
    labelling: Labelling, whole: Array, piece: Array, reason: str
) -> list[tuple[tuple[Array, ...], str]]:
    """The constraints that follow when shuffled channels are cut into pieces.

    Channels of several parts lie in turn, one of each. The first half, say, holds after pruning
    what it held before only if equally many channels of the first half of each part are kept. So
    it is with what lies before a piece, or it would begin elsewhere.
    """
    axis = labelling.shrinks(whole)
    if axis is None or piece.ndim != whole.ndim:
        return []
    length = whole.shape[axis]
    line, part = first_row(whole, axis), first_row(piece, axis)
    if not 0 < len(part) < length:
        return []
    for start in np.flatnonzero(line == part[0]):
        if np.array_equal(line[start : start + len(part)], part):
            return [
                constraint
                for begin, end in pairwise(sorted({0, int(start), int(start) + len(part)}))
                for constraint in _within(labelling, line, begin, end, reason)
            ]
    return []


def shared_out(
    labelling: Labelling, whole: Array, op: Conv | ConvTranspose, reason: str
) -> list[tuple[tuple[Array, ...], str]]:
    """The same constraints, where the groups of a convolution cut the channels."""
    if op.groups < 2:
        return []
    line = first_row(whole, op.channel_axis)
    size = len(line) // op.groups
    starts = range(0, size * op.groups, size) if size else ()
    return [
        constraint
        for start in starts
        for constraint in _within(labelling, line, start, start + size, reason)
    ]


def _within(
    labelling: Labelling, line: Array, start: int, stop: int, reason: str
) -> Iterator[tuple[tuple[Array, ...], str]]:
    for parts, _ in labelling.equal:
        count = len(parts)
        if count < 2 or start % count or stop % count:
            continue
        if np.array_equal(np.stack(parts, 1).ravel(), line):
            first, last = start // count, stop // count
            yield tuple(part[first:last] for part in parts), reason
            for part in parts:
                yield from _within(labelling, part, first, last, reason)
            return
