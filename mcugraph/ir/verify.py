"""Structural checks that hold for every graph, whoever built it."""

from collections import Counter
from math import prod

from mcugraph.errors import GraphError
from mcugraph.ir.graph import Graph
from mcugraph.ir.operator import Operator
from mcugraph.ir.tensor import Kind
from mcugraph.units import ADDRESSABLE

_MOST_AXES = 32  # of numpy's first version that is supported
# Subgraphs in subgraphs. What is nested more deeply was made to be.
_DEEPEST = 100
# Calls of subgraphs in one inference, a loop's body counted once.
_MOST_RUNS = 100_000


def verify(graph: Graph) -> None:
    """Check that a graph is well formed, its subgraphs too.

    Names are unique, every tensor that is read exists and is written before, once; constants
    and inputs are never written; no length is negative, and an address space holds each tensor and
    all of them together; subgraphs that operators call exist, and are not nested too deeply.

    Raises:
        GraphError: One line naming the graph, the operator and what is wrong.
    """
    _verify_calls(graph)
    nbytes = sum(_verified_bytes(part) for part in graph.walk())
    if nbytes >= ADDRESSABLE:
        raise GraphError(f"graph {graph.name!r}: all tensors together take {nbytes:,} bytes")


def _verify_calls(root: Graph) -> None:
    """Subgraphs that are called exist, none calls itself, and no inference runs too many."""
    ended: list[str] = []  # each after those that it calls
    done: set[str] = set()
    called = _bodies(root)
    if not called:
        return
    path: list[tuple[str, list[str]]] = [("", called)]
    while path:
        name, waiting = path[-1]
        if not waiting:
            done.add(name)
            ended.append(name)
            path.pop()
            continue
        body = waiting.pop()
        if body not in root.subgraphs:
            raise GraphError(f"graph {name or root.name!r} calls {body!r}, which is no subgraph")
        if any(body == caller for caller, _ in path):
            raise GraphError(f"subgraph {body!r} calls itself")
        if body not in done:
            if len(path) > _DEEPEST:
                raise GraphError(f"subgraph {body!r} lies more than {_DEEPEST} calls deep")
            path.append((body, _bodies(root.subgraphs[body])))
    _verify_runs(root, ended)


def _verify_runs(root: Graph, ended: list[str]) -> None:
    """Calls in calls double with every level: hold how often subgraphs run in all."""
    runs = Counter({"": 1})
    for name in reversed(ended):
        for body in _bodies(root.subgraphs[name] if name else root):
            runs[body] += runs[name]
    if sum(runs.values()) > _MOST_RUNS:
        raise GraphError(
            f"graph {root.name!r} calls subgraphs {sum(runs.values()) - 1:,} times, "
            f"and {_MOST_RUNS:,} is the most"
        )


def _bodies(graph: Graph) -> list[str]:
    return [body for operator in graph.operators for body in operator.op.bodies]


def _verified_bytes(graph: Graph) -> int:
    """Check one graph; the bytes of all of its tensors."""
    where, tensors = f"graph {graph.name!r}", graph.tensors
    nbytes = _sizes(graph)
    computed = Kind.ACTIVATION
    ready = {name for name, tensor in tensors.items() if tensor.kind is not computed}
    ready.update(graph.inputs)
    for name in (*graph.inputs, *graph.outputs):
        if name not in tensors:
            raise GraphError(f"{where}: input or output {name!r} is no tensor of it")
    seen: set[str] = set()
    for operator in graph.operators:
        if operator.name in seen:
            raise GraphError(f"{_place(graph, operator)}: a second operator has this name")
        seen.add(operator.name)
        for read in operator.inputs:
            if read not in ready and read is not None:
                said = " before anything writes it" if read in tensors else ", which is no tensor"
                raise GraphError(f"{_place(graph, operator)}: reads {read!r}{said}")
        for written in operator.outputs:
            if written not in tensors or written in ready:
                said = "has a value already" if written in tensors else "is no tensor"
                raise GraphError(f"{_place(graph, operator)}: writes {written!r}, which {said}")
            ready.add(written)
    for name in graph.outputs:
        if name not in ready:
            raise GraphError(f"{where}: output {name!r} is never written")
    return nbytes


def _place(graph: Graph, operator: Operator | None) -> str:
    return f"graph {graph.name!r}" + (f", operator {operator.name!r}" if operator else "")


def _sizes(graph: Graph) -> int:
    """Bytes of all tensors together.

    Raises:
        GraphError: One has another name, a negative length, or no address space holds it; the
            message then names the operator that writes it or the first that reads it.
    """
    total = 0
    for name, tensor in graph.tensors.items():
        if name != tensor.name:
            said = f"tensor {name!r} calls itself {tensor.name!r}"
            raise GraphError(f"graph {graph.name!r}: {said}")
        shape = tensor.shape
        if shape is None:
            continue
        if len(shape) > _MOST_AXES:
            said = f"tensor {name!r} has {len(shape):,} axes"
            raise GraphError(f"graph {graph.name!r}: {said}")
        elements = prod(shape)
        nbytes = tensor.dtype.nbytes(elements)
        if elements >= ADDRESSABLE or nbytes >= ADDRESSABLE or (shape and min(shape) < 0):
            users = (o for o in graph.operators if name in o.outputs or name in o.inputs)
            where = _place(graph, next(users, None))
            raise GraphError(f"{where}: tensor {name!r} cannot have the shape {shape}")
        total += nbytes
    return total
