"""Branches of a network that can vanish whole: what a sum would be without one of its operands.

Where a sum is ``x + f(x)``, nothing but the sum needs what ``f`` computes. Without it the sum is
its other operand, and all operators go that only ``f`` needed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import inf

from mcugraph.coupling.propagate import layer_name
from mcugraph.errors import UsageError
from mcugraph.ir import Graph, Operator
from mcugraph.ir.names import Names
from mcugraph.ops.base import Weighted
from mcugraph.ops.elementwise import IDENTITIES, Elementwise
from mcugraph.ops.pooling import AdaptivePool, GlobalPool, Pool
from mcugraph.records import dataclass, replace

# What an activation leaves as it is, from and to.
_LEFT_ALONE = {
    "relu": (0.0, inf),
    "relu6": (0.0, 6.0),
    "relu_0_to_1": (0.0, 1.0),
    "relu_n1_to_1": (-1.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class Branch:
    """What goes when one operand of a sum does.

    Attributes:
        name: Its first layer; ``#2`` and so on where several branches begin with that.
        layers: Names of its layers with weights, in the order in which they run.
        total: Name of the operator that sums.
        side: Which of the two operands goes, 0 or 1.
        operators: Names of the operators that go with it; the sum goes too.
        activations: Names of the activations that read the sum. They go where what the sum then
            is makes them idle, as a ReLU after a ReLU is.
    """

    name: str
    layers: tuple[str, ...]
    total: str
    side: int
    operators: tuple[str, ...]
    activations: tuple[str, ...]


def branches_of(graph: Graph) -> tuple[Branch, ...]:
    """The branches of a graph that can vanish one by one, in the order of their first layers.

    Those have layers with weights, and without them the graph reads what it read.
    """
    place = {operator.name: number for number, operator in enumerate(graph.operators)}
    readers = graph.consumers()
    found, names = [], Names(())
    for operator in graph.operators:
        for side in (0, 1) if _sums(graph, operator) else ():
            gone = _gone(graph, operator, side)
            layers = dict.fromkeys(
                layer_name(graph, entry) for entry in gone if isinstance(entry.op, Weighted)
            )
            if layers and _reads_all_it_did(graph, gone):
                after = [r.name for r in readers[operator.outputs[0]] if _activates(r)]
                entry = Branch(
                    next(iter(layers)),
                    tuple(layers),
                    operator.name,
                    side,
                    tuple(entry.name for entry in gone),
                    tuple(after),
                )
                found.append(entry)
    found.sort(key=lambda branch: (place[branch.operators[0]], place[branch.total]))
    return tuple(
        Branch(names.unique(b.name), b.layers, b.total, b.side, b.operators, b.activations)
        for b in found
    )


def without(graph: Graph, branches: Iterable[Branch]) -> Graph:
    """A graph without some of its branches.

    Args:
        graph: The whole one.
        branches: Of those that ``branches_of`` gave for it.

    Raises:
        UsageError: Nothing of a sum would be left.
    """
    chosen = tuple(branches)
    _check_something_left(chosen)
    left = {operator.name: operator for operator in graph.operators}
    for branch in chosen:
        if branch.total not in left:
            continue  # it was another one's
        total = left[branch.total]
        _bypass(graph, left, total, total.inputs[1 - branch.side])
        _drop_unread(graph, left)
    for name in [name for branch in chosen for name in branch.activations if name in left]:
        low, high = _LEFT_ALONE[left[name].op.kind]
        source = left[name].inputs[0]
        least, most = _range(left, source)
        if low <= least and most <= high and not _both_outputs(graph, left[name], source):
            _bypass(graph, left, left[name], source)
    used = {*graph.inputs, *graph.outputs}
    for operator in left.values():
        used.update(name for name in (*operator.inputs, *operator.outputs) if name is not None)
    tensors = {name: tensor for name, tensor in graph.tensors.items() if name in used}
    return graph.replace(operators=tuple(left.values()), tensors=tensors)


def _bypass(
    graph: Graph, left: dict[str, Operator], operator: Operator, source: str | None
) -> None:
    """Take out an operator whose result is what it reads."""
    gone, stays = operator.outputs[0], source
    if gone in graph.outputs:  # whoever writes the source writes it under that name
        gone, stays = str(source), gone
    del left[operator.name]
    for name, other in left.items():
        if gone in other.inputs or gone in other.outputs:
            inputs = tuple(stays if entry == gone else entry for entry in other.inputs)
            outputs = tuple(str(stays) if entry == gone else entry for entry in other.outputs)
            left[name] = replace(other, inputs=inputs, outputs=outputs)


def _both_outputs(graph: Graph, operator: Operator, source: str | None) -> bool:
    ends = {*graph.outputs, *graph.inputs}
    return operator.outputs[0] in graph.outputs and source in ends


def _check_something_left(chosen: Sequence[Branch]) -> None:
    for branch in chosen:
        for other in chosen:
            same = branch.total == other.total and branch.side != other.side
            if same and not any(branch.total in outer.operators for outer in chosen):
                raise UsageError(
                    f"branches {branch.name!r} and {other.name!r} cannot both go: they are all"
                    f" that {branch.total!r} sums"
                )


def _sums(graph: Graph, operator: Operator) -> bool:
    """Whether an operator adds two different activations of one shape."""
    op = operator.op
    if not isinstance(op, Elementwise) or op.function != "add" or op.activation is not None:
        return False
    if len(operator.inputs) != 2 or len(set(operator.inputs)) != 2 or None in operator.inputs:
        return False
    result = graph.tensors[operator.outputs[0]]
    operands = [graph.tensors[str(name)] for name in operator.inputs]
    return all(
        not t.is_constant and t.shape == result.shape and t.dtype is result.dtype for t in operands
    )


def _gone(graph: Graph, total: Operator, side: int) -> list[Operator]:
    """The operators that nothing needs once a sum does not need one of its operands."""
    other = total.inputs[1 - side]
    if total.outputs[0] in graph.outputs and (other in graph.inputs or other in graph.outputs):
        return []
    needed: set[str | None] = {*graph.outputs}
    stays: set[str] = set()
    for operator in reversed(graph.operators):
        if operator.name == total.name:
            if needed.isdisjoint(operator.outputs):
                return []
            needed.add(other)
        elif not needed.isdisjoint(operator.outputs) or not operator.outputs:
            needed.update(operator.inputs)
            stays.add(operator.name)
    stays.add(total.name)
    ordered = {name for pair in graph.after for name in pair}
    gone = [operator for operator in graph.operators if operator.name not in stays]
    return [] if any(o.name in ordered or o.op.bodies for o in gone) else gone


def _reads_all_it_did(graph: Graph, gone: Collection[Operator]) -> bool:
    """Whether every input of the graph that something reads still has a reader."""
    left = {operator.name for operator in gone}
    readers = graph.consumers()
    return all(
        any(operator.name not in left for operator in readers[name]) or not readers[name]
        for name in graph.inputs
    )


def _activates(operator: Operator) -> bool:
    return isinstance(operator.op, Elementwise) and operator.op.function in _LEFT_ALONE


def _range(left: Mapping[str, Operator], name: str | None) -> tuple[float, float]:
    """Between which values an activation lies for sure."""
    operator = next((entry for entry in left.values() if name in entry.outputs), None)
    if operator is None:
        return -inf, inf
    op = operator.op
    if isinstance(op, Elementwise):
        last = op.activation or op.function
        if last in _LEFT_ALONE:
            return _LEFT_ALONE[last]
        if op.function in IDENTITIES:
            return _range(left, operator.inputs[0])
        if op.function == "add" and len(operator.inputs) == 2:
            ranges = [_range(left, entry) for entry in operator.inputs]
            return sum(low for low, _ in ranges), sum(high for _, high in ranges)
        if op.function in ("sigmoid", "hard_sigmoid"):
            return 0.0, 1.0
    if isinstance(op, Pool | GlobalPool | AdaptivePool):
        low, high = _range(left, operator.inputs[0])
        return min(low, 0.0), max(high, 0.0)  # zeros around an average
    return -inf, inf


def _drop_unread(graph: Graph, left: dict[str, Operator]) -> None:
    """Without operators whose results nobody reads."""
    needed: set[str | None] = {*graph.outputs}
    for operator in reversed(tuple(left.values())):
        if needed.isdisjoint(operator.outputs) and operator.outputs:
            del left[operator.name]
        else:
            needed.update(operator.inputs)
