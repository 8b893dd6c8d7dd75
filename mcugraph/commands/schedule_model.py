"""``mcugraph schedule MODEL|GRAPH.json``: the best order, and what it saves."""

import argparse
from typing import Any

from mcugraph.commands import common
from mcugraph.commands.progress import ProgressLine
from mcugraph.report import schedule_report
from mcugraph.report.answer import as_json
from mcugraph.scheduling.bounds import cut_bound, operator_bound
from mcugraph.scheduling.entry import least_peak, schedule
from mcugraph.scheduling.figures import file_order
from mcugraph.units import parse_size


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "schedule",
        help="the operator order with the least peak memory, proven",
        description="The operator order with the least peak memory, of a model file or of an "
        "operator graph as JSON.",
    )
    command.add_argument(
        "model",
        metavar="MODEL",
        help="a .tflite, .onnx or .pt2 file, or an operator graph as .json",
    )
    common.counting(command)
    command.add_argument(
        "--method", default="auto", metavar="NAME", help="auto (the default), dp or greedy"
    )
    command.add_argument(
        "--time-limit", type=common.seconds, metavar="SECONDS", help="stop the search then"
    )
    command.add_argument(
        "--memory-limit",
        type=common.quantity(parse_size),
        metavar="SIZE",
        help="stop the search when its states take so much, like 4GiB",
    )
    common.names(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the schedule; always 0."""
    counted = common.problems(options)
    problem = counted(least_peak)
    with ProgressLine() as progress:
        found = schedule(
            problem, options.method, options.time_limit, options.memory_limit, progress
        )
    given = file_order(counted(lambda body: file_order(body).peak))
    bounds = {
        "operator_bound": operator_bound(counted(operator_bound)),
        "cut_bound": cut_bound(counted(cut_bound)),
    }
    if options.json:
        print(as_json(schedule_report.to_data(found, given, bounds)))
    else:
        print(
            schedule_report.to_text(
                options.model, problem, found, given, bounds, common.screen(options)
            )
        )
    return 0
