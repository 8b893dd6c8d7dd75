"""Boards, and which of them a model fits."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from mcugraph.fit.boards import Board
from mcugraph.fit.remedies import Remedy
from mcugraph.fit.verdict import Need, fits, needs_on
from mcugraph.printed import page
from mcugraph.profiles import Profile
from mcugraph.report.table import table
from mcugraph.report.verdict_report import need_data
from mcugraph.units import kib


def to_data(
    boards: Sequence[Board], found: Mapping[str, Profile] | None, after: Mapping[str, Remedy]
) -> dict[str, Any]:
    """The boards, each with the verdict for a model if there is one, ready for JSON.

    Args:
        boards: In order.
        found: The model's profiles by ABI; None: there is no model.
        after: The boards that it fits after a command alone, by key.
    """
    entries = []
    for board in boards:
        entry = asdict(board)
        if found is not None:
            needs = needs_on(board, found)
            entry["fits"] = fits(found[board.abi], needs)
            entry["needs"] = [need_data(need) for need in needs]
            remedy = after.get(board.key)
            entry["fits_after"] = None if remedy is None else remedy.command
        entries.append(entry)
    return {"boards": entries}


def to_text(
    boards: Sequence[Board], found: Mapping[str, Profile] | None, after: Mapping[str, Remedy]
) -> str:
    """A row for each board, with the verdict for a model if there is one; else as ``to_data``."""
    header = ["board", "core", "clock", "SRAM", "one block", "flash"]
    rows = [
        [
            board.key,
            board.core,
            f"{board.clock_hz / 1e6:g} MHz",
            kib(board.sram),
            kib(board.sram_block),
            kib(board.flash),
        ]
        for board in boards
    ]
    if found is not None:
        header.append("fits")
        for row, board in zip(rows, boards, strict=True):
            row.append(_answer(found[board.abi], needs_on(board, found)))
    lines = table(header, rows, right=(2, 3, 4, 5))
    for remedy in sorted(set(after.values()), key=lambda remedy: -remedy.total):
        keys = ", ".join(key for key, simplest in after.items() if simplest == remedy)
        lines += ["", f"After `{remedy.command}` it takes {remedy.total:,} B and fits also: {keys}"]
    return page(lines)


def _answer(found: Profile, needs: Sequence[Need]) -> str:
    if found.refusals:
        return "no, does not run"
    missed = [f"{need.resource} by {-need.left:,} B" for need in needs if need.met is False]
    if missed:
        return f"no, {' and '.join(missed)}"
    if fits(found, needs):
        return "yes"
    unsure = [f"{need.resource} at least {need.needed:,} B" for need in needs if need.met is None]
    return f"may fit, {' and '.join(unsure)}"
