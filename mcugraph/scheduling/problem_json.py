"""The JSON form of an operator graph: read into the fields of a problem."""

from collections.abc import Mapping
from typing import Any

from mcugraph.scheduling.json_values import (
    Source,
    bytes_of,
    name_of,
    numbers_of,
    object_of,
    overlaps_of,
    pairs_of,
    reading,
)
from mcugraph.units import ADDRESSABLE, bounded

_FORM = "an operator graph"


def read_fields(source: Source) -> tuple[dict[str, Any], str]:
    """The fields of a problem by name, and what an error message calls the source.

    Raises:
        UsageError: It is neither a mapping nor a path.
        FormatError: The file cannot be read, or it is not of this form.
    """
    graph, where = object_of(source, _FORM, "graph")
    with reading(where, _FORM):
        return _fields(graph), where


def _fields(graph: Mapping[str, Any]) -> dict[str, Any]:
    tensors = [
        (name_of(item["id"]), bytes_of(item["size"], item["id"])) for item in graph["tensors"]
    ]
    ops = [(name_of(item["id"]), item) for item in graph["ops"]]
    tensor_of = {name: index for index, (name, _) in enumerate(tensors)}
    op_of = {name: index for index, (name, _) in enumerate(ops)}
    total = sum(size for _, size in tensors)
    if total >= ADDRESSABLE:
        raise ValueError(f"all tensors together take {bounded(total)} bytes")
    return {
        "tensors": tuple(name for name, _ in tensors),
        "sizes": tuple(size for _, size in tensors),
        "operators": tuple(name for name, _ in ops),
        "inputs": tuple(numbers_of(op["inputs"], tensor_of) for _, op in ops),
        "outputs": tuple(numbers_of(op["outputs"], tensor_of) for _, op in ops),
        "graph_inputs": numbers_of(graph["graph_inputs"], tensor_of),
        "graph_outputs": numbers_of(graph["graph_outputs"], tensor_of),
        "scratch": tuple(bytes_of(op.get("scratch", 0), name) for name, op in ops),
        "inplace": tuple(pairs_of(op.get("inplace", ()), tensor_of) for _, op in ops),
        "overlaps": tuple(overlaps_of(op.get("overlaps", ()), tensor_of) for _, op in ops),
        "after": pairs_of(graph.get("after", ()), op_of),
        "count_inputs": bool(graph.get("count_inputs", True)),
    }
