"""Local functions of an ONNX model, put in their places, once it is known what comes of it."""

from collections.abc import Iterator
from typing import Any

from mcugraph.errors import FormatError
from mcugraph.formats.load_limits import LoadLimits

Key = tuple[str, str, str]  # domain, name and overload of a function

# AttributeProto.type of GRAPH and GRAPHS.
_HOLDS_GRAPHS = (5, 10)


def inlined(path: str, data: bytes, model: Any, limits: LoadLimits) -> Any:
    """The model without local functions.

    Calls in calls double what there is with every level, and the inliner cannot be stopped, so
    operators and bytes are counted first.

    Args:
        path: Named in errors.
        data: The file.
        model: The same as a message.
        limits: How much it may come to.

    Raises:
        FormatError: They come to more than the limits, call themselves, or cannot be inlined.
    """
    if not model.functions:
        return model
    operators, nbytes = _size(path, model)
    limits.hold("operators", f"{path}: operators in its local functions", operators)
    limits.hold("expanded", f"{path}: bytes of its local functions in their places", nbytes)
    from onnx import ModelProto
    from onnx.inliner import inline_local_functions

    try:
        found = inline_local_functions(ModelProto.FromString(data))
        return type(model).FromString(found.SerializeToString())
    except Exception as error:  # the inliner's own, the checker's, and those of its C++ code
        said = " ".join(str(error).split())
        raise FormatError(f"{path}: its local functions cannot be inlined: {said}") from error


def _size(path: str, model: Any) -> tuple[int, int]:
    """How many operators and bytes the main graph comes to."""
    bodies: dict[Key, list[Any]] = {
        (entry.domain, entry.name, entry.overload): list(nodes_in(entry.node))
        for entry in model.functions
    }
    known: dict[Key, tuple[int, int]] = {}
    for key in _callees_first(path, bodies):
        known[key] = _total(bodies[key], known)
    return _total(list(nodes_in(model.graph.node)), known)


def _total(nodes: list[Any], known: dict[Key, tuple[int, int]]) -> tuple[int, int]:
    inner = [known.get(_key(node), (0, 0)) for node in nodes]
    operators = len(nodes) + sum(operators for operators, _ in inner)
    return operators, sum(node.ByteSize() for node in nodes) + sum(nbytes for _, nbytes in inner)


def _callees_first(path: str, bodies: dict[Key, list[Any]]) -> Iterator[Key]:
    """Functions in an order in which what one calls comes before it."""
    done: set[Key] = set()
    for first in bodies:
        entered: set[Key] = set()
        pending = [first]
        while pending:
            key = pending[-1]
            inner = {_key(node) for node in bodies[key]} & bodies.keys() - done
            if key not in done and inner & entered | inner & {key}:
                raise FormatError(f"{path}: its local function {key[1]!r} calls itself")
            if key not in done and inner:
                entered.add(key)
                pending += inner
                continue
            if key not in done:
                done.add(key)
                yield key
            pending.pop()


def nodes_in(*groups: Any) -> Iterator[Any]:
    """The nodes of some groups, and those in the graphs that they hold."""
    pending = list(groups)
    while pending:
        for node in pending.pop():
            yield node
            pending += [graph.node for graph in graphs_of(node)]


def graphs_of(node: Any) -> list[Any]:
    """The graphs that the attributes of a node hold."""
    return [
        graph
        for attribute in node.attribute
        if attribute.type in _HOLDS_GRAPHS
        for graph in (attribute.g, *attribute.graphs)
    ]


def _key(node: Any) -> Key:
    return node.domain, node.op_type, node.overload
