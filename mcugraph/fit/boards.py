"""Real boards: SRAM, flash, core and clock; sizes as people write them; published speeds.

The figures stand in ``boards.toml`` beside this module, each with the document it comes from.
Sizes are bytes, clocks are hertz, times are seconds.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn

from mcugraph.errors import FormatError, UsageError

NETWORK = "network"
"""The kind of a rate that was measured over whole networks."""

_IN_NETWORKS = frozenset({"conv2d", "depthwise_conv2d", "dense"})  # what those networks consist of

_DATA = Path(__file__).with_name("boards.toml")
_NUMBER = re.compile(r"([0-9][0-9_]{0,29}(?:\.[0-9]{1,9})?)\s*([a-z]*)", re.IGNORECASE)
_SIZE_UNITS = {
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
_BOARD_FIELDS: dict[str, type] = {
    **dict.fromkeys(("name", "mcu", "core", "source", "note", "vendor"), str),
    **dict.fromkeys(("clock_hz", "sram", "flash", "cores", "sram_block"), int),
}
_COUNT_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


@dataclass(frozen=True, slots=True)
class Board:
    """One board, or one microcontroller, and what it offers to a network.

    Attributes:
        key: Short name for the command line, such as ``nucleo-f446re``.
        name: The vendor's name.
        mcu: Part number of the microcontroller.
        core: The core that runs the network, such as ``Cortex-M7``; rates go by it.
        clock_hz: Highest rated clock of that core, in hertz.
        sram: On-chip data memory in bytes: every region that can hold tensors, tightly coupled
            data memory included; instruction memory, backup memory and what must serve as a cache
            are left out. External RAM is never counted.
        flash: Memory for code and constants in bytes, on the chip or (the note says so) beside it.
        source: The document that states the figures.
        note: What one has to know about them; may be empty.
        vendor: Who makes the board.
        cores: How many such cores there are; a network is taken to run on one.
        sram_block: The largest contiguous part of ``sram`` in bytes, which is what one arena can
            have; equal to ``sram`` on most boards.
    """

    key: str
    name: str
    mcu: str
    core: str
    clock_hz: int
    sram: int
    flash: int
    source: str
    note: str
    vendor: str
    cores: int
    sram_block: int


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast one core was measured to run one kind of int8 operator.

    Attributes:
        core: As in `Board`.
        kind: An operator kind (``conv2d``, ``depthwise_conv2d``, ``dense``), or `NETWORK`.
        low, high: The slowest and the fastest published figure, in MACs a clock cycle.
        source: Where they are published.
        note: How the figures follow from the source, and with which kernels.
    """

    core: str
    kind: str
    low: float
    high: float
    source: str
    note: str


def parse_size(text: str) -> int:
    """The bytes that a size such as ``"64KiB"``, ``"512K"``, ``"1.5MB"`` or ``"65536"`` means.

    ``KiB``, ``MiB`` and ``GiB`` are powers of 1024, and so are the bare ``K`` and ``M`` of linker
    scripts. ``kB``, ``MB`` and ``GB`` are powers of 1000, as in SI: read so, a budget that was
    meant as 1024 comes out too small rather than too large, and what fits still fits. Case does
    not matter.

    Raises:
        UsageError: The text is no size, or no whole number of bytes.
    """
    return _parse(text, _SIZE_UNITS, "a size", "64KiB, 512K, 1MB or 65536", "bytes")


def parse_count(text: str) -> int:
    """The number that ``"5M"``, ``"2.5k"`` or ``"1200000"`` means: a count of MACs, say.

    ``k``, ``M`` and ``G`` are powers of 1000. Case does not matter.

    Raises:
        UsageError: The text is no count, or not a whole one.
    """
    return _parse(text, _COUNT_UNITS, "a count", "5M, 250k or 1200000", "operations")


