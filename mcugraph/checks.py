"""Arguments held against what they can be, in one line each."""

from collections.abc import Callable, Sequence
from math import inf
from numbers import Integral, Real
from os import PathLike, fsdecode
from types import UnionType
from typing import Any

from mcugraph.errors import GraphError, UsageError

# Integral alone would do, but abstract classes answer slowly.
_WHOLE = (int, Integral)


def check_whole(name: str, value: Any, least: int) -> None:
    """Hold an option that counts something against what it can be.

    Raises:
        UsageError: It is no whole number, or too small.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise UsageError(f"{name}: a whole number from {least} on is needed, not {value!r}")


def check_kind(name: str, value: Any, kind: type | UnionType) -> None:
    """Hold an argument to be of a class.

    Raises:
        UsageError: It is not.
    """
    if not isinstance(value, kind):
        wanted = getattr(kind, "__name__", str(kind)).rpartition(".")[2]
        raise UsageError(f"{name}: {wanted} is needed, not {value!r}")


def check_finite(name: str, value: Any) -> None:
    """As `check_number`, where infinity makes no sense either.

    Raises:
        UsageError: It is no number, below 0, or infinite.
    """
    check_number(name, value)
    if float(value) == inf:
        raise UsageError(f"{name}: a number is needed that is not infinite")


def check_number(name: str, value: Any) -> None:
    """Hold an option that measures something against what it can be.

    Raises:
        UsageError: It is no number, or below 0.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not float(value) >= 0:
        raise UsageError(f"{name}: a number from 0 on is needed, not {value!r}")


def checked_fraction(name: str, value: Any) -> float:
    """A fraction from 0 to below 1.

    Raises:
        UsageError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < 1:
        raise UsageError(f"{name}: a fraction from 0 to below 1 is needed, not {value!r}")
    return float(value)


def check_callable(name: str, value: Any) -> None:
    """Hold an option that is called against what it can be.

    Raises:
        UsageError: It is no function.
    """
    if not callable(value):
        raise UsageError(f"{name}: a function is needed, not {value!r}")


def path_text(value: Any, what: str, remedy: Callable[[object], str] = lambda value: "") -> str:
    """A path as text.

    Args:
        value: What the caller handed in.
        what: What takes it, for the error.
        remedy: Says what to do with what is no path.

    Raises:
        UsageError: It is no path.
    """
    if isinstance(value, str | PathLike):
        return fsdecode(value)
    raise UsageError(f"{what}, not {type(value).__name__}{remedy(value)}")


def check_sequences(**fields: Any) -> None:
    """Hold fields to be sequences.

    Raises:
        GraphError: One is none; the message names it.
    """
    for name, value in fields.items():
        if not _is_sequence(value):
            raise GraphError(f"{name!r} is a sequence, not {value!r}")


def _is_sequence(value: Any) -> bool:
    """Whether a value is a sequence, and no text; those of Python's own are told at a look."""
    if type(value) in (tuple, list):
        return True
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def check_rows(name: str, rows: Any, length: int) -> None:
    """Hold a field to be rows of so many whole numbers.

    Raises:
        GraphError: It is something else; the message names the field.
    """
    if not _is_sequence(rows):
        raise GraphError(f"{name!r} is a sequence, not {rows!r}")
    for row in rows:
        fits = _is_sequence(row) and len(row) == length
        if not fits or not all(isinstance(number, _WHOLE) for number in row):
            raise GraphError(f"{name!r} holds rows of {length} whole numbers, not {row!r}")
