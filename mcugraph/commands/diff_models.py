"""``mcugraph diff A B``: what changed between two models."""

import argparse
from typing import Any

from mcugraph.commands import common
from mcugraph.report import diff_report
from mcugraph.report.answer import as_json


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "diff",
        help="how the figures of two models differ",
        description="The figures of two models side by side, and the operators that differ.",
    )
    command.add_argument("before", metavar="A", help="a .tflite, .onnx or .pt2 file")
    command.add_argument("after", metavar="B", help="another one")
    common.counting(command)
    common.kernels(command)
    common.names(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the differences; always 0."""
    _, before = common.counted(options, options.before)
    _, after = common.counted(options, options.after)
    if options.json:
        print(as_json(diff_report.to_data(before, after)))
    else:
        print(diff_report.to_text(before, after, common.screen(options)))
    return 0
