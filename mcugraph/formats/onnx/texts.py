"""Names in an ONNX model, which are to be text: protobuf hands on any bytes."""

from collections.abc import Iterator
from typing import Any

from mcugraph.errors import FormatError
from mcugraph.formats.onnx.functions import graphs_of, nodes_in


def check_texts(path: str, model: Any) -> None:
    """Refuse a model in which a name of an operator or a tensor is no text.

    Raises:
        FormatError: One is not; the message shows it.
    """
    for name in _names(model):
        if not isinstance(name, str):
            raise FormatError(
                f"{path}: the name {name!r} in it is no UTF-8; the file is damaged, copy it again"
            )


def _names(model: Any) -> Iterator[Any]:
    yield from (entry.domain for entry in model.opset_import)
    for function in model.functions:
        yield from (function.domain, function.name, *function.input, *function.output)
    graphs = [model.graph]
    bodies = [function.node for function in model.functions]
    for node in nodes_in(model.graph.node, *bodies):
        yield from (node.op_type, node.domain, node.name, *node.input, *node.output)
        graphs += graphs_of(node)
    for graph in graphs:
        yield graph.name
        for entry in (*graph.initializer, *graph.input, *graph.output, *graph.value_info):
            yield entry.name
        for value in graph.input:
            yield from (dim.dim_param for dim in value.type.tensor_type.shape.dim)
