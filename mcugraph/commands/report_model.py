"""``mcugraph report MODEL -o page.html``."""

import argparse
from typing import Any

from mcugraph import files
from mcugraph.commands import common
from mcugraph.commands.check_model import known_boards
from mcugraph.fit.boards import find_board
from mcugraph.printed import clean
from mcugraph.profiler import SEARCH_SECONDS
from mcugraph.report.answer import as_json


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "report",
        help="a page with pictures: memory over time, arena, operators",
        description="One HTML file that needs nothing from elsewhere: a model's figures, its live "
        "tensors over time, maps of its arena, its operators and the network.",
    )
    command.add_argument("model", metavar="MODEL", help="a .tflite, .onnx or .pt2 file")
    common.output(command, "PAGE", "the HTML file")
    command.add_argument("--compare", metavar="OTHER", help="a second model, beside the first")
    command.add_argument("--board", metavar="NAME", help="a board to draw bars against")
    command.add_argument("--boards", metavar="FILE", help="boards of your own, as TOML")
    common.counting(command)
    common.kernels(command)
    command.add_argument(
        "--time-limit",
        type=common.seconds,
        default=SEARCH_SECONDS,
        metavar="SECONDS",
        help="for each search for an order, and for each plan of the arena "
        f"(default: {SEARCH_SECONDS:g})",
    )
    command.add_argument("--json", action="store_true", help="print what was written as JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the page; always 0."""
    from mcugraph.report.pages.entry import report_page

    paths = [options.model] if options.compare is None else [options.model, options.compare]
    files.check(options.output, filter(None, (*paths, options.boards)))
    board = None
    if options.board is not None:
        board = find_board(options.board, known_boards(options.boards))
    counted = [common.counted(options, path, options.time_limit) for path in paths]
    graphs, profiles = map(list, zip(*counted, strict=True))
    page = report_page(graphs, profiles, board, options.time_limit).encode()
    files.write(options.output, page)
    if options.json:
        print(as_json({"page": options.output, "bytes": len(page), "models": paths}))
    else:
        print(f"{clean(options.output)}: written; any browser opens it")
    return 0
