"""A schedule beside the order of the file: figures, and a timeline."""

from typing import Any

from mcugraph.report.screen import PLAIN, Line, Screen, Styled
from mcugraph.report.short_names import end, short
from mcugraph.report.stopped import stopped_line
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.result import Schedule
from mcugraph.units import exact, kib


def to_data(found: Schedule, given: Schedule, bounds: dict[str, int]) -> dict[str, Any]:
    """The best order, what the given one takes, and the bounds by name, ready for JSON."""
    return {
        "order": list(found.order),
        "peak": found.peak,
        "lower_bound": found.lower_bound,
        "optimal": found.optimal,
        "file_order_peak": given.peak,
        **bounds,
        "bottleneck": None
        if found.bottleneck is None
        else {
            "operator": found.bottleneck,
            "live": [{"tensor": live.tensor, "bytes": live.bytes} for live in found.live],
        },
        "timeline": list(found.timeline),
        "elapsed": found.elapsed,
        "stopped": found.stopped,
    }


def to_text(
    model: str,
    problem: Problem,
    found: Schedule,
    given: Schedule,
    bounds: dict[str, int],
    screen: Screen = PLAIN,
) -> str:
    """The figures, and a line for each operator in the new order."""
    saved = given.peak - found.peak
    share = f" ({saved / given.peak:.1%})" if given.peak else ""
    proof = "proven optimal" if found.optimal else f"at least {exact(found.lower_bound)} B needed"
    rows = [
        ("file order", given.peak, ""),
        ("best order", found.peak, proof),
        ("cut bound", bounds["cut_bound"], "no order needs less"),
        ("operator bound", bounds["operator_bound"], "largest operator alone"),
    ]
    width = max(len(exact(value)) for _, value, _ in rows)
    title = f"{model}: {exact(len(problem.operators))} operators, {found.elapsed:.3f} s"
    lines: list[Line] = [*(Styled(line, "bold") for line in screen.wrapped(title, 2)), ""]
    lines += [
        f"{label:<14}  {exact(value):>{width}} B  {kib(value):>10}  {note}".rstrip()
        for label, value, note in rows
    ]
    lines.append(f"{'saved':<14}  {exact(saved):>{width}} B{share}")
    lines += stopped_line(found)
    return screen.page([*lines, "", *_timeline(problem, found, screen)])


def _timeline(problem: Problem, found: Schedule, screen: Screen) -> list[Line]:
    """One line an operator in the new order: bytes live, as a number and as a bar."""
    place = {name: i for i, name in enumerate(problem.operators)}
    lines: list[Line] = ["  new  file  live B, largest of all at *"]
    digits = max((len(exact(value)) for value in found.timeline), default=1)
    for step, (name, live) in enumerate(zip(found.order, found.timeline, strict=True)):
        bar = "#" * round(30 * live / max(found.peak, 1))
        most = name == found.bottleneck
        row = f"{step:5}  {place[name]:4}  {exact(live):>{digits}} {'*' if most else ' '} {bar:<30}"
        called = short(str(name), screen)
        if screen.width is not None and not screen.full_names:
            called = end(called, max(screen.width - len(row) - 2, 8))
        lines.append((Styled(row, "bold") if most else row, "  ", called))
    return lines
