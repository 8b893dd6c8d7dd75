"""Variables of a TFLite file as state tensors, and the order that they impose."""

from mcugraph.ir import Graph, Kind, Operator, Tensor
from mcugraph.ops.variables import Variable
from mcugraph.records import replace


def variables(graphs: list[Graph], main: int) -> Graph:
    """The main graph with a state tensor for each resource variable of any subgraph.

    The size of a variable is that of the values assigned to it or read from it. Every
    operator that uses it gets to know its name (``Variable.variable``), in ``graphs`` too.
    """
    found: dict[str, Tensor] = {}
    for i, graph in enumerate(graphs):
        handles: dict[str, str] = {}
        operators: list[Operator] = []
        for operator in graph.operators:
            op = operator.op
            if isinstance(op, Variable):
                if op.function == "var_handle" and op.variable is not None:
                    handles[operator.outputs[0]] = op.variable
                else:
                    name = handles.get(operator.inputs[0] or "")
                    operator = replace(operator, op=replace(op, variable=name))
                    value = _value(graph, operator)
                    if name is not None and value is not None:
                        state = f"variable:{name}"
                        found[name] = replace(value, name=state, kind=Kind.STATE, constant=None)
            operators.append(operator)
        graphs[i] = replace(graph, operators=tuple(operators))
    states = {tensor.name: tensor for tensor in found.values()}
    return replace(graphs[main], tensors={**graphs[main].tensors, **states})


def _value(graph: Graph, operator: Operator) -> Tensor | None:
    name = operator.outputs[0] if operator.outputs else operator.inputs[1]
    return None if name is None else graph.tensors[name]


def hold_order(graph: Graph) -> Graph:
    """The graph with ``after``: whatever uses the same state keeps its order.

    Reads may change places among themselves; a write, and a call of a subgraph that uses the
    state, may not pass any other use.
    """
    after: list[tuple[str, str]] = []
    last_write: dict[str, str] = {}
    reads: dict[str, list[str]] = {}
    for operator in graph.operators:
        for state, writes in _uses(graph, operator).items():
            if state in last_write:
                after.append((last_write[state], operator.name))
            if writes:
                after += [(earlier, operator.name) for earlier in reads.pop(state, [])]
                last_write[state] = operator.name
            else:
                reads.setdefault(state, []).append(operator.name)
    return replace(graph, after=tuple(dict.fromkeys(after)))


def _uses(graph: Graph, operator: Operator) -> dict[str, bool]:
    """The state that an operator uses -> whether it may write it."""
    op = operator.op
    if isinstance(op, Variable):
        if op.variable is None or op.function == "var_handle":
            return {}
        return {op.variable: op.function == "assign_variable"}
    tensors = (graph.tensors[name] for name in operator.inputs if name is not None)
    uses = {t.name: True for t in tensors if t.kind is Kind.STATE}
    for part in graph.called(operator):
        for inner in part.operators:
            if isinstance(inner.op, Variable) and inner.op.variable is not None:
                uses[inner.op.variable] = True
    return uses