def _parse(text: str, units: Mapping[str, int], what: str, examples: str, unit_name: str) -> int:
    match = _NUMBER.fullmatch(text.strip())
    factor = units.get(match[2].lower()) if match else None
    if match is None or factor is None:
        raise UsageError(f"{text!r} is not {what}; write it like {examples}")
    value = Fraction(match[1].replace("_", "")) * factor
    if value.denominator != 1:
        raise UsageError(f"{text!r} is not a whole number of {unit_name}")
    return int(value)


@cache
def boards() -> tuple[Board, ...]:
    """All boards that the library knows, in the order of its data file."""
    return load_boards(_DATA)


@cache
def rates() -> tuple[Rate, ...]:
    """All published rates that the library knows."""
    fields: dict[str, type] = {
        "core": str,
        "kind": str,
        "low": float,
        "high": float,
        "source": str,
        "note": str,
    }
    return tuple(
        Rate(**_checked(_DATA, f"rate {i}", row, fields))
        for i, row in enumerate(_read(_DATA)["rate"], 1)
    )


def load_boards(path: str | PathLike[str]) -> tuple[Board, ...]:
    """Reads boards from a TOML file: one table ``[board.KEY]`` for each.

    A table must have ``sram``, ``flash`` (sizes as for `parse_size`, or bytes), ``core`` and
    ``clock_hz``. ``name`` (the key, if absent), ``mcu``, ``source``, ``note``, ``vendor``,
    ``cores`` (1) and ``sram_block`` (all of ``sram``) may be left out.

    Raises:
        FormatError: The file cannot be read, is no TOML, or describes a board wrongly.
    """
    tables = _read(path).get("board")
    if not isinstance(tables, dict) or not tables:
        raise FormatError(f"{path}: no boards; a board is a table [board.KEY]")
    return tuple(_board(path, key, table) for key, table in tables.items())


def _read(path: str | PathLike[str]) -> dict[str, Any]:
    import tomllib  # not needed by most runs

    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise FormatError(f"{path}: {error.strerror or 'cannot be read'}") from error
    except (ValueError, RecursionError) as error:  # damaged TOML, or not UTF-8
        reason = " ".join(str(error).split())
        raise FormatError(f"{path}: not a TOML file: {reason}") from error


def _board(path: str | PathLike[str], key: str, table: object) -> Board:
    where = f"board {key!r}"
    if not isinstance(table, dict):
        _reject(path, where, "is not a table")
    optional = {
        "name": key,
        "mcu": "",
        "source": "",
        "note": "",
        "vendor": "",
        "cores": 1,
        "sram_block": table.get("sram"),
    }
    row = {**optional, **table}
    for size in ("sram", "flash", "sram_block"):
        if isinstance(row.get(size), str):
            try:
                row[size] = parse_size(row[size])
            except UsageError as error:
                _reject(path, where, f"{size}: {error}")
    board = Board(key=key, **_checked(path, where, row, _BOARD_FIELDS))
    if board.sram_block > board.sram:
        _reject(path, where, "sram_block is larger than sram")
    return board


def _checked(
    path: str | PathLike[str], where: str, row: Mapping[str, Any], fields: Mapping[str, type]
) -> dict[str, Any]:
    """The row, if it has exactly these fields, each of its type, and numbers are positive."""
    for name, kind in fields.items():
        if row.get(name) is None:
            _reject(path, where, f"{name} is missing")
        if type(row[name]) is not kind:
            wanted = {int: "a whole number", float: "a number", str: "text"}[kind]
            _reject(path, where, f"{name} must be {wanted}, not {row[name]!r}")
        if kind is not str and not row[name] > 0:
            _reject(path, where, f"{name} must be positive, not {row[name]!r}")
    for name in row:
        if name not in fields:
            known = {field: field for field in fields}
            _reject(path, where, f"unknown key {name!r}{_hint(name, known)}")
    return dict(row)


def _reject(path: str | PathLike[str], where: str, reason: str) -> NoReturn:
    raise FormatError(f"{path}: {where}: {reason}")


