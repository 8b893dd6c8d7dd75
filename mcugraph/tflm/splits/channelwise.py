"""What each operator does to channels: whether it can be computed a slice of them at a time.

Channels lie on the last axis, as TFLite has them. A *head* makes channels, each from all of its
data, by weights of its own; a *follower* makes each of its channels from one channel of its data,
or from one group. Both fall into independent *units*, as many as divide all that is cut alike.

Sources: tensorflow/lite/micro/kernels/*.cc, tensorflow/lite/kernels/internal/reference/*.h.
"""

from collections.abc import Callable
from math import gcd

from mcugraph.formats.tflite.fields import decode
from mcugraph.formats.tflite.model import TfliteOperator, TfliteSubgraph, TfliteTensor
from mcugraph.ir import DType
from mcugraph.records import dataclass
from mcugraph.tflm.kernels.per_element import ARITHMETIC, ONE_OPERAND

# Field of DepthwiseConv2DOptions that says how many channels are made of each.
MULTIPLIER = 3


@dataclass(frozen=True, slots=True)
class Share:
    """How an operator falls apart by channels.

    Attributes:
        units: How many parts it has at most; every length that is cut is a multiple of it.
        sliced: Inputs, by position, that come in slices too; empty for a head.
        cut: Constants that are cut: position and axis.
        stated: Constants that state a shape whose last number is the channels: position, and all
            the other numbers.
        multiplied: Whether its options say how many channels it makes in all.
    """

    units: int
    sliced: tuple[int, ...] = ()
    cut: tuple[tuple[int, int], ...] = ()
    stated: tuple[tuple[int, tuple[int, ...]], ...] = ()
    multiplied: bool = False


def share(graph: TfliteSubgraph, operator: TfliteOperator) -> Share | None:
    """How an operator falls apart by channels; None: not at all, or not that is known here."""
    rule = _RULES.get(operator.native)
    if rule is None or len(operator.outputs) != 1:
        return None
    node = _Node(graph, operator)
    if node.output.sparse or not node.output.shape or not node.output.dtype.has_size:
        return None
    found = rule(node)
    return found if found is not None and found.units > 1 else None


class _Node:
    """An operator with its tensors."""

    def __init__(self, graph: TfliteSubgraph, operator: TfliteOperator) -> None:
        self.operator = operator
        self.inputs = [graph.tensors[t] if t >= 0 else None for t in operator.inputs]
        self.output = graph.tensors[operator.outputs[0]]
        self.channels = self.output.shape[-1] if self.output.shape else 0

    def input(self, position: int) -> TfliteTensor | None:
        """An input; None where it is left out."""
        return self.inputs[position] if position < len(self.inputs) else None

    def data(self, position: int) -> TfliteTensor | None:
        """An input that operators compute, and that has channels."""
        tensor = self.input(position)
        return tensor if tensor is not None and not tensor.constant and tensor.shape else None

    def weights(self, position: int, axis: int, length: int) -> bool:
        """Whether an input is a constant with so many elements along an axis."""
        tensor = self.input(position)
        return (
            tensor is not None
            and tensor.constant
            and not tensor.sparse
            and tensor.dtype.has_size
            and -len(tensor.shape) <= axis < len(tensor.shape)
            and tensor.shape[axis] == length
        )

    def cut(self, weights: tuple[int, int], bias: int) -> tuple[tuple[int, int], ...] | None:
        """Weights and bias, by position, if they can be cut to slices of the channels made."""
        if not self.weights(*weights, self.channels):
            return None
        if self.input(bias) is None:
            return (weights,)
        return (weights, (bias, 0)) if self.weights(bias, 0, self.channels) else None

    def ints(self, position: int) -> list[int] | None:
        """A constant of integers; None where its value is not known."""
        tensor = self.input(position)
        if tensor is None or tensor.data is None:
            return None
        if tensor.dtype not in (DType.INT32, DType.INT64):
            return None
        values: list[int] = decode(tensor.data[: tensor.nbytes], tensor.dtype).tolist()
        return values


