"""``mcugraph groups MODEL``: which channels can be pruned, and which only together."""

import argparse
from typing import Any

from mcugraph.commands import common
from mcugraph.report import group_report
from mcugraph.report.answer import as_json


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "groups",
        help="which channels can be pruned, and which only together",
        description="The width groups of a model: channels that can only be removed together, "
        "the weights that they run through, and what cannot be pruned.",
    )
    command.add_argument("model", metavar="MODEL", help="a .tflite, .onnx or .pt2 file")
    command.add_argument("--classes", action="store_true", help="list every class of channels too")
    common.reading(command)
    common.names(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the groups; always 0."""
    from mcugraph.space.space import widths

    space = widths(common.loaded(options, options.model))
    if options.json:
        print(as_json(group_report.to_data(space)))
    else:
        print(group_report.to_text(space, options.classes, common.screen(options)))
    return 0