def find_board(name: str, among: Iterable[Board] | None = None) -> Board:
    """The board that a name means, be it a key, a vendor's name, a part number or a piece of one.

    Case, spaces and punctuation do not matter. A whole name wins over a beginning, a beginning
    over an end, an end over a piece of the middle, and any of these over a part number.

    Args:
        name: What the user wrote, such as ``"F767ZI"`` or ``"nano 33 ble"``.
        among: The boards to choose from; all of `boards` if absent.

    Raises:
        UsageError: No board has such a name, or several do.
    """
    known = boards() if among is None else tuple(among)
    wanted = _plain(name)
    if wanted:
        for matches in (str.__eq__, str.startswith, str.endswith, str.__contains__):
            found = [b for b in known if any(matches(n, wanted) for n in _names(b))]
            if found:
                return _only(name, found)
        found = [b for b in known if wanted in _plain(b.mcu)]
        if found:
            return _only(name, found)
    names = {plain: board.key for board in known for plain in _names(board)}
    hint = _hint(wanted, names) or "; `mcugraph boards` lists them"
    raise UsageError(f"unknown board {name!r}{hint}")


def _only(name: str, found: list[Board]) -> Board:
    if len(found) > 1:
        keys = [board.key for board in found]
        more = f" and {len(keys) - 6} more" if len(keys) > 6 else ""
        raise UsageError(f"board {name!r} is ambiguous: {', '.join(keys[:6])}{more}")
    return found[0]


def _names(board: Board) -> tuple[str, str]:
    return _plain(board.key), _plain(board.name)


def _plain(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _hint(wanted: str, known: Mapping[str, str]) -> str:
    """A suggestion of up to three values whose keys look like what was wanted, or nothing."""
    close = difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)
    names = dict.fromkeys(known[c] for c in close)
    return f"; did you mean {', '.join(names)}?" if names else ""


def estimate_latency(board: Board, macs_by_kind: Mapping[str, int]) -> tuple[float, float] | None:
    """How long one inference may take, from published rates of the board's core alone.

    If every kind that has MACs has a rate of its own, their times are added; otherwise all MACs
    go by the rate that was measured over whole networks, provided that such networks consist of
    these kinds (``conv2d``, ``depthwise_conv2d``, ``dense``).

    This is an order of magnitude, not a measurement. It holds for int8 networks and for kernels
    such as `Rate.note` names, on one core at its highest clock. Elementwise work is not included,
    beyond what was part of the measured networks; nor are waits for slow flash or external memory,
    nor what a neural accelerator would save.

    Args:
        board: Its ``core`` and ``clock_hz`` are used.
        macs_by_kind: Operator kind, such as ``conv2d``, to multiply-accumulates.

    Returns:
        Shortest and longest time in seconds, or None where nothing is published for this core
        and these kinds, or there are no MACs to go by.
    """
    found = rates_for(board, macs_by_kind)
    if not found:
        return None
    macs = {kind: count for kind, count in macs_by_kind.items() if count > 0}
    if found[0].kind == NETWORK:
        macs = {NETWORK: sum(macs.values())}
    cycles = [(macs[rate.kind] / rate.high, macs[rate.kind] / rate.low) for rate in found]
    fast, slow = (sum(column) / board.clock_hz for column in zip(*cycles, strict=True))
    return fast, slow


def rates_for(board: Board, macs_by_kind: Mapping[str, int]) -> tuple[Rate, ...]:
    """The rates that `estimate_latency` goes by, to be quoted with it; empty if it has none."""
    of_core = {rate.kind: rate for rate in rates() if rate.core == board.core}
    kinds = [kind for kind, count in macs_by_kind.items() if count > 0]
    if kinds and all(kind in of_core for kind in kinds):
        return tuple(of_core[kind] for kind in kinds)
    if kinds and NETWORK in of_core and _IN_NETWORKS.issuperset(kinds):
        return (of_core[NETWORK],)
    return ()
