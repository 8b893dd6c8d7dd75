"""What optimizing a file came to."""

from collections.abc import Iterator

from mcugraph.optimizer.result import Optimization
from mcugraph.report.figure_names import NAMES
from mcugraph.report.screen import PLAIN, Line, Screen, Styled
from mcugraph.report.table import columns
from mcugraph.units import exact, kib, share


def to_text(result: Optimization, screen: Screen = PLAIN) -> str:
    """The figures before and after, what was done, and what was left."""
    if result.changed:
        done = f"{result.path_out}: {_done(result)}"
    else:
        done = f"{result.path_out}: an unchanged copy of {result.path_in}"
    lines: list[Line] = [
        *(Styled(line, "bold") for line in screen.wrapped(done, 2)),
        "",
        *_table(result, screen),
        "",
    ]
    said = [*_saved(result)]
    if result.verified:
        said.append(f"Verified: {result.verified} computes the same outputs from both files")
    if result.holds_for:
        said.append(
            f"Holds for TFLM's {result.holds_for} kernels only: outputs lie over inputs, as far as "
            "the order in which these read and write allows"
        )
    said += [f"Left: {text}" for text in result.left]
    said += [f"Note: {text}" for text in result.notes]
    for text in said:
        style = "good" if text.startswith("Saved") else ""
        lines += [Styled(line, style) if style else line for line in screen.wrapped(text, 2)]
    return screen.page(lines).rstrip()


def _saved(result: Optimization) -> Iterator[str]:
    """What the new file saves: of the arena to reserve, or of the peak where no more is known."""
    before, after = result.before, result.after
    old, new = before.tflm_total, after.tflm_total
    if result.format != "tflite" or old is None or new is None:
        if result.saved > 0:
            yield (
                f"Saved: {exact(result.saved)} B of the peak ({kib(result.saved)}, "
                f"{share(result.saved, before.peak)})"
            )
        return
    if old > new:
        yield (
            f"Saved: {exact(old - new)} B of the arena to reserve ({kib(old - new)}, "
            f"{share(old - new, old)})"
        )
    elif result.saved > 0:
        more = (after.tflm_persistent or 0) - (before.tflm_persistent or 0)
        why = (
            f"the tail grows by {exact(more)} B"
            if more > 0
            else "TFLM needs the rest while it loads the model"
        )
        changed = "is as large as before" if new == old else f"grows by {exact(new - old)} B"
        yield (
            f"Note: the head is {exact(result.saved)} B smaller, but the arena to reserve "
            f"{changed}: {why}"
        )
    yield f"Reserve: {exact(new)} B for the arena"


def _table(result: Optimization, screen: Screen) -> list[Line]:
    """The figures before, after each step if there are several, and the difference."""
    stages = [("before", result.before), *((step.what, step.figures) for step in result.steps)]
    if len(stages) <= 2:
        stages = [("before", result.before), ("after", result.after)]
    cells = []
    for field, label in _ROWS.items():
        values = [getattr(figures, field) for _, figures in stages]
        known = [value for value in values if value is not None]
        if len(known) == len(values) and (field not in _COUNTS or known[0] != known[-1]):
            change = known[-1] - known[0]
            cells.append((label, *map(exact, known), exact(change) if change else ""))
    header = ("bytes", *(what for what, _ in stages), "change")
    return columns(header, cells, tuple(range(1, len(header))), screen)


# In a file there is one order, that of the file.
_ROWS = {
    **{name: NAMES[name] for name in ("tflm_total", "tflm_arena", "tflm_persistent")},
    "peak": NAMES["file_order_peak"],
    **{name: NAMES[name] for name in ("file", "operators", "macs")},
}
_COUNTS = ("operators", "macs")  # not bytes; shown where they differ


def _done(result: Optimization) -> str:
    parts = []
    if result.moved:
        parts.append(f"{exact(result.moved)} operators moved")
    if result.planned:
        parts.append(f"{exact(result.planned)} tensors planned")
    return ", ".join(parts) or "changed"
