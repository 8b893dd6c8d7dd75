"""``mcugraph boards``: what boards there are, and which of them a model fits."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from mcugraph.commands import arguments
from mcugraph.commands.check_model import known_boards
from mcugraph.fit.verdict import board_budget, needs_of
from mcugraph.report.table import table
from mcugraph.units import kib


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "boards",
        help="the boards that are known, and which of them a model fits",
        description="List boards with core, clock, SRAM and flash; with --fit, the verdict "
        "for a model on each of them.",
    )
    command.add_argument("--fit", metavar="MODEL", help="a .tflite or .onnx file")
    command.add_argument("--boards", metavar="FILE", help="boards of your own, as TOML")
    arguments.counting(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the list; always 0."""
    known = known_boards(options.boards)
    found = None if options.fit is None else arguments.counted(options, options.fit)[1]
    rows, plain = [], []
    for board in known:
        row = [
            board.key,
            board.core,
            f"{board.clock_hz / 1e6:g} MHz",
            kib(board.sram),
            kib(board.sram_block),
            kib(board.flash),
        ]
        entry = asdict(board)
        if found is not None:
            needs = needs_of(found, board_budget(board))
            missed = [f"{n.resource} by {-n.left:,} B" for n in needs if n.met is False]
            unsure = any(need.met is None for need in needs)
            row.append(f"no, {' and '.join(missed)}" if missed else "may fit" if unsure else "yes")
            entry["fits"] = False if missed else None if unsure else True
            entry["needs"] = [{**asdict(need), "left": need.left} for need in needs]
        rows.append(row)
        plain.append(entry)
    header = ["board", "core", "clock", "SRAM", "one block", "flash"]
    if found is not None:
        header.append("fits")
    print(json.dumps(plain, indent=2) if options.json else table(header, rows, right=(2, 3, 4, 5)))
    return 0
