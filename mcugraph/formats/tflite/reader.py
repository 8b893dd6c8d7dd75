"""Safe reading of the flatbuffer: damage becomes one error that names the file."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager

from mcugraph.errors import FormatError, GraphError
from mcugraph.formats.tflite.flatbuffer import Damage

# What reading damaged bytes raises, and what it does in whoever uses their values.
_SYMPTOMS = (
    struct.error,
    IndexError,
    ValueError,
    OverflowError,
    TypeError,
    AttributeError,
    KeyError,
    MemoryError,
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
