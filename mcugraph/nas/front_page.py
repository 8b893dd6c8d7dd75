"""The front of a search as one HTML page, with nothing from elsewhere."""

from mcugraph.experiments.ledger import State
from mcugraph.nas.findings import Findings
from mcugraph.nas.trials import Trial
from mcugraph.report.pages.charts import Axis, Mark, scatter, table, text
from mcugraph.report.pages.shell import html
from mcugraph.units import exact, percent

_COSTS = {
    "size": "size",
    "peak": "peak",
    "arena": "arena",
    "overlap_arena": "with overlaps",
    "sram": "SRAM in TFLM",
    "macs": "MACs",
    "paper_size": "size (paper)",
    "paper_peak": "peak (paper)",
}
_LEAST = 1e-4  # an error that a logarithmic axis can show


def page(result: Findings) -> str:
    """A plot of error over size, and the front as a table."""
    title = f"Search in {result.folder}"
    done = [trial for trial in result.trials if trial.state is State.DONE]
    seconds = result.seconds
    took = f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
    space = result.space.describe()["class"].rpartition(":")[2]
    said = f"{len(done)} networks trained in {took}, on {result.data.spec}. Space: {space}."
    if result.room is not None:
        said += f" Board: {result.room}."
    bounds = [f"{name} {exact(most)}" for name, most in result.bounds.hard.items()]
    if result.bounds.error is not None:
        bounds.insert(0, f"error {percent(result.bounds.error)} (a dashed line, if in sight)")
    if bounds:
        said += f" Bounds: {', '.join(bounds)}."
    if done:
        said += " The large dots are the front, the small ones all that were trained."
    if not result.finalists:
        said += " None of them was trained from new weights for all epochs, or tested."
    body = [f"<h1>{text(title)}</h1><p>{text(said)}</p>"]
    if done:
        body.append(_plot(result, done))
    return html(title, "\n".join([*body, _table(result)]))


def _plot(result: Findings, done: list[Trial]) -> str:
    """Validation error over bytes of weights and biases, both on a logarithmic scale."""
    front = set(result.front)
    marks = [
        Mark(
            trial.costs.size,
            max(trial.error, _LEAST),
            f"#{trial.id}: {percent(trial.error)}, {exact(trial.costs.size)} B",
            trial in front,
        )
        for trial in done
    ]
    sizes, errors = [mark.x for mark in marks], [mark.y for mark in marks]
    return scatter(
        marks,
        Axis("weights and biases", min(sizes), max(sizes), lambda b: f"{b:,.0f} B", True),
        Axis("validation error", min(errors), max(errors), lambda e: f"{e * 100:.3g}%", True),
        "Validation error over size of the networks that were trained",
        result.bounds.error,
    )


def _table(result: Findings) -> str:
    rows = []
    for trial in result.front if result.judged else ():
        assert trial.outcome is not None, "what is judged has an outcome"
        errors = trial.outcome.errors
        told = map(percent, (errors.validation, errors.test, errors.int8))
        costs = [exact(getattr(trial.costs, name)) for name in _COSTS]
        shares = () if result.room is None else result.shares(trial)
        rows.append([str(trial.id), *told, *shares, *costs])
    board = () if result.room is None else ("SRAM of the board", "flash of the board")
    return table(["#", "validation", "test", "int8", *board, *_COSTS.values()], rows)
