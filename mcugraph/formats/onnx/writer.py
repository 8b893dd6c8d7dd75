"""ONNX files with their nodes in another order.

The nodes of the main graph change places as bytes; nothing else is read or written anew, so all
else stays byte for byte. Source: the encoding of protocol buffers, and onnx/onnx.proto.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from mcugraph.errors import FormatError

# Numbers of the fields: ModelProto.graph, GraphProto.node.
_GRAPH, _NODE = 7, 1

Field = tuple[int, int, int, int]  # number, begin, begin of the content, end


def rewritten(path: str, data: bytes, order: Sequence[int]) -> bytes:
    """The file with the nodes of its main graph in another order.

    Args:
        path: Named in errors.
        data: The file.
        order: Nodes by their number in the file, in the new order.

    Raises:
        FormatError: The file is damaged, or has its graph in several pieces.
    """
    try:
        graphs = [field for field in _fields(data, 0, len(data)) if field[0] == _GRAPH]
        if len(graphs) != 1:
            raise FormatError(f"{path}: expected one graph in the file, found {len(graphs)}")
        _, _, start, stop = graphs[0]
        nodes = [field for field in _fields(data, start, stop) if field[0] == _NODE]
    except (IndexError, ValueError) as error:
        raise FormatError(f"{path}: truncated or damaged ONNX file: {error}") from None
    if sorted(order) != list(range(len(nodes))):
        raise FormatError(f"{path}: the order does not hold every one of its {len(nodes)} nodes")
    pieces, at = [], 0
    for (_, begin, _, end), number in zip(nodes, order, strict=True):
        _, first, _, last = nodes[number]
        pieces += [data[at:begin], data[first:last]]
        at = end
    return b"".join([*pieces, data[at:]])


def node_order(graph: Any, wanted: Iterable[str]) -> list[int]:
    """Nodes by number, in an order that computes the wanted values one after the other.

    A value's own producers come right before it, as late as they can. What nothing wanted needs
    comes last. Nodes that draw random numbers, and those of foreign domains, keep their order.

    Args:
        graph: A GraphProto.
        wanted: Names of values; those that no node computes are passed over.
    """
    producer = {name: i for i, node in enumerate(graph.node) for name in node.output if name}
    needs = [
        [producer[name] for name in dict.fromkeys(_reads(node)) if producer.get(name, i) != i]
        for i, node in enumerate(graph.node)
    ]
    own = [i for i, node in enumerate(graph.node) if _keeps_its_place(node)]
    for earlier, later in pairwise(own):
        needs[later].append(earlier)
    order: list[int] = []
    done = [False] * len(needs)
    goals = [producer[name] for name in wanted if name in producer]
    for goal in (*goals, *range(len(needs))):
        stack = [goal]
        while stack:
            open_needs = [i for i in needs[stack[-1]] if not done[i]]
            if done[stack[-1]] or not open_needs:
                number = stack.pop()
                if not done[number]:
                    done[number] = True
                    order.append(number)
            else:
                stack += reversed(open_needs)
    return order


def _reads(node: Any) -> Iterator[str]:
    """Names of the values that a node uses, those inside its subgraphs included."""
    yield from node.input
    for attribute in node.attribute:
        for body in (attribute.g, *attribute.graphs):
            for inner in body.node:
                yield from _reads(inner)
            for value in body.output:
                yield value.name


def _keeps_its_place(node: Any) -> bool:
    foreign = node.domain not in ("", "ai.onnx", "ai.onnx.ml")
    return foreign or node.op_type.startswith("Random") or node.op_type == "Bernoulli"


def external_files(graph: Any) -> bool:
    """Whether some weights of a GraphProto lie in other files."""
    attributes = [attribute for node in graph.node for attribute in node.attribute]
    stored = [tensor for a in attributes for tensor in (a.t, *a.tensors)]
    bodies = [body for a in attributes for body in (a.g, *a.graphs)]
    return any(tensor.data_location == 1 for tensor in (*graph.initializer, *stored)) or any(
        external_files(body) for body in bodies if body.node or body.initializer
    )


def _fields(data: bytes, start: int, stop: int) -> Iterator[Field]:
    """The fields of a message."""
    at = start
    while at < stop:
        begin = at
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == 0:
            content, (_, at) = at, _varint(data, at)
        elif kind == 1:
            content, at = at, at + 8
        elif kind == 2:
            length, content = _varint(data, at)
            at = content + length
        elif kind == 5:
            content, at = at, at + 4
        else:
            raise ValueError(f"unknown kind of field {kind}")
        if at > stop:
            raise ValueError("a field ends behind its message")
        yield tag >> 3, begin, content, at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
        shift += 7
