"""Operators that change nothing at inference."""

from dataclasses import replace

from mcugraph.ir import Graph
from mcugraph.ops.elementwise import IDENTITIES, Elementwise
from mcugraph.ops.movement import Reshape
from mcugraph.rewrite.edit import Edit


def drop_identities(graph: Graph) -> Graph:
    """Without operators that change nothing, such as dropout.

    One stays where an output of the graph would otherwise be an input, a constant or another
    output.
    """
    edit = Edit(graph)
    for operator in edit.operators:
        if isinstance(operator.op, Elementwise) and operator.op.function in IDENTITIES:
            source = operator.inputs[0]
            if source is not None:
                edit.bypass(operator, source)
    return edit.graph()


def copy_by_reshape(graph: Graph) -> Graph:
    """Identities that stay as the RESHAPE to the same shape that TFLite has for a copy."""
    edit = Edit(graph)
    for operator in edit.operators:
        shape = edit.tensors[operator.outputs[0]].shape if operator.outputs else None
        if not isinstance(operator.op, Elementwise) or shape is None:
            continue
        if operator.op.function in IDENTITIES:
            copied = replace(operator, op=Reshape(shape), inputs=operator.inputs[:1])
            edit.change(replace(copied, outputs=operator.outputs[:1]))
    return edit.graph()
