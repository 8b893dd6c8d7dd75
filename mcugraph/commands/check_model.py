"""``mcugraph check MODEL``: does it fit?"""

import argparse
from typing import Any

from mcugraph.codegen.project import built_core
from mcugraph.commands import common
from mcugraph.errors import UsageError
from mcugraph.fit.boards import Board, boards, find_board, load_boards, runs
from mcugraph.fit.model_needs import Allowance, board_budget
from mcugraph.fit.remedies import remedies
from mcugraph.fit.verdict import assumed, judge, latency
from mcugraph.profiler import on_abi
from mcugraph.records import replace
from mcugraph.report import verdict_report
from mcugraph.report.answer import as_json, as_json_list
from mcugraph.units import parse_count, parse_size


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "check",
        help="whether a model fits a board or a budget",
        description="Hold a model's arena, flash and MACs against a board or a budget; "
        "exit code 0 if it fits, however tightly, 1 if not or if that is not known.",
    )
    command.add_argument(
        "models",
        nargs="+",
        metavar="MODEL",
        help="a .tflite, .onnx or .pt2 file; several are checked one by one",
    )
    command.add_argument("--board", metavar="NAME", help="a board; `mcugraph boards` lists them")
    command.add_argument("--boards", metavar="FILE", help="boards of your own, as TOML")
    size = common.quantity(parse_size)
    command.add_argument("--sram", type=size, metavar="SIZE", help="bytes, or like 64KiB")
    command.add_argument("--flash", type=size, metavar="SIZE", help="bytes, or like 1MiB")
    command.add_argument(
        "--reserve-sram",
        type=size,
        metavar="SIZE",
        help="of the SRAM, what the rest of the firmware needs: variables, stacks, heap",
    )
    command.add_argument(
        "--reserve-flash",
        type=size,
        metavar="SIZE",
        help="of the flash, what the code of the rest of the firmware needs",
    )
    command.add_argument(
        "--external-ram", action="store_true", help="the arena lies in the board's external RAM"
    )
    command.add_argument(
        "--external-flash",
        action="store_true",
        help="the model lies in the board's external flash",
    )
    command.add_argument("--macs", type=common.quantity(parse_count), metavar="N", help="like 5M")
    common.counting(command)
    common.kernels(command)
    common.built(command)
    common.names(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def known_boards(path: str | None) -> tuple[Board, ...]:
    """The boards to choose from: those that come with the library, after those of a file."""
    return boards() if path is None else (*load_boards(path), *boards())


def run(options: argparse.Namespace) -> int:
    """Print the verdicts; 0 if all models fit, 1 if one does not or nothing is proven.

    Raises:
        UsageError: Something of one model is asked for, and there are several.
    """
    if options.built is not None and len(options.models) > 1:
        raise UsageError(f"--built is of one model, and {len(options.models)} are given")
    known = known_boards(options.boards)
    board = None if options.board is None else find_board(options.board, known)
    budget = _budget(options, board)
    if board is not None and options.built is not None:
        _check_core(options.built, board)
    code, texts, answers = 0, [], []
    for model in options.models:
        graph, found = common.counted(options, model, built=options.built)
        if board is not None:
            found = on_abi(found, graph, board.abi)
        verdict = judge(graph, budget, found, known, board)
        code |= not verdict.fits
        time = None if board is None or board.too_small else latency(found, graph, board)
        smaller = tuple(remedies(graph, found, splits=False))
        if options.json:
            assumptions = assumed(found, verdict.needs)
            answers.append(verdict_report.to_data(verdict, time, assumptions, smaller))
        else:
            screen = common.screen(options)
            texts.append(verdict_report.to_text(found, verdict, time, board, screen, smaller))
    if options.json:
        print(as_json(answers[0]) if len(answers) == 1 else as_json_list(answers))
    else:
        print("\n\n".join(texts))
    return code


def _check_core(folder: str, board: Board) -> None:
    """Refuse code that was built for another core than a board's.

    Raises:
        UsageError: It was.
    """
    core = built_core(folder)
    if not runs(board, core):
        raise UsageError(
            f"{folder}: was built for {core}, and {board.name} has a {board.core}: "
            "deploy it with that --target"
        )


def _budget(options: argparse.Namespace, board: Board | None) -> Allowance:
    reserves = options.reserve_sram, options.reserve_flash
    if board is None:
        if options.external_ram or options.external_flash:
            raise UsageError("--external-ram and --external-flash are of a board: give --board")
        given = Allowance("the budget")
    else:
        given = board_budget(board, *reserves, options.external_ram, options.external_flash)
    budget = given
    for name, reserve in zip(("sram", "flash"), reserves, strict=True):
        limit = getattr(options, name)
        if limit is not None:
            left = max(limit - (reserve or 0), 0)
            budget = replace(budget, **{name: left, f"spare_{name}": 0})
        elif reserve is not None and board is None:
            raise UsageError(f"--reserve-{name} is a part of something: give --{name} or --board")
    if options.macs is not None:
        budget = replace(budget, macs=options.macs)
    if budget.sram is None and budget.flash is None and budget.macs is None:
        raise UsageError("nothing to check against: give --board, --sram, --flash or --macs")
    return budget
