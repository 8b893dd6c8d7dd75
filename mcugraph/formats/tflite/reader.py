"""Safe reading of the flatbuffer: damage becomes one error, and weights stay where they are.

Tables are read without being verified before, so every access goes through ``guarded``.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mcugraph.errors import FormatError, GraphError
from mcugraph.formats.tflite.table_views import Damage
from mcugraph.formats.tflite.tflite_schema import table_class

# What reading damaged bytes raises, and what their values do in whoever uses them.
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


def content(buffer: Any, limit: int) -> tuple[int, int]:
    """Where the bytes of a buffer begin and end in a file of ``limit`` bytes; empty: it has none.

    Raises:
        Damage: They reach behind the file.
    """
    start, stop = buffer.data
    if buffer.offset > 1:  # stored behind the flatbuffer, for files of over 2 GiB
        start, stop = buffer.offset, buffer.offset + buffer.size
    if stop > limit:
        raise Damage("the bytes of a buffer end behind the file")
    return start, stop


def options(operator: Any, name: str, second: bool = False) -> Any:
    """The builtin options of an operator, read as table ``name``; defaults where left out.

    ``second``: they are in the second union of options, as those of newer operators.
    """
    cls = table_class(name)
    start = operator.builtin_options_2 if second else operator.builtin_options
    return cls.empty() if start is None else cls(operator.file, start)


def custom_options(operator: Any) -> bytes:
    """The options of a custom operator, as they are stored.

    Raises:
        Damage: They reach behind the file.
    """
    start, stop = operator.custom_options
    if stop > len(operator.file.data):
        raise Damage("the options of an operator end behind the file")
    return bytes(operator.file.data[start:stop])
