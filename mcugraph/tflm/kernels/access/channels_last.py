"""Operators of a graph whose channels come first, as the file that it becomes stores them.

A lead goes by the order of the elements in memory. TFLite stores an image as (batch, rows, columns,
channels), so that is what kernels go through, however PyTorch or ONNX have it.
"""

from typing import Any, TypeVar

from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.elementwise import Convert, Elementwise
from mcugraph.ops.movement import DepthToSpace, Reshape, SpaceToDepth
from mcugraph.ops.normalization import Normalization
from mcugraph.ops.pooling import Pool
from mcugraph.ops.reduction import Reduce
from mcugraph.ops.selection import Concat, Pad, Resize, Slice
from mcugraph.records import replace
from mcugraph.tflm.kernels.needs import KernelNode

_Item = TypeVar("_Item")


def as_stored(node: KernelNode) -> KernelNode:
    """The operator with shapes and axes as they are in the file.

    Raises:
        LookupError: What becomes of its axes is not known.
    """
    if not node.channels_first:
        return node
    turned: dict[int, TfliteTensor] = {}
    for tensor in (*node.inputs, *node.outputs):
        if tensor is None or tensor.constant or len(tensor.shape) not in node.channels_first:
            continue
        if id(tensor) not in turned:
            turned[id(tensor)] = replace(tensor, shape=_last(tensor.shape))
    if not turned:
        return node
    return KernelNode(
        node.native,
        _with_axes_turned(node.op, len(next(iter(turned.values())).shape)),
        tuple([None if t is None else turned.get(id(t), t) for t in node.inputs]),
        tuple([turned.get(id(t), t) for t in node.outputs]),
        node.custom,
    )


def _last(entries: tuple[_Item, ...]) -> tuple[_Item, ...]:
    """Entries of the axes in the order of the file."""
    return (entries[0], *entries[2:], entries[1])


def _place(axis: int, rank: int) -> int:
    """The number of an axis in the order of the file."""
    return _last(tuple(range(rank))).index(axis)


def _with_axes_turned(op: Any, rank: int) -> Any:
    """The operator on turned data of this rank.

    Raises:
        LookupError: What becomes of its axes is not known.
    """
    if isinstance(op, Conv | ConvTranspose | Pool | DepthToSpace | SpaceToDepth):
        return replace(op, channel_axis=-1)
    if isinstance(op, Concat):
        return replace(op, axis=_place(op.axis % rank, rank))
    if isinstance(op, Pad):
        return replace(op, pads=_last(op.pads))
    if isinstance(op, Reduce) and op.axes is not None:
        return replace(op, axes=tuple(sorted(_place(axis % rank, rank) for axis in op.axes)))
    if isinstance(op, Slice) and None not in op.index:
        whole = (slice(None),) * (rank - len(op.index))
        return replace(op, index=_last((*op.index, *whole)))
    if isinstance(op, Convert | Elementwise | Normalization | Reshape | Resize):
        return op
    raise LookupError(f"{op} has axes of its own")
