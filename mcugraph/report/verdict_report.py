"""Whether a model fits, by how much, and what would help."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from mcugraph.fit.boards import Board
from mcugraph.fit.model_needs import FITS, FITS_NOT, NOT_KNOWN, RUNS_NOT, TIGHT, Need
from mcugraph.fit.remedies import Remedy
from mcugraph.fit.verdict import Verdict, assumed
from mcugraph.profiles import Profile
from mcugraph.report.profile_report import savings
from mcugraph.report.refused import refused
from mcugraph.report.screen import PLAIN, Cell, Line, Screen, Styled
from mcugraph.report.short_names import labels
from mcugraph.report.table import columns
from mcugraph.units import share

STYLES = {FITS: "good", TIGHT: "warning", FITS_NOT: "bad", RUNS_NOT: "bad", NOT_KNOWN: "warning"}
"""How a terminal shows the words of verdicts."""

_SHORT = {FITS_NOT: "missed", NOT_KNOWN: "not known"}  # in a table


def need_data(need: Need) -> dict[str, Any]:
    """What there is to say about one resource, ready for JSON."""
    return {**asdict(need), "left": need.left, "met": need.met, "verdict": need.word}


def to_data(
    verdict: Verdict,
    time: tuple[float, float, str] | None,
    assumptions: tuple[str, ...],
    remedies: Sequence[Remedy] = (),
) -> dict[str, Any]:
    """The verdict, ready for JSON.

    Args:
        verdict: What to show.
        remedies: What makes the arena to reserve smaller.
        time: As ``latency`` estimates it, in seconds; None: not known.
        assumptions: Of the profile, for the figures shown.
    """
    estimate = None
    if time is not None:
        estimate = dict(zip(("fast_s", "slow_s", "source"), time, strict=True))
    return {
        "verdict": verdict.word,
        **asdict(verdict),
        "needs": [need_data(need) for need in verdict.needs],
        "refusals": list(verdict.refusals),
        "advice": list(verdict.advice),
        "latency": estimate,
        "remedies": [asdict(remedy) for remedy in remedies],
        "assumptions": list(assumptions),
    }


def to_text(
    found: Profile,
    verdict: Verdict,
    time: tuple[float, float, str] | None,
    board: Board | None,
    screen: Screen = PLAIN,
    remedies: Sequence[Remedy] = (),
) -> str:
    """The verdict as a table, with who is to blame, what would help and what was assumed.

    Args:
        found: The profile of the model.
        verdict: What to show.
        time: As ``latency`` estimates it, in seconds; None: not known.
        board: Which the time is for.
        screen: What it is for.
        remedies: What makes the arena to reserve smaller.
    """
    title = f"{found.model.path or found.model.name}: "
    style = STYLES[verdict.word]
    said: list[Cell] = [Styled(verdict.word, style), f" ({verdict.budget.name})"]
    lines: list[Line] = [(Styled(title, "bold"), *said)]
    if screen.width is not None and len(title) + sum(map(len, said)) > screen.width:
        lines = [Styled(title, "bold"), ("  ", *said)]
    reasons = refused(verdict.refusals, verdict.generated, found.layers, screen)
    if verdict.too_small:
        reasons.append(f"The board is too small: it is {verdict.too_small}")
    lines += [line for text in reasons for line in screen.wrapped(text, 2)]
    lines += ["", *_table(verdict, screen)]
    lines += _parts(verdict, board, screen)
    lines += _blame(found, verdict, screen)
    if verdict.advice:
        lines += ["", "What would help:"]
        lines += [line for text in verdict.advice for line in screen.wrapped(f"  - {text}", 4)]
    elif any(need.resource != "MACs" for need in verdict.needs):
        smaller = [f"Smaller: {text}" for text in savings(found, remedies)]
        lines += [""] if smaller else []
        lines += [Styled(line, "good") for text in smaller for line in screen.wrapped(text, 2)]
    assumptions = assumed(found, verdict.needs)
    if assumptions:
        lines.append("")
        for text in assumptions:
            lines += [Styled(line, "dim") for line in screen.wrapped(f"Assumed: {text}", 2)]
    if board is not None and time is not None:
        fast, slow, source = time
        estimate = (
            f"Estimated latency: {_duration(fast)} to {_duration(slow)} on its "
            f"{board.core} at {board.clock_hz / 1e6:g} MHz, from published rates ({source})"
        )
        lines += ["", *screen.wrapped(estimate, 2)]
    return screen.page(lines)


def _table(verdict: Verdict, screen: Screen) -> list[Line]:
    """A row for each resource."""
    rows: list[list[Cell]] = []
    for need in verdict.needs:
        unit = "" if need.resource == "MACs" else " B"
        least = "" if need.exact else "at least "
        used = share(need.likely, need.budget) if need.budget else ""
        about = "~" if used and need.likely != need.needed else ""
        style = STYLES[need.word]
        rows.append(
            [
                need.resource,
                f"{least}{need.needed:,}{unit}",
                f"{need.budget:,}{unit}",
                f"{need.left:,}{unit}",
                f"{about}{used}",
                screen.bar(need.likely / max(need.budget, 1), style),
                Styled(_SHORT.get(need.word, need.word), style),
            ]
        )
    header = ["resource", "needs", "there is", "left", "used", "", ""]
    optional = [5, 4, 3]
    if not screen.colour:
        optional.remove(5)
        header.pop(5)
        for row in rows:
            row.pop(5)
    return columns(header, rows, (1, 2, 3, 4), screen, optional, len(header) - 1)


def _parts(verdict: Verdict, board: Board | None, screen: Screen) -> list[Line]:
    """What each need is made of, and what a board leaves of its memory."""
    said = [f"{need.resource}: {need.parts}" for need in verdict.needs if need.parts]
    if board is not None and board.usable_source:
        sizes = (
            ("SRAM", board.for_arena, board.sram_block),
            ("flash", board.for_program, board.flash),
        )
        left = [f"{free:,} of {all_:,} B of {name}" for name, free, all_ in sizes if free < all_]
        if left:
            said.append(f"The board leaves {' and '.join(left)} ({board.usable_source})")
    return ["", *(line for text in said for line in screen.wrapped(text, 2))] if said else []


def _blame(found: Profile, verdict: Verdict, screen: Screen) -> list[Line]:
    """The operators that take most of what is missing."""
    called = labels(found.layers, screen)
    missed = [need for need in verdict.needs if need.met is False and need.culprit]
    lines: list[Line] = [""] if missed else []
    for need in missed:
        name = need.operator or ""
        amount = (need.culprit or "").removeprefix(name).strip()
        text = f"To blame for {need.resource}: {called.get(name, name)} {amount}"
        lines += screen.wrapped(text, 2)
    return lines


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
