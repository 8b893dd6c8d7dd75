"""Real boards: SRAM, flash, core and clock; what is known, read from a file, and found by name.

The figures stand in ``boards.toml`` beside this module, each with the document it comes from.
Sizes are bytes, clocks are hertz.
"""

import re
from collections.abc import Iterable
from functools import cache
from os import PathLike

from mcugraph.did_you_mean import suggestion
from mcugraph.errors import FormatError, UsageError
from mcugraph.fit.toml_tables import DATA, checked, read, reject
from mcugraph.records import dataclass
from mcugraph.units import parse_size

_BOARD_FIELDS: dict[str, type] = {
    **dict.fromkeys(("name", "mcu", "core", "source", "note", "vendor"), str),
    **dict.fromkeys(("clock_hz", "sram", "flash", "cores", "sram_block"), int),
}
# Of those that most boards have nothing to say about.
_FURTHER: dict[str, type] = {
    **dict.fromkeys(("usable_source", "too_small"), str),
    **dict.fromkeys(("usable_sram", "usable_flash", "external_ram", "external_flash"), int),
}
_FEATURES = ("DSP", "FPU", "FPU64", "Helium", "SIMD")
_SIZES = (
    *("sram", "flash", "sram_block", "usable_sram", "usable_flash"),
    *("external_ram", "external_flash"),
)
_PART_NUMBER = 4  # characters at the least
_LISTED = 12


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
        usable_sram, usable_flash: What the vendor's development kit leaves an application of
            ``sram_block`` and ``flash``, in bytes; None: all, as far as it says.
        usable_source: Where it says so.
        external_ram: RAM beside the chip in bytes, such as PSRAM or SDRAM, which is slower.
        external_flash: Flash beside the chip in bytes, where ``flash`` is on it.
        too_small: Why neither TFLM nor generated code runs there, a clause; empty: they do.
        features: What the core has that kernels use: ``DSP`` (Arm's instructions on packed
            integers), ``FPU`` (single precision), ``FPU64`` (double), ``Helium``, ``SIMD`` (vector
            instructions of the vendor's own).
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
    usable_sram: int | None = None
    usable_flash: int | None = None
    usable_source: str = ""
    external_ram: int = 0
    external_flash: int = 0
    too_small: str = ""
    features: tuple[str, ...] = ()

    @property
    def for_arena(self) -> int:
        """Bytes of SRAM that an application may give one arena at the most."""
        return self.sram_block if self.usable_sram is None else self.usable_sram

    @property
    def for_program(self) -> int:
        """Bytes of flash that an application may take."""
        return self.flash if self.usable_flash is None else self.usable_flash

    @property
    def abi(self) -> str:
        """How its compilers lay out structs, as ``Runtime.abi`` says; it goes by the core."""
        return "arm" if self.core.startswith(("Cortex", "Arm")) else "int-enums"


def runs(board: Board, core: str) -> bool:
    """Whether code that was built for a core, like ``"cortex-m4"``, is what a board would run.

    That is code for the board's own core; an M0+ runs that of an M0.
    """
    return core == board.core.lower().removesuffix("+")


@cache
def boards() -> tuple[Board, ...]:
    """All boards that the library knows, in the order of its data file."""
    return load_boards(DATA)


def load_boards(path: str | PathLike[str]) -> tuple[Board, ...]:
    """Reads boards from a TOML file: one table ``[board.KEY]`` for each.

    A table must have ``sram``, ``flash`` (sizes as for `parse_size`, or bytes), ``core`` and
    ``clock_hz``. ``name`` (the key, if absent), ``mcu``, ``source``, ``note``, ``vendor``,
    ``cores`` (1), ``sram_block`` (all of ``sram``), ``usable_sram``, ``usable_flash``,
    ``usable_source``, ``external_ram``, ``external_flash``, ``too_small`` and ``features`` (a
    list) may be left out.

    Raises:
        FormatError: The file cannot be read, is no TOML, or describes a board wrongly.
    """
    tables = read(path).get("board")
    if not isinstance(tables, dict) or not tables:
        raise FormatError(f"{path}: no boards; a board is a table [board.KEY]")
    return tuple(_board(path, key, table) for key, table in tables.items())


def _board(path: str | PathLike[str], key: str, table: object) -> Board:
    where = f"board {key!r}"
    if not isinstance(table, dict):
        reject(path, where, "is not a table")
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
    for size in _SIZES:
        if isinstance(row.get(size), str):
            try:
                row[size] = parse_size(row[size])
            except UsageError as error:
                reject(path, where, f"{size}: {error}")
    features = _features(path, where, row.pop("features", []))
    said = {name: kind for name, kind in _FURTHER.items() if name in row}
    known = checked(path, where, row, {**_BOARD_FIELDS, **said})
    board = Board(key=key, features=features, **known)
    if board.sram_block > board.sram:
        reject(path, where, "sram_block is larger than sram")
    if board.for_arena > board.sram_block:
        reject(path, where, "usable_sram is larger than sram_block")
    if board.for_program > board.flash:
        reject(path, where, "usable_flash is larger than flash")
    return board


def _features(path: str | PathLike[str], where: str, listed: object) -> tuple[str, ...]:
    """A list of features, if it is one."""
    if not isinstance(listed, list) or any(feature not in _FEATURES for feature in listed):
        reject(path, where, f"features must be a list of {', '.join(_FEATURES)}, not {listed!r}")
    return tuple(listed)


def find_board(name: str, among: Iterable[Board] | None = None) -> Board:
    """The board that a name means, be it a key, a vendor's name, a part number or a piece of one.

    Case, spaces and punctuation do not matter. A whole name wins over all else; the beginning of
    a part number means all boards that have such a one, or bear it in their names; then a
    beginning of a name wins over an end, an end over a piece of the middle, and any of these over
    a piece of a part number.

    Args:
        name: What the user wrote, such as ``"F767ZI"`` or ``"nano 33 ble"``.
        among: The boards to choose from; all of `boards` if absent.

    Raises:
        UsageError: No board has such a name, or several do.
    """
    known = boards() if among is None else tuple(among)
    wanted = _plain(name)
    if wanted:
        found = [board for board in known if wanted in _names(board)]
        if not found:
            found = _by_part_number(wanted, known) or _by_piece(wanted, known)
        if found:
            return _only(name, found)
    called = {board.key: _pieces(board) for board in known} if wanted else {}
    meant = suggestion(wanted, called, called.__getitem__) or "; `mcugraph boards` lists them"
    raise UsageError(f"unknown board {name!r}{meant}")


def _by_part_number(wanted: str, known: Iterable[Board]) -> list[Board]:
    """The boards that a part number, or the beginning of one, stands for."""
    boards_ = list(known)
    if len(wanted) < _PART_NUMBER or not any(_plain(b.mcu).startswith(wanted) for b in boards_):
        return []
    return [b for b in boards_ if any(wanted in text for text in (*_names(b), _plain(b.mcu)))]


def _by_piece(wanted: str, known: Iterable[Board]) -> list[Board]:
    """The boards that a piece of a name stands for."""
    boards_ = list(known)
    for matches in (str.startswith, str.endswith, str.__contains__):
        found = [b for b in boards_ if any(matches(n, wanted) for n in _names(b))]
        if found:
            return found
    return [b for b in boards_ if wanted in _plain(b.mcu)]


def _only(name: str, found: list[Board]) -> Board:
    if len(found) > 1:
        keys = [board.key for board in found]
        more = f" and {len(keys) - _LISTED} more" if len(keys) > _LISTED else ""
        raise UsageError(f"board {name!r} is ambiguous: {', '.join(keys[:_LISTED])}{more}")
    return found[0]


def _names(board: Board) -> tuple[str, str]:
    return _plain(board.key), _plain(board.name)


def _pieces(board: Board) -> set[str]:
    """All that people may call a board: the words of its names that stand side by side."""
    found = set()
    for name in (board.mcu, board.key, board.name):
        words = [word for word in map(_plain, re.split(r"[\s\-()]+", name)) if word]
        for first in range(len(words)):
            for end in range(first + 1, len(words) + 1):
                found.add("".join(words[first:end]))
    return found


def _plain(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
