"""``mcugraph check MODEL``: does it fit?"""

import argparse
import json
from dataclasses import asdict
from typing import Any

from mcugraph.commands import arguments
from mcugraph.errors import UsageError
from mcugraph.fit.boards import Board, boards, find_board, load_boards
from mcugraph.fit.verdict import Budget, Verdict, board_budget, judge, latency
from mcugraph.report.table import table
from mcugraph.units import parse_count, parse_size


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "check",
        help="whether a model fits a board or a budget",
        description="Hold a model's arena, flash and MACs against a board or a budget; "
        "exit code 0 if it fits, 1 if not.",
    )
    command.add_argument("model", metavar="MODEL", help="a .tflite or .onnx file")
    command.add_argument("--board", metavar="NAME", help="a board; `mcugraph boards` lists them")
    command.add_argument("--boards", metavar="FILE", help="boards of your own, as TOML")
    size = arguments.quantity(parse_size)
    command.add_argument("--sram", type=size, metavar="SIZE", help="bytes, or like 64KiB")
    command.add_argument("--flash", type=size, metavar="SIZE", help="bytes, or like 1MiB")
    command.add_argument(
        "--macs", type=arguments.quantity(parse_count), metavar="N", help="like 5M"
    )
    arguments.counting(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def known_boards(path: str | None) -> tuple[Board, ...]:
    """The boards to choose from: those that come with the library, after those of a file."""
    return boards() if path is None else (*load_boards(path), *boards())


def run(options: argparse.Namespace) -> int:
    """Print the verdict; 0 if the model fits, 1 if it does not or nothing is proven."""
    known = known_boards(options.boards)
    board = None if options.board is None else find_board(options.board, known)
    budget = _budget(options, board)
    graph, found = arguments.counted(options, options.model)
    verdict = judge(graph, budget, found, known)
    time = None if board is None else latency(found, graph, board)
    if options.json:
        print(json.dumps(_plain(verdict, time, found.assumptions), indent=2))
    else:
        print(_text(options.model, verdict))
        if found.assumptions:
            print("\n" + "\n".join(f"Assumed: {text}" for text in found.assumptions))
        if board is not None and time is not None:
            fast, slow, source = time
            print(
                f"\nEstimated latency: {_duration(fast)} to {_duration(slow)} on its "
                f"{board.core} at {board.clock_hz / 1e6:g} MHz, from published rates ({source})"
            )
    return 0 if verdict.fits else 1


def _budget(options: argparse.Namespace, board: Board | None) -> Budget:
    given = board_budget(board) if board is not None else Budget("the budget")
    budget = Budget(
        given.name,
        given.sram if options.sram is None else options.sram,
        given.flash if options.flash is None else options.flash,
        given.macs if options.macs is None else options.macs,
    )
    if budget.sram is None and budget.flash is None and budget.macs is None:
        raise UsageError("nothing to check against: give --board, --sram, --flash or --macs")
    return budget


_WORDS = {True: "fits", False: "does not fit", None: "may fit; a figure is only a lower bound"}


def _text(model: str, verdict: Verdict) -> str:
    rows = []
    for need in verdict.needs:
        unit = "" if need.resource == "MACs" else " B"
        least = "" if need.exact else "at least "
        met = {True: "met", False: "missed", None: "not proven"}[need.met]
        rows.append(
            (
                need.resource,
                f"{least}{need.needed:,}{unit}",
                f"{need.budget:,}{unit}",
                f"{need.left:,}{unit}",
                met,
                need.parts,
            )
        )
    header = ("resource", "needs", "there is", "left", "", "made of")
    lines = [f"{model}: {_WORDS[verdict.fits]} ({verdict.budget.name})", ""]
    lines.append(table(header, rows, right=(1, 2, 3)))
    missed = [need for need in verdict.needs if need.met is False and need.culprit]
    if missed:
        lines.append("")
        lines += [f"To blame for {need.resource}: {need.culprit}" for need in missed]
    if verdict.advice:
        lines += ["", "What would help:"]
        lines += [f"  - {text}" for text in verdict.advice]
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


def _plain(
    verdict: Verdict, time: tuple[float, float, str] | None, assumptions: tuple[str, ...]
) -> dict[str, Any]:
    needs = [{**asdict(need), "left": need.left, "met": need.met} for need in verdict.needs]
    estimate = None
    if time is not None:
        estimate = dict(zip(("fast_s", "slow_s", "source"), time, strict=True))
    return {
        **asdict(verdict),
        "needs": needs,
        "advice": list(verdict.advice),
        "latency": estimate,
        "assumptions": list(assumptions),
    }
