"""The form that "Differentiable Network Pruning for Microcontrollers" (Liberis and Lane) counts."""

from mcugraph.ir import Graph, Operator
from mcugraph.ops.elementwise import ACTIVATIONS, Elementwise
from mcugraph.ops.normalization import BatchNorm
from mcugraph.records import replace
from mcugraph.rewrite.cleaning import drop_identities
from mcugraph.rewrite.edit import Edit


def paper_form(graph: Graph) -> Graph:
    """A graph, without its subgraphs, whose batch norms and activations take no step.

    A sum of several tensors is one step, however it is written.
    """
    edit = Edit(merge_additions(drop_identities(graph)))
    for operator in edit.operators:
        source = _source_of_activation(edit, operator)
        if source is not None:
            edit.bypass(operator, source)
    return edit.graph()


def merge_additions(graph: Graph) -> Graph:
    """Additions of sums that nothing else reads, as one addition of all their operands."""
    edit = Edit(graph)
    for operator in edit.operators:
        if not _is_plain_sum(edit, operator):
            continue
        merged, operands = operator, list[str | None]()
        parts = {name: edit.producer(name) for name in operator.inputs if name is not None}
        for name, part in parts.items():
            if part and _is_plain_sum(edit, part) and edit.only_read_by(name, operator):
                merged = edit.remove(part, merged)
            else:
                parts[name] = None
        for operand in operator.inputs:  # one may be added to itself
            part = parts.get(operand or "")
            operands += [operand] if part is None else part.inputs
        edit.change(replace(merged, inputs=tuple(operands)))
    return edit.graph()


def _is_plain_sum(edit: Edit, operator: Operator) -> bool:
    """Whether an operator adds activations of one shape and does nothing else."""
    op = operator.op
    if not isinstance(op, Elementwise) or op.function != "add" or op.activation is not None:
        return False
    read = [edit.tensors[name or ""] for name in operator.inputs]
    shapes = {tensor.shape for tensor in [*read, edit.tensors[operator.outputs[0]]]}
    return len(shapes) == 1 and not any(tensor.is_constant for tensor in read)


def _source_of_activation(edit: Edit, operator: Operator) -> str | None:
    """What a batch norm or activation is applied to; None for any other operator."""
    op = operator.op
    if isinstance(op, BatchNorm) or (isinstance(op, Elementwise) and op.function in ACTIVATIONS):
        return operator.inputs[0]
    if isinstance(op, Elementwise) and op.function == "mul" and len(set(operator.inputs)) == 2:
        # x * sigmoid(x), where the sigmoid is gone already: a SiLU or one of its kin.
        first, second = map(edit.current, operator.inputs)
        return first if first == second else None
    return None
