"""The front of a search as one HTML page, with nothing from elsewhere."""

import math
from collections.abc import Callable
from html import escape

from mcugraph.nas.findings import Findings
from mcugraph.nas.trials import State, Trial
from mcugraph.printed import clean
from mcugraph.report.pages.shell import html
from mcugraph.units import exact

_WIDTH, _HEIGHT, _EDGE = 640, 360, 56


def page(result: Findings) -> str:
    """A plot of error over size, and the front as a table."""
    title = f"Search in {clean(str(result.folder))}"
    done = [trial for trial in result.trials if trial.state is State.DONE]
    said = f"{len(done)} networks trained in {result.seconds / 60:.0f} minutes."
    if not result.finalists:
        said += " None of them was trained from new weights for all epochs, or tested."
    body = [
        f"<h1>{escape(title)}</h1><p>{escape(said)}</p>",
        *(_plot(result, done) if done else []),
        *_table(result),
    ]
    return html(title, "\n".join(body))


def _plot(result: Findings, done: list[Trial]) -> list[str]:
    """Validation error over bytes of weights and biases, both on a logarithmic scale."""
    sizes = [trial.costs.size for trial in done]
    errors = [max(trial.error, 1e-4) for trial in done]
    across = _scale(min(sizes), max(sizes), _EDGE, _WIDTH - 16)
    up = _scale(min(errors), max(errors), _HEIGHT - _EDGE, 16)
    front = set(result.front)
    marks = []
    for trial, size, error in zip(done, sizes, errors, strict=True):
        kind = "front" if trial in front else "all"
        tip = f"#{trial.id}: {trial.error:.2%}, {exact(size)} B"
        marks.append(
            f'<circle class="{kind}" cx="{across(size):.1f}" cy="{up(error):.1f}" '
            f'r="{5 if kind == "front" else 3}"><title>{escape(tip)}</title></circle>'
        )
    bottom = _HEIGHT - _EDGE
    words = [
        f'<text x="{_EDGE}" y="{bottom + 18}">{exact(min(sizes))} B</text>',
        f'<text x="{_WIDTH - 16}" y="{bottom + 18}" text-anchor="end">{exact(max(sizes))} B</text>',
        f'<text x="{_EDGE - 6}" y="{bottom}" text-anchor="end">{min(errors):.1%}</text>',
        f'<text x="{_EDGE - 6}" y="24" text-anchor="end">{max(errors):.1%}</text>',
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 10}" text-anchor="middle">'
        "weights and biases; up: validation error</text>",
    ]
    lines = [
        f'<line class="axis" x1="{_EDGE}" y1="16" x2="{_EDGE}" y2="{bottom}"/>',
        f'<line class="axis" x1="{_EDGE}" y1="{bottom}" x2="{_WIDTH - 16}" y2="{bottom}"/>',
    ]
    wanted = result.bounds.error
    if wanted is not None and min(errors) <= wanted <= max(errors):
        y = f"{up(wanted):.1f}"
        lines.append(f'<line class="bound" x1="{_EDGE}" y1="{y}" x2="{_WIDTH - 16}" y2="{y}"/>')
    label = "Validation error over size of the networks that were trained"
    return [
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">',
        *lines,
        *words,
        *marks,
        "</svg>",
    ]


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """From a value to a place between two ends, by its logarithm."""
    span = math.log(high / low) or 1.0
    return lambda value: start + math.log(value / low) / span * (end - start)


def _table(result: Findings) -> list[str]:
    names = {
        "size": "size",
        "peak": "peak",
        "arena": "arena",
        "overlap_arena": "with overlaps",
        "sram": "SRAM in TFLM",
        "macs": "MACs",
        "paper_size": "size (paper)",
        "paper_peak": "peak (paper)",
    }
    head = ["#", "validation", "test", *names.values()]
    rows = []
    for trial in result.front if result.judged else ():
        assert trial.outcome is not None, "what is judged has an outcome"
        test = trial.outcome.errors.test
        cells = [str(trial.id), f"{trial.error:.2%}", "" if test is None else f"{test:.2%}"]
        cells += [exact(getattr(trial.costs, name)) for name in names]
        rows.append("<tr>" + "".join(f'<td class="number">{cell}</td>' for cell in cells) + "</tr>")
    titles = "".join(f'<th scope="col" class="number">{title}</th>' for title in head)
    return ["<table><thead><tr>", titles, "</tr></thead><tbody>", *rows, "</tbody></table>"]
