"""Flash: what the constants of a graph take."""

from collections.abc import Hashable, Iterator

from mcugraph.ir import Graph, Kind, Operator, Role, Tensor
from mcugraph.records import dataclass


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
    size = {Role.WEIGHT: 0, Role.BIAS: 0, Role.PARAMETER: 0}
    elements = dict(size)
    for constant in distinct_constants(graph):
        role, tensor = constant.role, constant.tensor
        elements[role] += tensor.elements
        size[role] += tensor.stored_bytes
    if bytes_per_parameter is not None:
        size = {role: count * bytes_per_parameter for role, count in elements.items()}
    quantization = sum(
        known.nbytes
        for part in graph.walk()
        for tensor in part.tensors.values()
        if (known := tensor.quantization) is not None
    )
    stored = size[Role.WEIGHT] + size[Role.BIAS] + quantization
    file = graph.source.nbytes
    return Flash(
        file=file,
        weights=size[Role.WEIGHT],
        biases=size[Role.BIAS],
        quantization=quantization,
        other=file - stored if graph.source.exact and file is not None else None,
        parameters=elements[Role.WEIGHT] + elements[Role.BIAS],
    )


@dataclass(frozen=True, slots=True)
class StoredConstant:
    """A constant where it is first read.

    Attributes:
        part: The graph that it is read in.
        operator: The operator that reads it.
        role: What for.
        tensor: Its tensor.
    """

    part: Graph
    operator: Operator
    role: Role
    tensor: Tensor


def distinct_constants(graph: Graph) -> Iterator[StoredConstant]:
    """Every constant that a graph and its subgraphs read, each once, in order of its first use.

    Constants are the same if they share their stored bytes (``Constant.key``).
    """
    seen: set[Hashable] = set()
    for part in graph.walk():
        for operator in part.operators:
            for role, tensor in constants(part, operator):
                key = tensor.key if tensor.constant else (part.name, tensor.key)
                if key not in seen:
                    seen.add(key)
                    yield StoredConstant(part, operator, role, tensor)


def constants(graph: Graph, operator: Operator) -> list[tuple[Role, Tensor]]:
    """The constants that an operator reads, each with what it is for."""
    tensors, role, stored = graph.tensors, operator.op.role, Kind.CONSTANT
    return [
        (role(i), tensor)
        for i, name in enumerate(operator.inputs)
        if name and (tensor := tensors[name]).kind is stored
    ]
