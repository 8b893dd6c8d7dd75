"""Boards, and which of them a model fits."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from mcugraph.fit.boards import Board
from mcugraph.fit.model_needs import NOT_KNOWN, Need, answer, fits_on, needs_on
from mcugraph.fit.remedies import Remedy
from mcugraph.profiles import Profile
from mcugraph.report.screen import PLAIN, Cell, Line, Screen, Styled
from mcugraph.report.table import columns
from mcugraph.report.verdict_report import STYLES, need_data
from mcugraph.units import exact, kib

_DETAILED = 160  # columns from which on there is room for what is missing


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
            entry["verdict"] = _word(board, found)
            entry["fits"] = fits_on(board, found)
            entry["needs"] = [need_data(need) for need in needs]
            remedy = after.get(board.key)
            entry["fits_after"] = None if remedy is None else remedy.command
        entries.append(entry)
    return {"boards": entries}


def to_text(
    boards: Sequence[Board],
    found: Mapping[str, Profile] | None,
    after: Mapping[str, Remedy],
    screen: Screen = PLAIN,
) -> str:
    """A row for each board, with the verdict for a model if there is one; else as ``to_data``."""
    header = ["board", "core", "clock", "SRAM", "for an arena", "flash", "external RAM"]
    rows: list[list[Cell]] = [
        [
            board.key,
            board.core,
            f"{board.clock_hz / 1e6:g} MHz",
            kib(board.sram),
            kib(board.for_arena),
            kib(board.for_program),
            kib(board.external_ram) if board.external_ram else "",
        ]
        for board in boards
    ]
    lines: list[Line] = []
    flexible = 1
    optional: tuple[int, ...] = (6,)
    if found is not None:
        lines += [*(line for text in _needed(found) for line in screen.wrapped(text, 2)), ""]
        header.append("verdict")
        for row, board in zip(rows, boards, strict=True):
            row.append(_answer(board, found, screen))
        flexible, optional = 7, (6, 2, 1, 3)
    lines += columns(header, rows, (2, 3, 4, 5, 6), screen, optional, flexible)
    for remedy in sorted(set(after.values()), key=lambda remedy: -remedy.total):
        keys = ", ".join(key for key, simplest in after.items() if simplest == remedy)
        text = f"After `{remedy.command}` it takes {remedy.total:,} B and fits also: {keys}"
        lines += ["", *screen.wrapped(text, 2)]
    return screen.page(lines)


def _needed(found: Mapping[str, Profile]) -> list[str]:
    """The arena to reserve, on each ABI where that makes a difference."""
    totals: dict[int, list[str]] = {}
    for abi, profile in found.items():
        if profile.memory.tflm_total is not None:
            totals.setdefault(profile.memory.tflm_total, []).append(abi)
    said = [
        f"{exact(total)} B" + (f" ({', '.join(abis)})" if len(totals) > 1 else "")
        for total, abis in totals.items()
    ]
    name = next((p.model.path or p.model.name for p in found.values()), "")
    return [f"{name}: arena to reserve {' or '.join(said) or 'not known'}"]


def _word(board: Board, found: Mapping[str, Profile]) -> str:
    refused = bool(found[board.abi].refusals or board.too_small)
    return answer(fits_on(board, found), needs_on(board, found), refused)


def _answer(board: Board, found: Mapping[str, Profile], screen: Screen) -> Cell:
    word, needs = _word(board, found), needs_on(board, found)
    style = STYLES[word]
    if board.too_small:
        return Styled(f"{word}, too small", style)
    if found[board.abi].refusals:
        return Styled(word, style)
    brief = screen.width is not None and screen.width < _DETAILED
    missed = [_amount(need, "by", -need.left, brief) for need in needs if need.met is False]
    unsure = [
        _amount(need, "about", need.likely, brief) for need in needs if need.word == NOT_KNOWN
    ]
    left = [need for need in needs if need.tight]
    tight = [_amount(need, "leaves", need.budget - need.likely, brief) for need in left]
    why = (", " if brief else " and ").join(missed or unsure or tight)
    shown = "not known" if unsure and not missed else word
    return Styled(f"{shown}: {why}" if why else shown, style)


def _amount(need: Need, verb: str, number: int, brief: bool) -> str:
    return need.resource if brief else f"{need.resource} {verb} {number:,} B"
