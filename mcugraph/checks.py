"""Arguments held against what they can be, in one line each."""

from collections.abc import Callable
from numbers import Integral, Real
from os import PathLike, fsdecode
from typing import Any

from mcugraph.errors import UsageError


def check_whole(name: str, value: Any, least: int) -> None:
    """Hold an option that counts something against what it can be.

    Raises:
        UsageError: It is no whole number, or too small.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise UsageError(f"{name}: a whole number from {least} on is needed, not {value!r}")


def check_number(name: str, value: Any) -> None:
    """Hold an option that measures something against what it can be.

    Raises:
        UsageError: It is no number, or below 0.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not float(value) >= 0:
        raise UsageError(f"{name}: a number from 0 on is needed, not {value!r}")


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
