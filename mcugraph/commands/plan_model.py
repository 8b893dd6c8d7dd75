"""``mcugraph plan MODEL|GRAPH.json|FILE.csv``."""

import argparse
from typing import Any

from mcugraph.commands import common
from mcugraph.commands.progress import ProgressLine
from mcugraph.planning.arena import ArenaProblem
from mcugraph.planning.entry import blocks_of_file, plan
from mcugraph.planning.stages import METHODS
from mcugraph.report import plan_report
from mcugraph.report.answer import as_json
from mcugraph.scheduling.problem import Problem


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "plan",
        help="where in one arena every tensor lies",
        description="Offsets for all tensors in the smallest arena, and a map of it. "
        "For a model, the order with the least peak; scratch memory of kernels is not counted.",
    )
    command.add_argument(
        "model",
        metavar="FILE",
        help="a .tflite, .onnx or .pt2 file, an operator graph as .json, "
        "or lifetimes as .csv with the columns id,lower,upper,size[,offset] or as .json",
    )
    command.add_argument(
        "--method", default="auto", metavar="NAME", help=f"{', '.join(METHODS)} (default: auto)"
    )
    command.add_argument(
        "--alignment",
        type=common.positive,
        metavar="N",
        help="bytes of which offsets are multiples (default: 16; 1 for lifetimes)",
    )
    command.add_argument(
        "--file-order", action="store_true", help="keep the operators in the order of the file"
    )
    command.add_argument(
        "--time-limit",
        type=common.seconds,
        metavar="S",
        help="seconds for the search; the best plan till then is shown (default: about a minute "
        "at the most)",
    )
    command.add_argument(
        "--limit", type=common.positive, default=40, metavar="N", help="show only N tensors"
    )
    common.counting(command)
    common.names(command)
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--csv", action="store_true", help="print id,lower,upper,size,offset")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the plan; always 0."""
    problem = _problem(options)
    order = None
    if options.file_order and isinstance(problem, Problem):
        order = problem.operators
    alignment = options.alignment or (1 if isinstance(problem, ArenaProblem) else 16)
    with ProgressLine() as progress:
        result = plan(problem, order, alignment, options.time_limit, options.method, progress)
    if options.csv:
        from mcugraph.planning.minimalloc import to_csv

        print(to_csv(result), end="")
    elif options.json:
        print(as_json(plan_report.to_data(result)))
    else:
        print(plan_report.to_text(result, options.model, options.limit, common.screen(options)))
    return 0


def _problem(options: argparse.Namespace) -> Problem | ArenaProblem:
    """What the file describes."""
    blocks = blocks_of_file(options.model, options.alignment)
    return blocks or common.problems(options)(
        lambda body: (
            plan(body, alignment=options.alignment or 16, time_limit=options.time_limit).arena
        )
    )
