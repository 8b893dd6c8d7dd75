"""Safe reading of the flatbuffer: damage becomes one error, and weights stay where they are.

The flatbuffers runtime for Python does not verify what it reads, so every access goes through
``guarded``, and every vector length is held against the size of the file before it is walked.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from mcugraph.errors import FormatError, GraphError

# A table without fields (vtable of 4 bytes, then the table), for options that a file leaves out.
_EMPTY_TABLE = bytes([4, 0, 4, 0, 4, 0, 0, 0])


class Damage(Exception):
    """What is wrong with the bytes, in words."""


# What reading damaged bytes raises in the flatbuffers runtime and in whoever uses their values.
_SYMPTOMS = (
    struct.error,
    IndexError,
    ValueError,
    OverflowError,
    TypeError,
    AttributeError,
    KeyError,
    MemoryError,
    ZeroDivisionError,
)


@contextmanager
def guarded(path: str) -> Iterator[None]:
    """Turn what damaged bytes cause into one FormatError that names the file."""
    try:
        yield
    except GraphError as error:
        raise FormatError(f"{path}: {error}") from error
    except Damage as error:
        raise FormatError(f"{path}: damaged TFLite file: {error}; copy it again") from error
    except _SYMPTOMS as error:
        raise FormatError(
            f"{path}: damaged TFLite file: it points behind its own end or contradicts itself; "
            "it may be truncated, copy it again"
        ) from error


def tables(parent: Any, name: str, limit: int) -> list[Any]:
    """The tables of a vector field, like ``tables(model, "Subgraphs", ...)``.

    Raises:
        Damage: The vector claims more entries than ``limit`` bytes can hold.
    """
    length = getattr(parent, f"{name}Length")()
    if not 0 <= length <= limit // 4:
        raise Damage(f"{name} claims {length} entries")
    get = getattr(parent, name)
    return [get(i) for i in range(length)]


def numbers(parent: Any, name: str) -> list[int]:
    """The integers of a vector field; empty where it is left out."""
    values = getattr(parent, f"{name}AsNumpy")()
    return values.tolist() if isinstance(values, np.ndarray) else []


def content(buffer: Any, limit: int) -> tuple[int, int]:
    """Where the bytes of a buffer begin and end in a file of ``limit`` bytes; empty: it has none.

    Raises:
        Damage: They reach behind the file.
    """
    if buffer.Offset() > 1:  # stored behind the flatbuffer, for files of over 2 GiB
        start, length = buffer.Offset(), buffer.Size()
    else:
        table = buffer._tab
        field = table.Offset(4)
        start, length = (table.Vector(field), table.VectorLen(field)) if field else (0, 0)
    if not 0 <= start <= start + length <= limit:
        raise Damage("the bytes of a buffer end behind the file")
    return int(start), int(start + length)


def builtin_code(code: Any) -> int:
    """The field ``builtin_code`` of an operator code.

    The accessor of the tflite package passes over numbers below 127, which the older field can
    hold too; some tools write only this one.
    """
    table = code._tab
    field = table.Offset(10)
    return int(table.Get(_int32(), field + table.Pos)) if field else 0


def text(value: bytes | None) -> str:
    """A string field; bytes that are no UTF-8 stay visible."""
    return (value or b"").decode("utf-8", "backslashreplace")


def options(operator: Any, name: str, second: bool = False) -> Any:
    """The builtin options of an operator, read as table ``name``; defaults where left out.

    ``second``: they are in the second union of options, as those of newer operators.
    """
    reader = _reader(name)()
    table = operator.BuiltinOptions2() if second else operator.BuiltinOptions()
    if table is None:
        reader.Init(_EMPTY_TABLE, 4)
    else:
        reader.Init(table.Bytes, table.Pos)
    return reader


@cache
def _int32() -> Any:
    from flatbuffers.number_types import Int32Flags

    return Int32Flags


def custom_options(operator: Any) -> bytes:
    """The options of a custom operator, as they are stored."""
    data = operator.CustomOptionsAsNumpy()
    return data.tobytes() if isinstance(data, np.ndarray) else b""


@cache
def _reader(name: str) -> Callable[[], Any]:
    reader: Callable[[], Any] = getattr(import_module(f"tflite.{name}"), name)
    return reader
