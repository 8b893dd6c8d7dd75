"""The form that "Differentiable Network Pruning for Microcontrollers" (Liberis and Lane) counts."""

from mcugraph.ir import Graph, Operator
from mcugraph.ops.elementwise import ACTIVATIONS, Elementwise
from mcugraph.ops.normalization import BatchNorm
from mcugraph.rewrite.cleaning import drop_identities
from mcugraph.rewrite.edit import Edit, rewritten


def paper_form(graph: Graph) -> Graph:
    """A graph, without its subgraphs, whose batch norms and activations take no step.

    A sum of several tensors is one step, however it is written.
    """
    return rewritten(graph, drop_identities, merge_additions, drop_activations)


def merge_additions(edit: Edit) -> None:
    """Additions of sums that nothing else reads, as one addition of all their operands."""
    for operator, _ in edit.of(Elementwise):
        if not _is_plain_sum(edit, operator):
            continue
        parts = {}
        for name in operator.inputs:
            part = edit.producer(name)
            if name and part and _is_plain_sum(edit, part) and edit.only_read_by(name, operator):
                parts[name] = part
        # All at once: what one of them reads, too, is read by others as long as it is there.
        for part in parts.values():
            edit.remove(part, operator)
        operands: list[str | None] = []
        for operand in operator.inputs:  # one may be added to itself
            part = parts.get(operand or "")
            operands += [operand] if part is None else part.inputs
        edit.change(operator, inputs=operands)


def drop_activations(edit: Edit) -> None:
    """Without batch norms and activations.

    The product of a tensor and an activation of it, as in SiLU and its kin, is one too.
    """
    products = {
        operator.name
        for operator, op in edit.of(Elementwise)
        if op.function == "mul" and len(set(operator.inputs)) == 2
    }
    for operator, op in edit.of(BatchNorm, Elementwise):
        norm = isinstance(op, BatchNorm)
        gated = operator.name in products and len(set(operator.inputs)) == 1
        if norm or gated or (isinstance(op, Elementwise) and op.function in ACTIVATIONS):
            source = operator.inputs[0]
            if source is not None:
                edit.bypass(operator, source)


def _is_plain_sum(edit: Edit, operator: Operator) -> bool:
    """Whether an operator adds activations of one shape and does nothing else."""
    op = operator.op
    if not isinstance(op, Elementwise) or op.function != "add" or op.activation is not None:
        return False
    if None in operator.inputs:  # files may leave out what an addition cannot do without
        return False
    read = [edit.tensors[name or ""] for name in operator.inputs]
    shapes = {tensor.shape for tensor in [*read, edit.tensors[operator.outputs[0]]]}
    return len(shapes) == 1 and not any(tensor.is_constant for tensor in read)
