"""Where an answer is shown: so many columns, in colours or plain, names in full or their ends.

A terminal gets lines as wide as it is, colours and bars. What goes to a pipe or a file is plain,
its columns as wide as they need to be, so that it is the same wherever it is made; ``COLUMNS`` sets
a width for either, and ``NO_COLOR`` asks for no colours (https://no-color.org).
"""

import os
import sys
import textwrap
from collections.abc import Iterable, Sequence

from mcugraph.printed import clean
from mcugraph.records import dataclass

LEAST = 80
"""Columns that a table may take at the least."""

_CODES = {"bold": "1", "dim": "2", "good": "32", "warning": "33", "bad": "31"}
_BAR = 10  # characters


@dataclass(frozen=True, slots=True)
class Styled:
    """A piece of a line that a terminal shows in a style: bold, dim, good, warning or bad."""

    text: str
    style: str

    def __len__(self) -> int:
        return len(self.text)

    def ljust(self, width: int) -> "Styled":
        """As ``str.ljust``."""
        return Styled(self.text.ljust(width), self.style)

    def rjust(self, width: int) -> "Styled":
        """As ``str.rjust``."""
        return Styled(self.text.rjust(width), self.style)


Cell = str | Styled
Line = Cell | Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Screen:
    """What an answer is laid out for.

    Attributes:
        width: Characters of a line; None: as many as it takes.
        colour: Styles are shown, and bars.
        block: What a bar is made of.
        full_names: Names of operators and tensors are not shortened.
    """

    width: int | None = None
    colour: bool = False
    block: str = "#"
    full_names: bool = False

    def page(self, lines: Iterable[Line]) -> str:
        """Lines as one text, each piece of them clean: a name cannot make a line or a colour."""
        return "\n".join(map(self._line, lines))

    def _line(self, line: Line) -> str:
        cells = [line] if isinstance(line, str | Styled) else line
        return "".join(map(self._cell, cells)).rstrip()

    def _cell(self, cell: Cell) -> str:
        if isinstance(cell, str):
            return clean(cell)
        text = clean(cell.text)
        return f"\x1b[{_CODES[cell.style]}m{text}\x1b[0m" if self.colour and text else text

    def wrapped(self, text: str, indent: int = 0, width: int | None = None) -> list[str]:
        """A sentence on as many lines as it takes, all but the first of them indented.

        Args:
            text: The sentence.
            indent: Spaces before the later lines.
            width: Characters of a line; None: those of the screen.
        """
        most = width or self.width
        if most is None:
            return [text]
        return textwrap.wrap(
            clean(text),
            max(most, indent + 20),
            subsequent_indent=" " * indent,
            break_long_words=not self.full_names,
            break_on_hyphens=False,
        ) or [""]

    def bar(self, share: float, style: str = "") -> Cell:
        """A bar for a share of a whole; nothing where it is not a terminal that shows it."""
        if not self.colour:
            return ""
        filled = round(_BAR * min(share, 1.0))
        return Styled(self.block * filled + " " * (_BAR - filled), style or "dim")


PLAIN = Screen()


def screen(full_names: bool = False) -> Screen:
    """What standard output is."""
    shows = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    given = os.environ.get("COLUMNS", "")
    width = None
    if given.isdecimal() and int(given):
        width = max(int(given), LEAST)
    elif sys.stdout.isatty():
        width = max(_columns(), LEAST)
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    return Screen(
        width,
        shows and not os.environ.get("NO_COLOR"),
        "█" if encoding.startswith("utf") else "#",
        full_names,
    )


def _columns() -> int:
    """How wide the terminal is; 0: it does not tell."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except OSError:
        return 0
