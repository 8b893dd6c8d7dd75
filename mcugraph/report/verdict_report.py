"""Whether a model fits, by how much, and what would help."""

from dataclasses import asdict
from typing import Any

from mcugraph.fit.boards import Board
from mcugraph.fit.verdict import Need, Verdict
from mcugraph.printed import page
from mcugraph.report.refused import refused
from mcugraph.report.table import table

_WORDS = {True: "fits", False: "does not fit", None: "may fit; a figure is only a lower bound"}


def need_data(need: Need) -> dict[str, Any]:
    """What there is to say about one resource, ready for JSON."""
    return {**asdict(need), "left": need.left, "met": need.met}


def to_data(
    verdict: Verdict, time: tuple[float, float, str] | None, assumptions: tuple[str, ...]
) -> dict[str, Any]:
    """The verdict, ready for JSON.

    Args:
        verdict: What to show.
        time: As ``latency`` estimates it, in seconds; None: not known.
        assumptions: Of the profile, for the figures shown.
    """
    estimate = None
    if time is not None:
        estimate = dict(zip(("fast_s", "slow_s", "source"), time, strict=True))
    return {
        **asdict(verdict),
        "needs": [need_data(need) for need in verdict.needs],
        "refusals": list(verdict.refusals),
        "advice": list(verdict.advice),
        "latency": estimate,
        "assumptions": list(assumptions),
    }


def to_text(
    model: str,
    verdict: Verdict,
    time: tuple[float, float, str] | None,
    assumptions: tuple[str, ...],
    board: Board | None,
) -> str:
    """The verdict as a table, with who is to blame, what would help and what was assumed.

    Args:
        model: In the first line.
        verdict: What to show.
        time: As ``latency`` estimates it, in seconds; None: not known.
        assumptions: Of the profile, for the figures shown.
        board: Which the time is for.
    """
    lines = _verdict(model, verdict)
    if assumptions:
        lines += ["", *(f"Assumed: {text}" for text in assumptions)]
    if board is not None and time is not None:
        fast, slow, source = time
        lines += [
            "",
            f"Estimated latency: {_duration(fast)} to {_duration(slow)} on its "
            f"{board.core} at {board.clock_hz / 1e6:g} MHz, from published rates ({source})",
        ]
    return page(lines)


def _verdict(model: str, verdict: Verdict) -> list[str]:
    rows = []
    for need in verdict.needs:
        unit = "" if need.resource == "MACs" else " B"
        least = "" if need.exact else "at least "
        met = {True: "met", False: "missed", None: "not proven"}[need.met]
        rows.append(
            (
                need.resource,
                f"{least}{need.needed:,}{unit}",
                f"{need.budget:,}{unit}",
                f"{need.left:,}{unit}",
                met,
                need.parts,
            )
        )
    header = ("resource", "needs", "there is", "left", "", "made of")
    answer = "does not run" if verdict.refusals else _WORDS[verdict.fits]
    lines = [f"{model}: {answer} ({verdict.budget.name})"]
    lines += refused(verdict.refusals, verdict.generated)
    lines.append("")
    lines += table(header, rows, right=(1, 2, 3))
    missed = [need for need in verdict.needs if need.met is False and need.culprit]
    if missed:
        lines.append("")
        lines += [f"To blame for {need.resource}: {need.culprit}" for need in missed]
    if verdict.advice:
        lines += ["", "What would help:"]
        lines += [f"  - {text}" for text in verdict.advice]
    return lines


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
