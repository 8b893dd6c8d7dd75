"""``mcugraph profile MODEL``."""

import argparse
from typing import Any

from mcugraph.commands import common
from mcugraph.errors import UsageError
from mcugraph.fit.remedies import best_order, best_remedy, remedies
from mcugraph.profiler import SEARCH_SECONDS
from mcugraph.report import comparison_report, layer_report, profile_report, storage_report
from mcugraph.report.answer import as_json, as_json_list


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "profile",
        help="peak SRAM, flash and work of a model file",
        description="Peak SRAM, flash and work of a TFLite, ONNX or saved PyTorch model.",
    )
    command.add_argument(
        "models",
        nargs="+",
        metavar="MODEL",
        help="a .tflite, .onnx or .pt2 file; of several, a table with a row for each",
    )
    common.counting(command)
    common.kernels(command)
    common.built(command)
    command.add_argument(
        "--storage",
        action="store_true",
        help="add what the weights of each layer take in flash, dense and by their zeros",
    )
    command.add_argument("--layers", action="store_true", help="add a table of all operators")
    command.add_argument(
        "--sort",
        default="order",
        metavar="COLUMN",
        help="order of the operators: order (as in the file), macs, elementwise, weights, "
        "output or live, the largest first",
    )
    command.add_argument("--limit", type=common.positive, metavar="N", help="show only N operators")
    command.add_argument(
        "--time-limit",
        type=common.seconds,
        default=SEARCH_SECONDS,
        metavar="SECONDS",
        help="for the search for the best order, and again for that for the best arena "
        f"(default: {SEARCH_SECONDS:g})",
    )
    common.names(command)
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--csv", action="store_true", help="print one line an operator, as CSV")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the profile, or a table of several; always 0.

    Raises:
        UsageError: Something of one model is asked for, and there are several.
    """
    if len(options.models) > 1:
        return _several(options)
    (model,) = options.models
    graph, result = common.counted(
        options, model, options.time_limit, options.built, options.storage
    )
    if options.json:
        print(as_json(result.to_dict()))
    elif options.csv:
        print(layer_report.to_csv(result, options.sort, options.limit))
    else:
        screen = common.screen(options)
        table = layer_report.to_text(result, options.sort, options.limit, screen)
        smaller = tuple(remedies(graph, result, splits=False))
        print(profile_report.to_text(result, screen, smaller, best_order(graph, result)))
        if options.layers or options.sort != "order" or options.limit is not None:
            print(f"\n{table}")
        if options.storage:
            print(f"\n{storage_report.to_text(result.storage or (), screen)}")
    return 0


def _several(options: argparse.Namespace) -> int:
    of_one = {
        "--built": options.built is not None,
        "--csv": options.csv,
        "--layers": options.layers,
        "--limit": options.limit is not None,
        "--sort": options.sort != "order",
        "--storage": options.storage and not options.json,
    }
    named = [name for name, given in of_one.items() if given]
    if named:
        raise UsageError(f"{named[0]} is of one model, and {len(options.models)} are given")
    found = [
        common.counted(options, model, options.time_limit, storage=options.storage)
        for model in options.models
    ]
    if options.json:
        print(as_json_list([result.to_dict() for _, result in found]))
    else:
        rows = [(result, best_remedy(graph, result)) for graph, result in found]
        print(comparison_report.to_text(rows, common.screen(options)))
    return 0
