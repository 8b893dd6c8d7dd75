"""Paddings that TFLite's convolutions and poolings do not know, and so need a PAD before them."""

from mcugraph.ir import Graph, Operator, Shape
from mcugraph.ops.convolution import Conv
from mcugraph.ops.pooling import Pool


def padded_shape(operator: Operator, graph: Graph) -> Shape | None:
    """The shape of an operator's data after a PAD; None: it needs none."""
    op = operator.op
    if not isinstance(op, Conv | Pool):
        return None
    shapes = [None if name is None else graph.tensors[name].shape for name in operator.inputs]
    data = shapes[0]
    if data is None or op.tflite_padding(shapes) is not None:
        return None
    pads = op.pads(shapes)
    return tuple(size + sum(pair) for size, pair in zip(data, pads, strict=True))
