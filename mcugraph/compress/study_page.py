"""A study as one HTML page, with nothing from elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Any

from mcugraph.compress.study_ledger import StudyTrial
from mcugraph.report.pages.charts import Axis, Mark, notes, scatter, table, text
from mcugraph.report.pages.shell import html
from mcugraph.units import exact

_COUNTED = (
    "Flash: the tables of the generated code, each weight in the form that takes fewest bytes; "
    "without code. SRAM: its arena.",
    "MACs: those of an inference, by weights that are zero among them.",
    "The score is the last that was measured, on the test data: that of what is deployed.",
    "Trials are trained once each: what differs by less than two seeds would is no difference.",
)


def page(
    trials: Sequence[StudyTrial],
    front: Sequence[StudyTrial],
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    failed: Sequence[str],
    settings: Mapping[str, Any],
) -> str:
    """What was assumed, scores over flash, and all trials as a table.

    Args:
        trials: Those that are done.
        front: Those of them that no other beats.
        head: Titles of the table.
        rows: Its cells.
        failed: A line for each trial that failed.
        settings: What the study was begun with; empty: not known.
    """
    title = f"Compression in {len(trials)} trials"
    body = [f"<h1>{text(title)}</h1>", notes("Assumed", _assumed(trials, settings))]
    known = [trial for trial in trials if trial.figures["flash"] is not None]
    if known:
        body += ["<h2>Score over flash</h2>", _plot(known, {trial.id for trial in front})]
    body += [
        "<h2>Trials</h2>",
        "<p>A star: no other trial is as good in score, flash, SRAM and instructions at once.</p>",
        table(head, rows),
    ]
    if failed:
        body.append(notes("Failed", failed))
    return html(title, "\n".join(body))


def _assumed(trials: Sequence[StudyTrial], settings: Mapping[str, Any]) -> list[str]:
    begun = []
    if settings:
        recipe = ", ".join(f"{name} {value}" for name, value in settings["recipe"].items())
        begun.append(f"Data: {settings['data']}; training: {recipe}; seed {settings['seed']}.")
    noted: dict[str, list[int]] = {}
    for trial in trials:
        for note in trial.figures["notes"]:
            noted.setdefault(note, []).append(trial.id)
    return [
        *begun,
        *_COUNTED,
        *(f"{note} ({', '.join(f'#{n}' for n in ids)})" for note, ids in noted.items()),
    ]


def _plot(known: Sequence[StudyTrial], front: set[int]) -> str:
    """Scores over bytes of tables, these on a logarithmic scale."""
    marks = [
        Mark(trial.figures["flash"], trial.score, _said(trial), trial.id in front)
        for trial in known
    ]
    sizes, scores = [mark.x for mark in marks], [mark.y for mark in marks]
    return scatter(
        marks,
        Axis("flash of tables", min(sizes), max(sizes), lambda size: f"{size:,.0f} B", True),
        Axis("score", min(scores), max(scores), lambda score: f"{score:.1%}"),
        "Score over flash of the trials that are done",
    )


def _said(trial: StudyTrial) -> str:
    options = trial.options
    return (
        f"#{trial.id}: {trial.score:.2%}, {exact(trial.figures['flash'])} B; {options['method']}, "
        f"{options['heuristic']}, {options['sparsity']:.1%}, {options['scheme'] or 'float'}"
    )
