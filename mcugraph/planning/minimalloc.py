"""The CSV of MiniMalloc: ``id,lower,upper,size`` and, where it is known, ``offset``.

A line is a block; it is needed from time ``lower`` to just before time ``upper``. With an
``offset`` the file is a solution. Source: the README of https://github.com/google/minimalloc.
"""

import csv
import io
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

from mcugraph.errors import FormatError, GraphError, UsageError
from mcugraph.planning.arena import ArenaProblem, Block, Plan
from mcugraph.printed import cell
from mcugraph.units import ADDRESSABLE

_COLUMNS = ("id", "lower", "upper", "size")


def read_csv(path: "str | PathLike[str]", alignment: int = 1) -> ArenaProblem:
    """The blocks of a file; an offset in it is kept as fixed.

    Raises:
        FormatError: The file cannot be read, or a line is not of this form.
        GraphError: It contradicts itself.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FormatError(f"{path}: not a text file; expected {','.join(_COLUMNS)}") from None
    problem = ArenaProblem(tuple(_blocks(text, str(path))), alignment)
    try:
        problem.verify()
    except GraphError as error:
        raise GraphError(f"{path}: {error}") from None
    return problem


def _blocks(text: str, path: str) -> Iterator[Block]:
    try:
        yield from _read_blocks(csv.reader(io.StringIO(text), skipinitialspace=True), path)
    except csv.Error as error:
        raise FormatError(f"{path}: not a CSV file: {error}") from None


def _read_blocks(lines: Any, path: str) -> Iterator[Block]:
    header = [name.strip().lower() for name in next(lines, [])]
    if not set(_COLUMNS) <= set(header):
        raise FormatError(f"{path}: the first line names no columns {','.join(_COLUMNS)}")
    total = 0
    names: set[str] = set()
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        row = dict(zip(header, map(str.strip, cells), strict=False))
        where = f"{path}: line {lines.line_num}"
        try:
            lower, upper, size = (int(row[name]) for name in _COLUMNS[1:])
            offset = int(row["offset"]) if row.get("offset") else None
        except (KeyError, ValueError):
            raise FormatError(f"{where}: expected integers for lower, upper and size") from None
        if row["id"] in names:
            raise FormatError(f"{where}: a second block is called {row['id']!r}")
        names.add(row["id"])
        total += max(size, 0)
        if max(abs(lower), abs(upper), total, offset or 0) >= ADDRESSABLE:
            raise FormatError(
                f"{where}: {row['id']!r} and what is before it need more time or more bytes than "
                "any machine has"
            )
        yield Block(row["id"], size, lower, upper, offset)


def to_csv(problem: ArenaProblem | Plan) -> str:
    """Blocks as CSV text; the offsets of a plan, or fixed ones, are a fifth column.

    Names are as ``mcugraph.printed.cell`` shows them: none is a formula to a spreadsheet.
    A plan in which blocks lie over each other is written as it is, and ``read_csv`` refuses it.

    Raises:
        UsageError: The blocks of a problem may lie over each other, which the CSV cannot say.
    """
    if isinstance(problem, ArenaProblem) and problem.overlaps:
        raise UsageError("MiniMalloc's CSV has no column for 'overlaps': take them off, or plan")
    blocks = problem.blocks
    known = any(block.offset is not None for block in blocks)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_COLUMNS, "offset"] if known else _COLUMNS)
    for block in blocks:
        name = block.name if block.kind == "tensor" else f"{block.name}:{block.kind}"
        row = [cell(name), block.lower, block.upper, block.size]
        writer.writerow([*row, "" if block.offset is None else block.offset] if known else row)
    return text.getvalue()
