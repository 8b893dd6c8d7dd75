"""A stable text form of a graph, for people, diffs and golden tests."""

from mcugraph.ir.graph import Graph
from mcugraph.ir.operator import Op, Operator
from mcugraph.ir.tensor import Kind, Tensor


def to_text(graph: Graph) -> str:
    """One line an operator, in file order; subgraphs after the main graph, indented alike.

    The form is stable: equal graphs give equal text, whatever file format they came from.
    """
    lines = [f"graph {graph.name!r} ({_names(graph, graph.inputs)})"]
    lines += [f"  {_operator(graph, operator)}" for operator in graph.operators]
    lines.append(f"  return {', '.join(map(_quote, graph.outputs))}")
    for name in graph.subgraphs:
        lines += ["", f"subgraph {name!r}: {to_text(graph.subgraphs[name])}"]
    return "\n".join(lines)


def _operator(graph: Graph, operator: Operator) -> str:
    inputs = ", ".join(
        "-" if name is None else _value(graph.tensors[name]) for name in operator.inputs
    )
    results = _names(graph, operator.outputs)
    return f"{results or '()'} = {operator.op.kind}{_attributes(operator.op)}({inputs})"


def _names(graph: Graph, names: tuple[str, ...]) -> str:
    return ", ".join(f"{_quote(name)}: {type_text(graph.tensors[name])}" for name in names)


def _value(tensor: Tensor) -> str:
    if tensor.kind is Kind.ACTIVATION:
        return _quote(tensor.name)
    return f"{tensor.kind.value} {_quote(tensor.name)}: {type_text(tensor)}"


def type_text(tensor: Tensor) -> str:
    """Element type and shape, like ``int8[1,96,96,3]``; ``int8[?]`` where it is not known."""
    shape = "?" if tensor.shape is None else ",".join(map(str, tensor.shape))
    return f"{tensor.dtype.label}[{shape}]"


def _quote(name: str) -> str:
    return f"%{name}"


def _attributes(op: Op) -> str:
    attributes = getattr(op, "__dataclass_fields__", {}).values()
    shown = [
        f"{attribute.name}={getattr(op, attribute.name)!r}"
        for attribute in attributes
        if attribute.repr and getattr(op, attribute.name) != attribute.default
    ]
    return f"<{', '.join(shown)}>" if shown else ""
