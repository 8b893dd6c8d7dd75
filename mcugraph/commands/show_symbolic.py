"""``mcugraph symbolic MODEL``: costs as formulas in the widths, and what a channel saves."""

import argparse
from typing import Any

from mcugraph.commands import common
from mcugraph.report import symbolic_report
from mcugraph.report.answer import as_json


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "symbolic",
        help="MACs, size and peak memory as formulas in the layer widths",
        description="MACs, size and peak memory of a model as formulas in the widths of its "
        "groups, and what one channel less of each group saves.",
    )
    command.add_argument("model", metavar="MODEL", help="a .tflite, .onnx or .pt2 file")
    common.forms(command)
    common.reading(command)
    common.names(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the formulas; always 0."""
    from mcugraph.space.space import widths

    graph = common.loaded(options, options.model)
    found = symbolic_report.to_data(widths(graph, options.accounting, options.precision))
    if options.json:
        print(as_json(found))
    else:
        print(symbolic_report.to_text(found, common.screen(options)))
    return 0
