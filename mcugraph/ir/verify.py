"""Structural checks that hold for every graph, whoever built it."""

from mcugraph.errors import GraphError
from mcugraph.ir.graph import Graph
from mcugraph.ir.tensor import Tensor

_TOO_LARGE = 1 << 63  # bytes


def verify(graph: Graph) -> None:
    """Check that a graph is well formed, its subgraphs too.

    Names are unique, every tensor that is read exists and is written before, once; constants
    and inputs are never written; no length is negative and no tensor larger than an address space
    of 64 bits; subgraphs that operators call exist.

    Raises:
        GraphError: One line naming the graph, the operator and what is wrong.
    """
    _verify_calls(graph)
    for part in graph.walk():
        _verify_one(part)


def _verify_calls(root: Graph) -> None:
    """Subgraphs that are called exist, and none calls itself, directly or not."""
    done: set[str] = set()
    path: list[tuple[str, list[str]]] = [("", _bodies(root))]
    while path:
        name, waiting = path[-1]
        if not waiting:
            done.add(name)
            path.pop()
            continue
        body = waiting.pop()
        if body not in root.subgraphs:
            raise GraphError(f"graph {name or root.name!r} calls {body!r}, which is no subgraph")
        if any(body == caller for caller, _ in path):
            raise GraphError(f"subgraph {body!r} calls itself")
        if body not in done:
            path.append((body, _bodies(root.subgraphs[body])))


def _bodies(graph: Graph) -> list[str]:
    return [body for operator in graph.operators for body in operator.op.bodies]


def _verify_one(graph: Graph) -> None:
    where = f"graph {graph.name!r}"
    seen: set[str] = set()
    ready = {name for name, tensor in graph.tensors.items() if tensor.kind.value != "activation"}
    ready.update(graph.inputs)
    for name, tensor in graph.tensors.items():
        if name != tensor.name:
            raise GraphError(f"{where}: tensor {name!r} calls itself {tensor.name!r}")
        if name in ready:
            _verify_size(tensor, where)
    for name in (*graph.inputs, *graph.outputs):
        if name not in graph.tensors:
            raise GraphError(f"{where}: input or output {name!r} is no tensor of it")
    for operator in graph.operators:
        here = f"{where}, operator {operator.name!r}"
        if operator.name in seen:
            raise GraphError(f"{here}: a second operator has this name")
        seen.add(operator.name)
        for read in operator.inputs:
            if read is not None and read not in graph.tensors:
                raise GraphError(f"{here}: reads {read!r}, which is no tensor")
            if read is not None and read not in ready:
                raise GraphError(f"{here}: reads {read!r} before anything writes it")
        for written in operator.outputs:
            if written not in graph.tensors:
                raise GraphError(f"{here}: writes {written!r}, which is no tensor")
            if written in ready:
                raise GraphError(f"{here}: writes {written!r}, which has a value already")
            _verify_size(graph.tensors[written], here)
        ready.update(operator.outputs)
    for name in graph.outputs:
        if name not in ready:
            raise GraphError(f"{where}: output {name!r} is never written")


def _verify_size(tensor: Tensor, where: str) -> None:
    shape = tensor.shape
    if shape is not None and (min(shape, default=0) < 0 or tensor.nbytes >= _TOO_LARGE):
        raise GraphError(f"{where}: tensor {tensor.name!r} cannot have the shape {shape}")
