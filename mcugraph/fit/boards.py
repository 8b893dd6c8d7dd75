"""Real boards: SRAM, flash, core and clock; what is known, read from a file, and found by name.

The figures stand in ``boards.toml`` beside this module, each with the document it comes from.
Sizes are bytes, clocks are hertz.
"""

from collections.abc import Iterable
from functools import cache
from os import PathLike

from mcugraph.errors import FormatError, UsageError
from mcugraph.fit.toml_tables import DATA, checked, hint, read, reject
from mcugraph.records import dataclass
from mcugraph.units import parse_size

_BOARD_FIELDS: dict[str, type] = {
    **dict.fromkeys(("name", "mcu", "core", "source", "note", "vendor"), str),
    **dict.fromkeys(("clock_hz", "sram", "flash", "cores", "sram_block"), int),
}


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
    ``cores`` (1) and ``sram_block`` (all of ``sram``) may be left out.

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
    for size in ("sram", "flash", "sram_block"):
        if isinstance(row.get(size), str):
            try:
                row[size] = parse_size(row[size])
            except UsageError as error:
                reject(path, where, f"{size}: {error}")
    board = Board(key=key, **checked(path, where, row, _BOARD_FIELDS))
    if board.sram_block > board.sram:
        reject(path, where, "sram_block is larger than sram")
    return board


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
    meant = hint(wanted, names) or "; `mcugraph boards` lists them"
    raise UsageError(f"unknown board {name!r}{meant}")


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
