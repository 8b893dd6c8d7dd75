"""``mcugraph optimize IN -o OUT``."""

import argparse
from typing import Any

from mcugraph.commands import common
from mcugraph.commands.progress import ProgressLine
from mcugraph.report import optimization_report
from mcugraph.report.answer import as_json
from mcugraph.report.screen import screen as shown_on


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "optimize",
        help="write a model back with less memory",
        description="Reorder the operators of a TFLite or ONNX file, plan its tensors (TFLite), "
        "and write the file back; all else in it stays as it is.",
    )
    command.add_argument("model", metavar="IN", help="a .tflite or .onnx file")
    common.output(command, "OUT", "the file to write")
    command.add_argument(
        "--force", action="store_true", help="write order and plan although nothing is saved"
    )
    command.add_argument(
        "--verify",
        action="store_true",
        help="run both files on random inputs and compare the outputs bit for bit",
    )
    common.time_limit(command)
    common.sizes(command)
    command.add_argument(
        "--kernels",
        type=common.library,
        default="any",
        metavar="NAME",
        help="what TFLM is built with: reference or cmsis-nn, whose outputs may then lie over "
        "inputs, MODULE:NAME of a KernelLibrary of your own, or any: what runs on both (default: "
        "any)",
    )
    command.add_argument(
        "--split",
        action="store_true",
        help="compute operators in slices of channels where that saves memory (TFLite)",
    )
    command.add_argument(
        "--max-extra-macs",
        type=common.share,
        default=0.0,
        metavar="P%",
        help="with --split: the share of all multiply-accumulates that may be added by slabs of "
        "rows, such as 20%%",
    )
    command.add_argument(
        "--minimise",
        default="total",
        metavar="WHAT",
        help="with --split: total (the arena to reserve; the default) or head",
    )
    command.add_argument(
        "--allow-slower",
        type=common.share,
        default=0.0,
        metavar="P%",
        help="with --kernels cmsis-nn: the share of all instructions that may be added where that "
        "lets outputs lie over inputs, such as 10%%",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the file and print what came of it; always 0."""
    from mcugraph.optimizer.entry import optimize

    with ProgressLine() as line:
        result = optimize(
            options.model,
            options.output,
            options.force,
            options.verify,
            options.time_limit,
            common.dims(options),
            options.kernels,
            common.load_limits(options),
            split=options.split,
            max_extra_macs=options.max_extra_macs,
            allow_slower=options.allow_slower,
            minimise=options.minimise,
            progress=line.best,
        )
    if options.json:
        print(as_json(result.to_dict()))
    else:
        print(optimization_report.to_text(result, shown_on()))
    return 0
