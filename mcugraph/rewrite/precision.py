"""What a float network is once it is quantised."""

from mcugraph.ir import DType, Graph, Role, Tensor
from mcugraph.records import replace

PRECISIONS = ("int8",)


def quantize(graph: Graph) -> Graph:
    """The graph with float tensors as int8, and float biases as int32, subgraphs too.

    What is quantised already, and types other than float, stay.
    """
    parts = (graph, *graph.subgraphs.values())
    if not any(t.dtype.is_float for part in parts for t in part.tensors.values()):
        return graph
    return _quantize(graph).replace(
        subgraphs={name: _quantize(part) for name, part in graph.subgraphs.items()},
        # The file says nothing about how the quantised network is stored.
        source=replace(graph.source, exact=False, file=None),
    )


def _quantize(graph: Graph) -> Graph:
    roles: dict[str, Role] = {}
    for operator in graph.operators:
        for index, name in enumerate(operator.inputs):
            if name is not None:
                roles.setdefault(name, operator.op.role(index))
    return graph.replace(tensors={n: _int8(t, roles.get(n)) for n, t in graph.tensors.items()})


def _int8(tensor: Tensor, role: Role | None) -> Tensor:
    if not tensor.dtype.is_float:
        return tensor
    bias = tensor.is_constant and role is Role.BIAS
    constant = tensor.constant and replace(tensor.constant, packed=None)
    return replace(tensor, dtype=DType.INT32 if bias else DType.INT8, constant=constant)
