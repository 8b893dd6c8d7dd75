"""Paddings that TFLite's convolutions and poolings do not know, and so need a PAD before them."""

from mcugraph.ir import Graph, Operator, Shape
from mcugraph.ops.convolution import Conv
from mcugraph.ops.pooling import Pool


def padded_shape(operator: Operator, graph: Graph) -> Shape | None:
    """The shape of an operator's data after a PAD; None: it needs none.

    TFLite knows VALID (nothing) and SAME: as much as makes ceil(size / stride) windows, the
    smaller half first.
    """
    op = operator.op
    if not isinstance(op, Conv | Pool) or isinstance(op.padding, str):
        return None
    data = _shape(graph, operator.inputs[0])
    kernel = _kernel(operator, graph)
    channel = op.channel_axis % len(data)
    axes = [axis for axis in range(1, len(data)) if axis != channel]
    if not any(sum(pair) for pair in op.padding) or len(axes) != len(op.padding):
        return None
    dilations = op.dilations or (1,) * len(axes)
    same = [
        same_padding(data[axis], reach * (size - 1) + 1, stride)
        for axis, size, stride, reach in zip(axes, kernel, op.strides, dilations, strict=True)
    ]
    if list(op.padding) == same:
        return None
    shape = list(data)
    for axis, pair in zip(axes, op.padding, strict=True):
        shape[axis] += sum(pair)
    return tuple(shape)


def same_padding(size: int, reach: int, stride: int) -> tuple[int, int]:
    """How much SAME puts before and after an axis, for windows that reach so many elements."""
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def _kernel(operator: Operator, graph: Graph) -> tuple[int, ...]:
    if isinstance(operator.op, Pool):
        return operator.op.window
    assert isinstance(operator.op, Conv)
    weights = _shape(graph, operator.inputs[1])
    fixed = {operator.op.weight_out % len(weights), operator.op.weight_in % len(weights)}
    return tuple(size for axis, size in enumerate(weights) if axis not in fixed)


def _shape(graph: Graph, name: str | None) -> Shape:
    return (graph.tensors[name].shape if name is not None else None) or ()
