"""What a float network is once it is quantised."""

from mcugraph.ir import DType, Graph, Role, Tensor
from mcugraph.records import replace
from mcugraph.rewrite.floats import with_islands

PRECISIONS = ("int8",)


def quantize(graph: Graph, islands: bool = False) -> Graph:
    """The graph with float tensors as int8, and float biases as int32, subgraphs too.

    What is quantised already, and types other than float, stay.

    Args:
        graph: The network.
        islands: Whether what has no int8 kernel goes on computing with floats.
    """
    parts = (graph, *graph.subgraphs.values())
    if not any(t.dtype.is_float for part in parts for t in part.tensors.values()):
        return graph
    return _quantize(graph, islands).replace(
        subgraphs={name: _quantize(part, islands) for name, part in graph.subgraphs.items()},
        # The file says nothing about how the quantised network is stored.
        source=replace(graph.source, exact=False, file=None),
    )


def _quantize(graph: Graph, islands: bool) -> Graph:
    graph, floats = with_islands(graph) if islands else (graph, frozenset())
    roles: dict[str, Role] = {}
    for operator in graph.operators:
        for index, name in enumerate(operator.inputs):
            if name is not None:
                roles.setdefault(name, operator.op.role(index))
    tensors = {
        name: replace(tensor, dtype=DType.FLOAT32)
        if name in floats
        else _int8(tensor, roles.get(name))
        for name, tensor in graph.tensors.items()
    }
    return graph.replace(tensors=tensors)


def _int8(tensor: Tensor, role: Role | None) -> Tensor:
    if not tensor.dtype.is_float:
        return tensor
    bias = tensor.is_constant and role is Role.BIAS
    constant = tensor.constant and replace(tensor.constant, packed=None)
    return replace(tensor, dtype=DType.INT32 if bias else DType.INT8, constant=constant)
