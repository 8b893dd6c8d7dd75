"""The JSON form of an operator graph: read into the fields of a problem."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

from mcugraph.checks import path_text
from mcugraph.errors import FormatError
from mcugraph.scheduling.json_values import (
    bytes_of,
    load_object,
    name_of,
    numbers_of,
    overlaps_of,
    pairs_of,
)
from mcugraph.units import ADDRESSABLE, bounded

Source = str | PathLike[str] | Mapping[str, Any]


def read_fields(source: Source) -> tuple[dict[str, Any], str]:
    """The fields of a problem by name, and what an error message calls the source.

    Raises:
        UsageError: It is neither a mapping nor a path.
        FormatError: The file cannot be read, or it is not of this form.
    """
    if isinstance(source, Mapping):
        return _fields(source, "graph"), "graph"
    source = path_text(source, "an operator graph is a mapping or the path of a JSON file")
    return _fields(load_object(source, "an operator graph"), source), source


def _fields(graph: Mapping[str, Any], where: str) -> dict[str, Any]:
    try:
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
    except KeyError as error:
        raise FormatError(f"{where}: not an operator graph: no {error.args[0]!r}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"{where}: not an operator graph: {error}") from None
