"""What optimizing a file came to."""

from mcugraph.optimizer.result import Optimization
from mcugraph.printed import page
from mcugraph.report.table import table
from mcugraph.units import exact, kib


def to_text(result: Optimization) -> str:
    """The figures before and after, what was done, and what was left."""
    before, after = result.before, result.after
    if result.changed:
        done = f"{result.path_out}: {_done(result)}"
    else:
        done = f"{result.path_out}: an unchanged copy of {result.path_in}"
    lines = [done, "", *_table(result), ""]
    if result.saved > 0:
        base = before.peak
        if result.format == "tflite" and before.tflm_arena is not None:
            base = before.tflm_arena
        lines.append(
            f"Saved: {exact(result.saved)} B of SRAM "
            f"({kib(result.saved)}, {100 * result.saved / base:.1f} %)"
        )
        if result.format == "tflite" and before.tflm_total and after.tflm_total:
            total = before.tflm_total - after.tflm_total
            more = (after.tflm_persistent or 0) - (before.tflm_persistent or 0)
            if total < result.saved:
                why = (
                    f"the tail grows by {exact(more)} B"
                    if more > 0
                    else "TFLM needs the rest while it loads the model"
                )
                changed = f"{exact(abs(total))} B {'smaller' if total >= 0 else 'larger'}"
                lines.append(f"Note: the arena to reserve, TFLM total, is {changed}; {why}")
    if after.tflm_total is not None and result.format == "tflite":
        lines.append(f"Reserve: {exact(after.tflm_total)} B for the arena, TFLM total")
    if result.verified:
        lines.append(f"Verified: {result.verified} computes the same outputs from both files")
    if result.holds_for:
        lines.append(
            f"Holds for TFLM's {result.holds_for} kernels only: outputs lie over inputs, as far as "
            "the order in which these read and write allows"
        )
    lines += [f"Left: {text}" for text in result.left]
    lines += [f"Note: {text}" for text in result.notes]
    return page(lines).rstrip()


def _table(result: Optimization) -> list[str]:
    """The figures before, after each step if there are several, and the difference."""
    stages = [("before", result.before), *((step.what, step.figures) for step in result.steps)]
    if len(stages) <= 2:
        stages = [("before", result.before), ("after", result.after)]
    rows: list[tuple[str, list[int | None]]] = [
        ("TFLM arena, head", [figures.tflm_arena for _, figures in stages]),
        ("TFLM arena, tail", [figures.tflm_persistent for _, figures in stages]),
        ("TFLM total", [figures.tflm_total for _, figures in stages]),
        ("peak, file order", [figures.peak for _, figures in stages]),
        ("model file", [figures.file for _, figures in stages]),
        ("operators", [figures.operators for _, figures in stages]),
        ("MACs", [figures.macs for _, figures in stages]),
    ]
    cells = []
    for label, values in rows:
        known = [value for value in values if value is not None]
        if len(known) == len(values) and (label not in _COUNTS or known[0] != known[-1]):
            change = known[-1] - known[0]
            cells.append((label, *map(exact, known), exact(change) if change else ""))
    header = ("bytes", *(what for what, _ in stages), "")
    return table(header, cells, right=tuple(range(1, len(header))))


_COUNTS = ("operators", "MACs")  # not bytes; shown where they differ


def _done(result: Optimization) -> str:
    parts = []
    if result.moved:
        parts.append(f"{exact(result.moved)} operators moved")
    if result.planned:
        parts.append(f"{exact(result.planned)} tensors planned")
    return ", ".join(parts) or "changed"
