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
    tensors = (*(t for t in node.inputs if t is not None), *node.outputs)
    turned = {id(t): _turned(t) for t in tensors if _turns(t, node)}
    if not turned:
        return node
    return KernelNode(
        node.native,
        _with_axes_turned(node.op, len(next(iter(turned.values())).shape)),
        tuple(None if t is None else turned.get(id(t), t) for t in node.inputs),
        tuple(turned.get(id(t), t) for t in node.outputs),
        node.custom,
    )


def _turns(tensor: TfliteTensor, node: KernelNode) -> bool:
    return not tensor.constant and len(tensor.shape) in node.channels_first


def _turned(tensor: TfliteTensor) -> TfliteTensor:
    return replace(tensor, shape=_last(tensor.shape))


def _last(entries: tuple[_Item, ...]) -> tuple[_Item, ...]:
    """Entries of the axes in the order of the file."""
    return (entries[0], *entries[2:], entries[1])


def _with_axes_turned(op: Any, rank: int) -> Any:
    """The operator on turned data of this rank.

    Raises:
        LookupError: What becomes of its axes is not known.
    """
    place = _last(tuple(range(rank))).index
    if isinstance(op, Conv | ConvTranspose | Pool | DepthToSpace | SpaceToDepth):
        return replace(op, channel_axis=-1)
    if isinstance(op, Concat):
        return replace(op, axis=place(op.axis % rank))
    if isinstance(op, Pad):
        return replace(op, pads=_last(op.pads))
    if isinstance(op, Reduce) and op.axes is not None:
        return replace(op, axes=tuple(sorted(place(axis % rank) for axis in op.axes)))
    if isinstance(op, Slice) and None not in op.index:
        whole = (slice(None),) * (rank - len(op.index))
        return replace(op, index=_last((*op.index, *whole)))
    if isinstance(op, Convert | Elementwise | Normalization | Reshape | Resize):
        return op
    raise LookupError(f"{op} has axes of its own")
