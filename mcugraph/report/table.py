"""Plain-text tables."""

from collections.abc import Callable, Collection, Sequence

from mcugraph.printed import clean
from mcugraph.report.screen import PLAIN, Cell, Line, Screen, Styled

_BETWEEN = "  "
# Characters of the flexible column: others are left out till it has so many; then it may shrink.
_LEAST, _SHORTEST = 16, 8


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] = ()
) -> list[str]:
    """Lines with columns as wide as they need to be; those in ``right`` are aligned right."""
    return PLAIN.page(columns(header, rows, right)).split("\n")


def columns(
    header: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    right: Collection[int] = (),
    screen: Screen = PLAIN,
    optional: Sequence[int] = (),
    flexible: int = 0,
    cut: Callable[[str, int], str] | None = None,
) -> list[Line]:
    """Lines with columns as wide as they need to be, as far as the screen goes.

    Args:
        header: What they are called; empty: they have no header.
        rows: Cells.
        right: Columns that are aligned right.
        screen: What it is for.
        optional: Columns that are left out, one after the other, until the others fit.
        flexible: The column that gets what room there is; it is never left out.
        cut: Makes a text of that column as short as is said; None: by ``shorten``.
    """
    cells = [[clean(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    widths = _widths(header, cells)
    least = _least(widths, cells, flexible)
    shown = _shown(widths, screen.width, optional, flexible, least)
    room = _room(widths, screen.width, shown, flexible)
    if room is not None and room < widths[flexible]:
        widths[flexible] = max(room, min(_SHORTEST, widths[flexible]))
        for row in cells:
            cell = row[flexible]
            if isinstance(cell, str):
                row[flexible] = (cut or shorten)(cell, widths[flexible])
    top: list[list[Cell]] = [[*header], ["-" * width for width in widths]] if any(header) else []
    lines: list[Line] = []
    for row in (*top, *cells):
        pieces: list[Cell] = []
        for i in shown:
            cell = row[i]
            pieces += [cell.rjust(widths[i]) if i in right else cell.ljust(widths[i]), _BETWEEN]
        lines.append(tuple(pieces[:-1]))
    return lines


def left_out(
    header: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    screen: Screen,
    optional: Sequence[int],
    flexible: int = 0,
) -> list[str]:
    """The names of the columns that ``columns`` leaves out."""
    widths = _widths(header, rows)
    least = _least(widths, rows, flexible)
    shown = _shown(widths, screen.width, optional, flexible, least)
    return [name for i, name in enumerate(header) if i not in shown]


def _least(widths: Sequence[int], rows: Sequence[Sequence[Cell]], flexible: int) -> int:
    """Characters that the flexible column needs: all, where a style says that it is an answer."""
    whole = any(isinstance(row[flexible], Styled) for row in rows)
    return widths[flexible] if whole else min(_LEAST, widths[flexible])


def _widths(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[int]:
    return [max(map(len, column)) for column in zip(header, *rows, strict=True)]


def _shown(
    widths: Sequence[int], width: int | None, optional: Sequence[int], flexible: int, least: int
) -> list[int]:
    """The columns that are shown."""
    shown = list(range(len(widths)))
    for column in optional:
        room = _room(widths, width, shown, flexible)
        if room is None or room >= least:
            break
        shown.remove(column)
    return shown


def _room(
    widths: Sequence[int], width: int | None, shown: Sequence[int], flexible: int
) -> int | None:
    """Characters that the others leave for the flexible column; None: as many as it takes."""
    if width is None:
        return None
    return width - sum([widths[i] + len(_BETWEEN) for i in shown if i != flexible])


def shorten(text: str, width: int) -> str:
    """A text cut in the middle to a width; the end of a name tells most."""
    if len(text) <= width:
        return text
    head = (width - 1) // 3
    return f"{text[:head]}…{text[head + 1 - width :]}"