def _convolution(node: _Node) -> Share | None:
    """Kernels lie on the first axis of the weights; groups are units."""
    data, weights = node.data(0), node.input(1)
    cut = node.cut((1, 0), 2)
    if data is None or weights is None or cut is None or len(weights.shape) != 4:
        return None
    channels, depth = data.shape[-1], weights.shape[-1]
    if channels == depth:
        return Share(node.channels, cut=cut)
    if not depth or channels % depth:
        return None
    return Share(gcd(channels // depth, node.channels), (0,), cut)


def _depthwise(node: _Node) -> Share | None:
    """Kernels lie on the last axis; of one channel it makes them as a convolution does."""
    data, cut = node.data(0), node.cut((1, 3), 2)
    if data is None or cut is None:
        return None
    if data.shape[-1] == 1:
        return Share(node.channels, cut=cut, multiplied=True)
    return None if node.channels % data.shape[-1] else Share(data.shape[-1], (0,), cut)


def _transposed(node: _Node) -> Share | None:
    cut, shape = node.cut((1, 0), 3), node.ints(0)
    if node.data(2) is None or cut is None or not shape or shape[-1] != node.channels:
        return None
    return Share(node.channels, cut=cut, stated=((0, tuple(shape[:-1])),))


def _dense(node: _Node) -> Share | None:
    cut = node.cut((1, 0), 2)
    # What is in no file yet is stored as it is usual.
    stored = node.operator.table is not None
    shuffled = stored and node.operator.options("FullyConnectedOptions").weights_format
    return (
        None if shuffled or cut is None or node.data(0) is None else Share(node.channels, cut=cut)
    )


def _by_element(node: _Node) -> Share | None:
    """One operand, or several of which some are constants or have one channel for all."""
    sliced, cut = [], []
    for position, tensor in enumerate(node.inputs):
        if tensor is None or tensor.sparse:
            return None
        if not tensor.shape or tensor.shape[-1] == 1:
            continue
        if not tensor.constant:
            sliced.append(position)
        elif node.weights(position, -1, node.channels):
            cut.append((position, len(tensor.shape) - 1))
        else:
            return None
    return Share(node.channels, tuple(sliced), tuple(cut)) if sliced or cut else None


def _in_place_of(node: _Node) -> Share | None:
    """Channels stay where they are, and the other inputs are about other axes."""
    data = node.data(0)
    if data is None or data.shape[-1] != node.channels or any(map(_computed, node.inputs[1:])):
        return None
    return Share(node.channels, (0,))


def _computed(tensor: TfliteTensor | None) -> bool:
    return tensor is not None and not tensor.constant


def _pad(node: _Node) -> Share | None:
    """Nothing before and behind the channels."""
    around = node.ints(1)
    return _in_place_of(node) if around and not any(around[-2:]) else None


def _reduced(node: _Node) -> Share | None:
    """Over other axes than that of the channels."""
    data, axes = node.data(0), node.ints(1)
    if (
        data is None
        or not axes
        or any(axis % len(data.shape) == len(data.shape) - 1 for axis in axes)
    ):
        return None
    return _in_place_of(node)


def _blocks(node: _Node) -> Share | None:
    """Blocks of spatial axes alone."""
    data, blocks = node.data(0), node.input(1)
    if data is None or blocks is None or blocks.elements > len(data.shape) - 2:
        return None
    return _in_place_of(node)


def _reshaped(node: _Node) -> Share | None:
    """The last axis stays what it is."""
    shape, found = node.ints(1), _in_place_of(node)
    if found is None or not shape or shape[-1] != node.channels:
        return None
    return Share(found.units, found.sliced, stated=((1, tuple(shape[:-1])),))


_RULES: dict[str, Callable[[_Node], Share | None]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _dense,
    "TRANSPOSE_CONV": _transposed,
    "PAD": _pad,
    "PADV2": _pad,
    "MIRROR_PAD": _pad,
    "RESHAPE": _reshaped,
    "BATCH_TO_SPACE_ND": _blocks,
    "SPACE_TO_BATCH_ND": _blocks,
    **dict.fromkeys(("AVERAGE_POOL_2D", "L2_POOL_2D", "MAX_POOL_2D"), _in_place_of),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), _in_place_of),
    **dict.fromkeys(("MEAN", "REDUCE_MAX", "REDUCE_MIN", "SUM"), _reduced),
    **dict.fromkeys((*ONE_OPERAND, *ARITHMETIC), _by_element),
}
