"""What a float network is once it is quantised."""

from mcugraph.ir import DType, Graph, Quantization, Role, Tensor
from mcugraph.ops.elementwise import Convert
from mcugraph.ops.linear import Dense
from mcugraph.records import replace
from mcugraph.rewrite.floats import with_islands

PRECISIONS = ("int8",)
_ONE_SCALE = Quantization(1, 4 + 8)  # and its zero point, as TFLite stores them


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


def is_quantized(graph: Graph) -> bool:
    """Whether a network computes with quantised tensors already, if only in part."""
    return any(
        tensor.quantization is not None and not tensor.is_constant
        for part in graph.walk()
        for tensor in part.tensors.values()
    ) or any(
        isinstance(operator.op, Convert) and operator.op.function != "cast"
        for part in graph.walk()
        for operator in part.operators
    )


def dense_by_tensor(graph: Graph) -> Graph:
    """An int8 network whose dense layers have one scale for all weights, not one a channel.

    Converters differ in that: TensorFlow's gave them one until 2.16, and does so still where
    ``_experimental_disable_per_channel_quantization_for_dense_layers`` asks for it; later ones, and
    LiteRT's quantiser, give each channel one. What has its scales already keeps them.
    """
    tensors = dict(graph.tensors)
    for operator in graph.operators:
        if isinstance(operator.op, Dense):
            for name in operator.inputs[1:3]:
                if name is not None and tensors[name].is_constant:
                    known = tensors[name].quantization
                    tensors[name] = replace(tensors[name], quantization=known or _ONE_SCALE)
    return graph.replace(
        tensors=tensors,
        subgraphs={name: dense_by_tensor(part) for name, part in graph.subgraphs.items()},
    )
