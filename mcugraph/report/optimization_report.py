"""What optimizing a file came to."""

from mcugraph.optimizer.result import Optimization
from mcugraph.printed import page
from mcugraph.report.table import table
from mcugraph.units import exact, kib


def to_text(result: Optimization) -> str:
    """The figures before and after, what was done, and what was left."""
    before, after = result.before, result.after
    rows = [
        ("TFLM arena, head", before.tflm_arena, after.tflm_arena),
        ("TFLM arena, tail", before.tflm_persistent, after.tflm_persistent),
        ("TFLM total", before.tflm_total, after.tflm_total),
        ("peak, file order", before.peak, after.peak),
        ("model file", before.file, after.file),
    ]
    cells = [
        (label, exact(was), exact(now), exact(now - was) if now != was else "")
        for label, was, now in rows
        if was is not None and now is not None
    ]
    if result.changed:
        done = f"{result.path_out}: {_done(result)}"
    else:
        done = f"{result.path_out}: an unchanged copy of {result.path_in}"
    lines = [done, "", *table(("bytes", "before", "after", ""), cells, right=(1, 2, 3)), ""]
    if result.saved:
        base = before.peak
        if result.format == "tflite" and before.tflm_arena is not None:
            base = before.tflm_arena
        lines.append(
            f"Saved: {exact(result.saved)} B of SRAM "
            f"({kib(result.saved)}, {100 * result.saved / base:.1f} %)"
        )
        if result.format == "tflite" and before.tflm_total and after.tflm_total:
            total = before.tflm_total - after.tflm_total
            if total < result.saved:
                lines.append(
                    f"Note: the arena to reserve, TFLM total, is {exact(total)} B smaller; "
                    "TFLM needs the rest while it loads the model"
                )
    if result.verified:
        lines.append(f"Verified: {result.verified} computes the same outputs from both files")
    lines += [f"Left: {text}" for text in result.left]
    lines += [f"Note: {text}" for text in result.notes]
    return page(lines).rstrip()


def _done(result: Optimization) -> str:
    parts = []
    if result.moved:
        parts.append(f"{exact(result.moved)} operators moved")
    if result.planned:
        parts.append(f"{exact(result.planned)} tensors planned")
    return ", ".join(parts) or "changed"
