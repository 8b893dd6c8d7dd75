"""Flash: what the constants of a graph take."""

from collections.abc import Hashable
from dataclasses import dataclass

from mcugraph.ir import Graph, Operator, Role, Tensor


@dataclass(frozen=True, slots=True)
class Flash:
    """Bytes in flash, by purpose.

    Attributes:
        file: Size of the model file; None where there is none.
        weights: Learned constants other than biases; shared ones count once.
        biases: Constants that are added to the result of a layer.
        quantization: Scales and zero points.
        other: The rest of the file (structure, names, shapes, metadata); None where the file is
            not what the device stores.
        parameters: How many elements the weights and biases have.
    """

    file: int | None
    weights: int
    biases: int
    quantization: int
    other: int | None
    parameters: int


def flash_of(graph: Graph, bytes_per_parameter: int | None = None) -> Flash:
    """The flash account of a graph and its subgraphs.

    Args:
        graph: The graph, as it is to be counted.
        bytes_per_parameter: Count each weight and bias with so many bytes, whatever its type.
    """
    seen: dict[Hashable, tuple[Role, Tensor]] = {}
    for part in graph.walk():
        for operator in part.operators:
            for role, tensor in constants(part, operator):
                key = tensor.constant.key if tensor.constant else (part.name, tensor.name)
                seen.setdefault(key, (role, tensor))
    size = {Role.WEIGHT: 0, Role.BIAS: 0, Role.PARAMETER: 0}
    parameters = 0
    for role, tensor in seen.values():
        if role is not Role.PARAMETER:
            parameters += tensor.elements
        size[role] += (
            tensor.stored_bytes
            if bytes_per_parameter is None
            else tensor.elements * bytes_per_parameter
        )
    tensors = [tensor for part in graph.walk() for tensor in part.tensors.values()]
    quantization = sum(t.quantization.nbytes for t in tensors if t.quantization is not None)
    stored = size[Role.WEIGHT] + size[Role.BIAS] + quantization
    file = graph.source.nbytes
    return Flash(
        file=file,
        weights=size[Role.WEIGHT],
        biases=size[Role.BIAS],
        quantization=quantization,
        other=file - stored if graph.source.exact and file is not None else None,
        parameters=parameters,
    )


def constants(graph: Graph, operator: Operator) -> list[tuple[Role, Tensor]]:
    """The constants that an operator reads, each with what it is for."""
    tensors = [(i, graph.tensors[name]) for i, name in enumerate(operator.inputs) if name]
    return [(operator.op.role(i), t) for i, t in tensors if t.is_constant]
