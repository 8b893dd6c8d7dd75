"""Which form of a network is counted: as it is deployed, or as the paper counts it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from mcugraph.errors import UsageError
from mcugraph.ir import Graph, Operator
from mcugraph.ops.elementwise import ACTIVATIONS, Elementwise
from mcugraph.ops.normalization import BatchNorm
from mcugraph.rewrite.deploy import (
    drop_identities,
    fold_batch_norm,
    fold_bias,
    fuse_activations,
    split_attention,
    split_channel_shuffle,
    split_silu,
)
from mcugraph.rewrite.edit import Edit
from mcugraph.rewrite.precision import PRECISIONS, quantize

ACCOUNTINGS = ("deployed", "paper")


@dataclass(frozen=True, slots=True)
class Accounted:
    """A network in the form that an accounting counts.

    Attributes:
        runs: What is executed: its operators take steps, memory and work.
        stores: What lies in flash; differs where parameters are kept that no step uses.
    """

    runs: Graph
    stores: Graph


def account(graph: Graph, accounting: str) -> Accounted:
    """The form of a graph, and of its subgraphs, that an accounting counts.

    ``"deployed"`` is what TFLite runs. A TFLite file is taken as it stands; in other graphs
    batch norm and biases are folded, ReLUs fused, identities dropped, attention and SiLU taken
    apart.

    ``"paper"`` follows "Differentiable Network Pruning for Microcontrollers" (Liberis and
    Lane): batch norm keeps its parameters, and neither it nor activations take a step; a sum of
    several tensors is one step, however it is written.
    """
    if accounting == "deployed":
        deployed = graph if graph.source.exact else _each(graph, _deployed)
        return Accounted(deployed, deployed)
    return Accounted(_each(graph, _paper), _each(graph, drop_identities))


def counted_forms(graph: Graph, accounting: str, precision: str | None) -> Accounted:
    """The form of a graph that an accounting counts, at a precision.

    Raises:
        UsageError: Unknown accounting or precision.
    """
    _choose("accounting", accounting, ACCOUNTINGS)
    if precision is not None:
        _choose("precision", precision, PRECISIONS)
    forms = account(graph, accounting)
    if precision == "int8" or accounting == "paper":
        runs = quantize(forms.runs)
        stores = runs if forms.stores is forms.runs else quantize(forms.stores)
        return Accounted(runs, stores)
    return forms


def _choose(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(f"unknown {what} {value!r}; expected one of {', '.join(known)}")


def _each(graph: Graph, rewrite: Callable[[Graph], Graph]) -> Graph:
    parts = {name: rewrite(part) for name, part in graph.subgraphs.items()}
    return rewrite(graph).replace(subgraphs=parts)


def _deployed(graph: Graph) -> Graph:
    for rewrite in (
        drop_identities,
        split_silu,
        split_attention,
        split_channel_shuffle,
        fold_batch_norm,
        fold_bias,
        fuse_activations,
    ):
        graph = rewrite(graph)
    return graph


def _paper(graph: Graph) -> Graph:
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
        operands: list[str | None] = []
        for name in operator.inputs:
            part = edit.producer(name)
            whole = part is not None and name is not None and _is_plain_sum(edit, part)
            if part is not None and whole and edit.only_read_by(name or "", operator):
                operands += part.inputs
                edit.remove(part)
            else:
                operands.append(name)
        edit.change(replace(operator, inputs=tuple(operands)))
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
