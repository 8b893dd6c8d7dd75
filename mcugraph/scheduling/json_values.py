"""Files of JSON, and the values in them: names, bytes, references by name."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from typing import Any

from mcugraph.checks import path_text
from mcugraph.errors import FormatError, GraphError
from mcugraph.units import ADDRESSABLE, bounded

Source = str | PathLike[str] | Mapping[str, Any]


def object_of(source: Source, what: str, called: str) -> tuple[Mapping[str, Any], str]:
    """The object that a source is or holds, and what an error message calls the source.

    Args:
        source: An object, or the path of a file of JSON that holds one.
        what: What it should be, for errors.
        called: What errors call an object.

    Raises:
        UsageError: It is neither a mapping nor a path.
        FormatError: The file cannot be read, or holds none.
    """
    if isinstance(source, Mapping):
        return source, called
    path = path_text(source, f"{what} is a mapping or the path of a JSON file")
    return load_object(path, what), path


@contextmanager
def reading(where: str, what: str) -> Iterator[None]:
    """What is missing or wrong in an object becomes one line, which names the source.

    Raises:
        FormatError: It is not what it should be.
    """
    try:
        yield
    except KeyError as error:
        raise FormatError(f"{where}: not {what}: no {error.args[0]!r}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"{where}: not {what}: {error}") from None


@contextmanager
def contradicting(where: str) -> Iterator[None]:
    """What an object contradicts itself in names the source, too.

    Raises:
        GraphError: It does.
    """
    try:
        yield
    except GraphError as error:
        raise GraphError(f"{where}: {error}") from None


def load_object(path: str, what: str) -> dict[str, Any]:
    """The object that a file of JSON holds.

    Args:
        path: The file.
        what: What it should be, for errors.

    Raises:
        FormatError: It cannot be read, or holds none.
    """
    import json  # which takes a while, and most problems come from models

    try:
        with open(path, "rb") as file:
            loaded = json.loads(file.read())
    except OSError as error:
        raise FormatError(f"{path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: not valid JSON: {error}") from None
    if not isinstance(loaded, dict):
        raise FormatError(f"{path}: not {what}: expected a JSON object")
    return loaded


def name_of(value: object) -> str | int:
    """An id.

    Raises:
        ValueError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"an id is a string or an integer, not {value!r}")
    return value


def bytes_of(value: object, of: object) -> int:
    """A number of bytes of something, which errors name.

    Raises:
        ValueError: It is none, or more than any address space has.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"bytes are an integer, not {value!r}")
    if value >= ADDRESSABLE:
        raise ValueError(f"{of!r} takes {bounded(value)} bytes, more than any address space has")
    return value


def whole_of(value: object) -> int:
    """An integer.

    Raises:
        ValueError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"expected an integer, not {value!r}")
    return value


def number_of(name: object, known: Mapping[str | int, int]) -> int:
    """The number of what has an id.

    Raises:
        ValueError: Nothing has it.
    """
    if (found := name_of(name)) not in known:
        raise ValueError(f"unknown id {name!r}")
    return known[found]


def numbers_of(names: object, known: Mapping[str | int, int]) -> tuple[int, ...]:
    """Numbers of the named items, each once, in order.

    Raises:
        ValueError: It is no list, or an id is unknown.
    """
    if not isinstance(names, list | tuple):
        raise ValueError(f"expected a list of ids, not {names!r}")
    return tuple(dict.fromkeys([number_of(name, known) for name in names]))


def pairs_of(pairs: object, known: Mapping[str | int, int]) -> tuple[tuple[int, int], ...]:
    """Pairs of ids as numbers.

    Raises:
        ValueError: It is no list of pairs, or an id is unknown.
    """
    return tuple(
        (number_of(a, known), number_of(b, known)) for a, b in _lists(pairs, 2, "a pair of ids")
    )


def overlaps_of(
    overlaps: object, known: Mapping[str | int, int]
) -> tuple[tuple[int, int, int], ...]:
    """Two ids, as numbers, and a lead each.

    Raises:
        ValueError: It is no list of these, or an id is unknown.
    """
    return tuple(
        (number_of(a, known), number_of(b, known), bytes_of(lead, a))
        for a, b, lead in _lists(overlaps, 3, "two ids and a lead in bytes")
    )


def _lists(given: object, length: int, what: str) -> list[list[object] | tuple[object, ...]]:
    """A list of lists, each of so many entries.

    Raises:
        ValueError: It is none; ``what`` says what each should be.
    """
    if not isinstance(given, list | tuple):
        raise ValueError(f"expected a list, not {given!r}")
    for entries in given:
        if not isinstance(entries, list | tuple) or len(entries) != length:
            raise ValueError(f"expected {what}, not {entries!r}")
    return list(given)
