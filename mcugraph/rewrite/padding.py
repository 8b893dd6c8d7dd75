"""Padding as TFLite's convolutions and poolings know it: SAME, VALID, or a PAD before them."""

from dataclasses import replace

from mcugraph.ir import Graph
from mcugraph.ops.convolution import Conv
from mcugraph.ops.pooling import Pool
from mcugraph.ops.selection import Pad
from mcugraph.ops.window import SAME_UPPER, VALID
from mcugraph.rewrite.edit import Edit


def pad_before(graph: Graph) -> Graph:
    """Convolutions and poolings with SAME or VALID padding, after a PAD where it is neither.

    Those that read the same data with the same padding share the PAD.
    """
    edit = Edit(graph)
    padded: dict[tuple[str, Pad], str] = {}
    for operator in edit.operators:
        op, data = operator.op, operator.inputs[0] if operator.inputs else None
        if not isinstance(op, Conv | Pool) or data is None:
            continue
        if op.padding in (VALID, SAME_UPPER) and not (isinstance(op, Pool) and op.ceil):
            continue
        shapes = [None if name is None else edit.tensors[name].shape for name in operator.inputs]
        shape = shapes[0]
        if shape is None or (isinstance(op, Conv) and shapes[1] is None):
            continue
        known = op.tflite_padding(shapes)
        settled = replace(op, padding=VALID if known is None else known)
        if isinstance(settled, Pool):
            settled = replace(settled, ceil=False)
        if known is not None:
            if settled != op:
                edit.change(replace(operator, op=settled))
            continue
        # What surrounds a maximum must not be one.
        lowest = isinstance(op, Pool) and op.function == "max"
        pad = Pad(op.pads(shapes), "lowest" if lowest else "constant")
        rest = replace(operator, op=settled)
        if (data, pad) in padded:
            edit.change(replace(rest, inputs=(padded[data, pad], *operator.inputs[1:])))
            continue
        larger = tuple(dim + sum(pair) for dim, pair in zip(shape, pad.pads, strict=True))
        step = edit.step(operator, "padded", pad, (data,), larger)
        padded[data, pad] = step.outputs[0]
        edit.expand(operator, [step, replace(rest, inputs=(step.outputs[0], *rest.inputs[1:]))])
    return edit.graph()
