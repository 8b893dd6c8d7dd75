"""``mcugraph boards``: what boards there are, one of them in full, and which a model fits."""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from mcugraph.codegen.project import built_core
from mcugraph.commands import common
from mcugraph.commands.check_model import known_boards
from mcugraph.errors import UsageError
from mcugraph.fit.advice import by_abi, fitting_after
from mcugraph.fit.boards import find_board, runs
from mcugraph.report import board_card, board_report
from mcugraph.report.answer import as_json
from mcugraph.report.screen import screen as shown_on

# Options that say how a model is counted.
_OF_A_MODEL = (
    *("accounting", "precision", "runtime", "built"),
    *("signature", "dim", "trust", "kernels"),
)


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "boards",
        help="the boards that are known, and which of them a model fits",
        description="List boards with core, clock, SRAM and flash; with --fit, the verdict "
        "for a model on each of them. With a name, all that is known of one board, and where "
        "that is said.",
    )
    command.add_argument("board", nargs="?", metavar="BOARD", help="the board to show in full")
    command.add_argument("--fit", metavar="MODEL", help="a .tflite, .onnx or .pt2 file")
    command.add_argument("--boards", metavar="FILE", help="boards of your own, as TOML")
    common.counting(command)
    common.kernels(command)
    common.built(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=partial(run, command))


def run(command: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Print the list, or one board; always 0.

    Raises:
        UsageError: An option is about a model, and there is none; there is no such board, or it
            is given beside a model.
    """
    for name in _OF_A_MODEL:
        if options.fit is None and getattr(options, name) != command.get_default(name):
            raise UsageError(f"--{name} says how a model is counted: give one with --fit MODEL")
    known = known_boards(options.boards)
    if options.board is not None:
        if options.fit is not None:
            raise UsageError("boards BOARD shows it; `mcugraph check MODEL --board BOARD` judges")
        if Path(options.board).is_file():
            raise UsageError(f"{options.board} is a file: for a model, give it with --fit")
        known = (find_board(options.board, known),)
    if options.built is not None:
        core = built_core(options.built)
        known = tuple(board for board in known if runs(board, core))
    found, after = None, {}
    if options.fit is not None:
        graph, profile = common.counted(options, options.fit, built=options.built)
        found = by_abi(profile, graph, known)
        after = fitting_after(graph, found, known)
    if options.json:
        print(as_json(board_report.to_data(known, found, after)))
    elif options.board is not None:
        print(board_card.to_text(known[0], shown_on()))
    else:
        print(board_report.to_text(known, found, after, shown_on()))
    return 0
