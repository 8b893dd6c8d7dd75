"""The JSON form of an operator graph: read into the fields of a problem."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

from mcugraph.checks import path_text
from mcugraph.errors import FormatError
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
    import json  # which takes a while, and most problems come from models

    try:
        with open(source, "rb") as file:
            loaded = json.loads(file.read())
    except OSError as error:
        raise FormatError(f"{source}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{source}: not valid JSON: {error}") from None
    if not isinstance(loaded, dict):
        raise FormatError(f"{source}: not an operator graph: expected a JSON object")
    return _fields(loaded, str(source)), str(source)


def _fields(graph: Mapping[str, Any], where: str) -> dict[str, Any]:
    try:
        tensors = [
            (_name(item["id"]), _bytes(item["size"], item["id"])) for item in graph["tensors"]
        ]
        ops = [(_name(item["id"]), item) for item in graph["ops"]]
        tensor_of = {name: index for index, (name, _) in enumerate(tensors)}
        op_of = {name: index for index, (name, _) in enumerate(ops)}
        total = sum(size for _, size in tensors)
        if total >= ADDRESSABLE:
            raise ValueError(f"all tensors together take {bounded(total)} bytes")
        return {
            "tensors": tuple(name for name, _ in tensors),
            "sizes": tuple(size for _, size in tensors),
            "operators": tuple(name for name, _ in ops),
            "inputs": tuple(_numbers(op["inputs"], tensor_of) for _, op in ops),
            "outputs": tuple(_numbers(op["outputs"], tensor_of) for _, op in ops),
            "graph_inputs": _numbers(graph["graph_inputs"], tensor_of),
            "graph_outputs": _numbers(graph["graph_outputs"], tensor_of),
            "scratch": tuple(_bytes(op.get("scratch", 0), name) for name, op in ops),
            "inplace": tuple(_pairs(op.get("inplace", ()), tensor_of) for _, op in ops),
            "overlaps": tuple(_overlaps(op.get("overlaps", ()), tensor_of) for _, op in ops),
            "after": _pairs(graph.get("after", ()), op_of),
            "count_inputs": bool(graph.get("count_inputs", True)),
        }
    except KeyError as error:
        raise FormatError(f"{where}: not an operator graph: no {error.args[0]!r}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"{where}: not an operator graph: {error}") from None


def _name(value: object) -> str | int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"an id is a string or an integer, not {value!r}")
    return value


def _bytes(value: object, of: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"bytes are an integer, not {value!r}")
    if value >= ADDRESSABLE:
        raise ValueError(f"{of!r} takes {bounded(value)} bytes, more than any address space has")
    return value


def _numbers(names: object, number_of: Mapping[str | int, int]) -> tuple[int, ...]:
    """Numbers of the named items, each once, in order."""
    if not isinstance(names, list | tuple):
        raise ValueError(f"expected a list of ids, not {names!r}")
    return tuple(dict.fromkeys([_number(name, number_of) for name in names]))


def _number(name: object, number_of: Mapping[str | int, int]) -> int:
    if (known := _name(name)) not in number_of:
        raise ValueError(f"unknown id {name!r}")
    return number_of[known]


def _pairs(pairs: object, number_of: Mapping[str | int, int]) -> tuple[tuple[int, int], ...]:
    return tuple(
        (_number(pair[0], number_of), _number(pair[1], number_of))
        for pair in _lists(pairs, 2, "a pair of ids")
    )


def _overlaps(
    overlaps: object, number_of: Mapping[str | int, int]
) -> tuple[tuple[int, int, int], ...]:
    return tuple(
        (_number(given[0], number_of), _number(given[1], number_of), _bytes(given[2], given[0]))
        for given in _lists(overlaps, 3, "two ids and a lead in bytes")
    )


def _lists(lists: object, length: int, what: str) -> list[list[object] | tuple[object, ...]]:
    """A list of lists, each of so many entries."""
    if not isinstance(lists, list | tuple):
        raise ValueError(f"expected a list, not {lists!r}")
    for entries in lists:
        if not isinstance(entries, list | tuple) or len(entries) != length:
            raise ValueError(f"expected {what}, not {entries!r}")
    return list(lists)
