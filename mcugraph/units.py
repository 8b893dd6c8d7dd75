"""Sizes and counts as people write and read them.

Read: ``"64KiB"`` to 65,536. Written: exact bytes beside KiB, MACs with decimal prefixes.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from mcugraph.checks import check_number, check_whole
from mcugraph.errors import UsageError

Number = TypeVar("Number", int, float)

MOST = (1 << 63) - 1
"""The largest size or count that is read: more is a slip of the pen, on any machine."""

ADDRESSABLE = 1 << 48
"""Bytes in the widest address space of today's machines. Files that need more are damaged."""

_NUMBER = re.compile(r"([0-9][0-9_]{0,29})(?:\.([0-9]{1,9}))?\s*([a-z]*)", re.IGNORECASE)
_SIZES = {
    "": 1,
    "b": 1,
    "k": 1 << 10,
    "m": 1 << 20,
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
}
_DURATIONS = {"": 1, "s": 1, "min": 60, "h": 3600, "d": 86400}
_COUNTS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


def bounded(count: int) -> str:
    """A count in full, as long as that can be read."""
    return f"{count:,}" if abs(count) < 1 << 64 else "more than 2**64"


def parse_size(text: str) -> int:
    """The bytes that a size such as ``"64KiB"``, ``"512K"``, ``"1.5MB"`` or ``"65536"`` means.

    ``KiB``, ``MiB`` and ``GiB`` are powers of 1024, and so are the bare ``K`` and ``M`` of linker
    scripts. ``kB``, ``MB`` and ``GB`` are powers of 1000, as in SI: read so, a budget that was
    meant as 1024 comes out too small rather than too large, and what fits still fits. Case does
    not matter.

    Raises:
        UsageError: The text is no size, or no whole number of bytes, or more than `MOST`.
    """
    return _parse(text, _SIZES, "a size", "64KiB, 512K, 1MB or 65536", "bytes")


def parse_count(text: str) -> int:
    """The number that ``"5M"``, ``"2.5k"`` or ``"1200000"`` means: a count of MACs, say.

    ``k``, ``M`` and ``G`` are powers of 1000. Case does not matter.

    Raises:
        UsageError: The text is no count, or not a whole one, or more than `MOST`.
    """
    return _parse(text, _COUNTS, "a count", "5M, 250k or 1200000", "operations")


def parse_share(text: str) -> float:
    """The share of a whole that ``"10%"`` or ``"0.1"`` means.

    Raises:
        UsageError: The text is no share. A plain number above 1 may be meant as either.
    """
    percent = text.endswith("%")
    try:
        value = float(text.removesuffix("%")) / (100 if percent else 1)
    except ValueError:
        value = -1.0
    if text.lstrip().startswith("-"):
        raise UsageError(f"{text!r} is below 0: a share is needed like 10% or 0.1")
    if not 0 <= value < float("inf") or (value > 1 and not percent):
        raise UsageError(f"{text!r} is no share, such as 10% or 0.1")
    return value


def parse_duration(text: str) -> int:
    """The seconds that ``"30min"``, ``"1.5h"``, ``"90s"`` or ``"90"`` means.

    Raises:
        UsageError: The text is no duration, or no whole number of seconds, or more than `MOST`.
    """
    return _parse(text, _DURATIONS, "a duration", "30min, 2h or 90s", "seconds")


def checked_size(name: str, given: int | str, least: int = 0) -> int:
    """Bytes that a caller gives, as a whole number or as text like ``"24KiB"``.

    Args:
        name: Of the argument, for the error.
        given: What it is.
        least: What it has to be at the least.

    Raises:
        UsageError: It is no size, or too small.
    """
    return _checked(name, given, least, parse_size)


def checked_count(name: str, given: int | str, least: int = 0) -> int:
    """As `checked_size`, of what is counted, like ``"5M"``."""
    return _checked(name, given, least, parse_count)


def checked_share(name: str, given: float | str) -> float:
    """A share of a whole that a caller gives, as a number from 0 to 1 or as text like ``"5%"``.

    Raises:
        UsageError: It is none.
    """
    value = _read(name, given, parse_share) if isinstance(given, str) else given
    check_number(name, value)
    if value > 1:
        raise UsageError(f"{name}: a share from 0 to 1 is needed, not {given}")
    return value


def _checked(name: str, given: int | str, least: int, parse: Callable[[str], int]) -> int:
    value = _read(name, given, parse) if isinstance(given, str) else given
    check_whole(name, value, least)
    return int(value)


def _read(name: str, text: str, parse: Callable[[str], Number]) -> Number:
    """Text with a unit, as the value of an argument."""
    try:
        return parse(text)
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None


def _parse(text: str, units: Mapping[str, int], what: str, examples: str, unit_name: str) -> int:
    match = _NUMBER.fullmatch(text.strip())
    factor = units.get(match[3].lower()) if match else None
    if text.lstrip().startswith("-"):
        raise UsageError(f"{text!r} is below 0: {what} is needed like {examples}")
    if match is None or factor is None:
        raise UsageError(f"{text!r} is not {what}; write it like {examples}")
    decimals = match[2] or ""
    scale: int = 10 ** len(decimals)
    value, rest = divmod(int(match[1] + decimals) * factor, scale)
    if rest:
        raise UsageError(f"{text!r} is not a whole number of {unit_name}")
    if value > MOST:
        raise UsageError(f"{text!r} is more than {MOST:,} {unit_name}; write a smaller one")
    return value


def exact(value: int) -> str:
    """A number with thousands separated, like ``55,296``."""
    return f"{value:,}"


def kib(value: int) -> str:
    """Bytes in KiB or MiB (1024), like ``54.0 KiB``."""
    if value >= 1 << 20:
        return f"{_quotient(value, 1 << 20, 2)} MiB"
    return f"{_quotient(value, 1 << 10, 1)} KiB"


def size(value: int) -> str:
    """Exact bytes and KiB, like ``55,296 B (54.0 KiB)``."""
    return f"{exact(value)} B ({kib(value)})"


def decimal(value: int) -> str:
    """A count with a decimal prefix, like ``7.16 M``."""
    for unit, factor in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if value >= factor:
            return f"{_quotient(value, factor, 2)} {unit}"
    return str(value)


def percent(value: float | None) -> str:
    """A share in per cent, like ``3.42%``; nothing of what is not known."""
    return "" if value is None else f"{value:.2%}"


def share(part: int, whole: int) -> str:
    """A part of a whole in per cent, like ``38.2%``; of nothing it is all or nothing."""
    if not whole:
        return "0.0%" if not part else "100.0%"
    return f"{_quotient(100 * part, whole, 1)}%"


def _quotient(value: int, divisor: int, digits: int) -> str:
    """With so many decimals, in integers: a float holds 53 bits, and nothing beyond 1e308."""
    scale: int = 10**digits
    whole, rest = divmod(abs(value) * scale, divisor)
    whole += 2 * rest > divisor or (2 * rest == divisor and whole % 2)
    sign = "-" if value < 0 and whole else ""
    return f"{sign}{whole // scale}.{whole % scale:0{digits}}"
