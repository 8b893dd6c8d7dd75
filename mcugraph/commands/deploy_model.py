"""``mcugraph deploy MODEL -o FOLDER``."""

import argparse
from typing import Any

from mcugraph.commands import common
from mcugraph.formats.loader import load
from mcugraph.report import deployment_report
from mcugraph.report.answer import as_json


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "deploy",
        help="C code that runs a model",
        description="Write C code that runs a model: one static arena, one call an operator, no "
        "interpreter.",
    )
    command.add_argument("model", metavar="MODEL", help="a .tflite file")
    command.add_argument(
        "-o", "--output", required=True, metavar="FOLDER", help="the folder to write"
    )
    command.add_argument(
        "--name",
        default="model",
        metavar="NAME",
        help="what the names of files and functions begin with (default: model)",
    )
    command.add_argument(
        "--rounding",
        default="tflm",
        metavar="NAME",
        help="tflm: results are rounded twice, as TensorFlow Lite Micro does it (the default); or "
        "litert: once",
    )
    command.add_argument(
        "--shared-arena",
        metavar="NAME",
        help="an array that your program defines, for several models by turns",
    )
    command.add_argument(
        "--time-limit",
        type=common.seconds,
        default=10.0,
        metavar="S",
        help="seconds that each search may take (default: 10)",
    )
    common.sizes(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the folder and print what it takes; always 0."""
    from mcugraph.deployment.entry import deploy

    graph = load(options.model, common.dims(options), limits=common.load_limits(options))
    project = deploy(
        graph,
        options.output,
        options.rounding,
        options.name,
        options.time_limit,
        options.shared_arena,
    )
    if options.json:
        print(as_json(deployment_report.to_dict(project)))
    else:
        print(deployment_report.to_text(project))
    return 0
