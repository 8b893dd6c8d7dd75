"""``mcugraph schedule MODEL|GRAPH.json``: the best order, and what it saves."""

import argparse
import json
import sys
from typing import Any

from mcugraph.commands import arguments
from mcugraph.scheduling.bounds import cut_bound, operator_bound
from mcugraph.scheduling.figures import file_order
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.result import Schedule
from mcugraph.scheduling.solver import schedule
from mcugraph.units import exact, kib, parse_size

# A progress line appears only if the search takes longer than this many seconds.
_PATIENCE = 1.0


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "schedule",
        help="the operator order with the least peak memory, proven",
        description="The operator order with the least peak memory, of a model file or of an "
        "operator graph as JSON.",
    )
    command.add_argument(
        "model", metavar="MODEL", help="a .tflite or .onnx file, or an operator graph as .json"
    )
    arguments.counting(command)
    command.add_argument(
        "--method", default="auto", metavar="NAME", help="auto (the default), dp or greedy"
    )
    command.add_argument(
        "--time-limit", type=arguments.seconds, metavar="SECONDS", help="stop the search then"
    )
    command.add_argument(
        "--memory-limit",
        type=arguments.quantity(parse_size),
        metavar="SIZE",
        help="stop the search when its states take so much, like 4GiB",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the schedule; always 0."""
    problem = arguments.problem(options)
    progress = _Progress()
    found = schedule(problem, options.method, options.time_limit, options.memory_limit, progress)
    progress.done()
    given = file_order(problem)
    bounds = {"operator_bound": operator_bound(problem), "cut_bound": cut_bound(problem)}
    if options.json:
        print(json.dumps(_plain(found, given, bounds), indent=2))
    else:
        print(_text(options.model, problem, found, given, bounds))
    return 0


class _Progress:
    """A line on a terminal while a search takes long: the gap over time."""

    def __init__(self) -> None:
        self._shown = False

    def __call__(self, elapsed: float, lower_bound: int, best: int) -> None:
        if elapsed < _PATIENCE or not sys.stderr.isatty():
            return
        gap = (best - lower_bound) / max(best, 1)
        line = f"{elapsed:6.1f} s  best {exact(best)} B, at least {exact(lower_bound)} B"
        print(f"\r{line}, gap {gap:.1%}\x1b[K", end="", file=sys.stderr, flush=True)
        self._shown = True

    def done(self) -> None:
        """Wipe the line."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _plain(found: Schedule, given: Schedule, bounds: dict[str, int]) -> dict[str, Any]:
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
    }


def _text(
    model: str, problem: Problem, found: Schedule, given: Schedule, bounds: dict[str, int]
) -> str:
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
    lines = [f"{model}: {exact(len(problem.operators))} operators, {found.elapsed:.3f} s", ""]
    lines += [
        f"{label:<14}  {exact(value):>{width}} B  {kib(value):>10}  {note}".rstrip()
        for label, value, note in rows
    ]
    lines.append(f"{'saved':<14}  {exact(saved):>{width}} B{share}")
    return "\n".join([*lines, "", *_timeline(problem, found)])


def _timeline(problem: Problem, found: Schedule) -> list[str]:
    """One line an operator in the new order: bytes live, as a number and as a bar."""
    place = {name: i for i, name in enumerate(problem.operators, 1)}
    lines = ["  new  file  live B, largest of all at *"]
    digits = max((len(exact(value)) for value in found.timeline), default=1)
    for step, (name, live) in enumerate(zip(found.order, found.timeline, strict=True), 1):
        bar = "#" * round(30 * live / max(found.peak, 1))
        mark = "*" if name == found.bottleneck else " "
        lines.append(f"{step:5}  {place[name]:4}  {exact(live):>{digits}} {mark} {bar:<30}  {name}")
    return lines
