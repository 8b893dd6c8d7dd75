"""``mcugraph search --data DATA -o FOLDER`` and ``mcugraph search FOLDER --front``."""

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from mcugraph import files
from mcugraph.commands import common
from mcugraph.errors import UsageError
from mcugraph.printed import clean
from mcugraph.report.answer import as_json
from mcugraph.units import parse_count, parse_duration, parse_size

_METHODS = ("evolution", "aging", "pareto", "random")
# Options of a search that is.
_SHOWING = {"folder", "front", "where", "space", "tflite", "html", "json"}


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "search",
        help="networks for a data set that fit a board, found by evolution",
        description="Search for networks that classify a data set within bounds. The same command "
        "on the same folder goes on.",
    )
    command.add_argument(
        "folder", nargs="?", metavar="FOLDER", help="of a search, to show what it has found"
    )
    command.add_argument("--front", action="store_true", help="show what FOLDER has, and end")
    command.add_argument(
        "--data",
        metavar="DATA",
        help="an .npz file of x_train, y_train, x_test, y_test (x_val, y_val); or module:function",
    )
    common.output(command, "FOLDER", "where the search is kept", required=False)
    command.add_argument(
        "--space",
        default="cnn",
        metavar="NAME",
        help="cnn (the default), cnn1d, ds_cnn or mlp; or module:Class of a space of your own",
    )
    _bounds(command)
    _effort(command)
    command.add_argument(
        "--where",
        default="",
        metavar="COND",
        help='show, or write, only what meets this, like "size <= 1000 and peak <= 2KiB"',
    )
    files_made = {
        "--tflite": "write the best network as int8",
        "--html": "write the front as a page",
    }
    for option, what in files_made.items():
        command.add_argument(option, type=common.written, metavar="FILE", help=what)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run, defaults=vars(command.parse_args([])))


def _bounds(command: argparse.ArgumentParser) -> None:
    """What a network may cost."""
    size = common.quantity(parse_size)
    command.add_argument("--board", metavar="NAME", help="a board that networks have to fit")
    command.add_argument("--error", type=common.share, metavar="E", help="aim, like 3.5%%")
    command.add_argument("--peak", type=size, metavar="SIZE", help="of live tensors")
    command.add_argument("--size", type=size, metavar="SIZE", help="of weights and biases")
    command.add_argument(
        "--macs", type=common.quantity(parse_count), metavar="N", help="of one inference"
    )
    command.add_argument("--arena", type=size, metavar="SIZE", help="the arena's head, by our plan")
    command.add_argument("--sram", type=size, metavar="SIZE", help="the arena that TFLM needs")
    for name, what in (("sram", "SRAM"), ("flash", "flash")):
        command.add_argument(
            f"--reserve-{name}",
            type=size,
            default=0,
            metavar="SIZE",
            help=f"{what} of the board for everything else",
        )


def _effort(command: argparse.ArgumentParser) -> None:
    """How long, by whom and how it is searched."""
    command.add_argument(
        "--time", type=common.quantity(parse_duration), metavar="T", help="in all, like 30min"
    )
    command.add_argument(
        "--candidates", type=common.positive, metavar="N", help="trainings at most"
    )
    _count(command, "--finalists", 5, "trained again from new weights and tested")
    _count(
        command,
        "--contenders",
        3,
        "for each of them, trained from new weights before, a tenth as long",
    )
    command.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="COND",
        help='to aim at in turn with others and the bounds, like "size <= 1000"; may be repeated',
    )
    _count(command, "--epochs", 30, "of those")
    command.add_argument(
        "--share",
        type=common.share,
        default=0.1,
        metavar="S",
        help="of the epochs that a candidate is trained (default: 10%%)",
    )
    _count(command, "--rungs", 3, "of successive halving")
    _count(command, "--batch", 128, "examples")
    command.add_argument(
        "--shift",
        type=int,
        default=0,
        metavar="N",
        help="pixels that each training image moves at most (default: 0)",
    )
    command.add_argument("--flip", action="store_true", help="mirror training images at random")
    command.add_argument(
        "--sparsity",
        type=common.share,
        metavar="S",
        help="prune up to this share of the channels while candidates are trained",
    )
    command.add_argument("--method", default="evolution", metavar="NAME", help=", ".join(_METHODS))
    command.add_argument(
        "--engine", default="local", metavar="NAME", help="local, dask or ray[://HOST:PORT]"
    )
    _count(command, "--workers", 1, "at once")
    command.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is random")


def _count(command: argparse.ArgumentParser, option: str, default: int, what: str) -> None:
    """An option that says how many there are, one at the least."""
    command.add_argument(
        option,
        type=common.positive,
        default=default,
        metavar="N",
        help=f"{what} (default: {default})",
    )


def run(options: argparse.Namespace) -> int:
    """Search, or show what was found; always 0.

    Raises:
        UsageError: Both are asked for, or neither; nothing meets the condition.
    """
    from mcugraph.nas.conditions import condition

    # That they are some, and that files can be written, before long work.
    for text in (options.where, *options.target):
        condition(text)
    if options.tflite and not options.tflite.lower().endswith(".tflite"):
        raise UsageError(f"--tflite {options.tflite}: the name of a .tflite file is needed")
    for path in filter(None, (options.tflite, options.html)):
        files.check(path)
    sys.path.insert(0, os.getcwd())  # module:name is sought here first, as python -m does
    result = _shown(options) if options.front or options.folder else _searched(options)
    if options.where:
        result = result.within(options.where)
    if options.tflite:
        result.export_tflite(options.tflite)
        _written(options.tflite)
    if options.html:
        result.report(options.html)
        _written(options.html)
    print(as_json(result.to_dict()) if options.json else result)
    return 0


def _written(path: str) -> None:
    """Say that a file is there; the answer alone is on standard output."""
    print(f"{clean(path)}: written, {os.path.getsize(path):,} B", file=sys.stderr)


def _shown(options: argparse.Namespace) -> Any:
    from mcugraph.nas.entry import load_search

    other = [name for name, value in options.defaults.items() if getattr(options, name) != value]
    if options.folder is None or not _SHOWING.issuperset(other):
        raise UsageError("to show a search, name its folder alone: mcugraph search FOLDER --front")
    if options.space == options.defaults["space"]:
        return load_search(options.folder)
    return load_search(options.folder, _space_shown(options))


def _space_shown(options: argparse.Namespace) -> Any:
    """The space that is named for a search that is shown, for the examples of that."""
    from mcugraph.nas.space_choice import find_space
    from mcugraph.nas.store import settings_in

    known = settings_in(Path(options.folder))["space"]
    return find_space(options.space, lambda axes: (tuple(known["input_shape"]), known["classes"]))


def _searched(options: argparse.Namespace) -> Any:
    from mcugraph.experiments.data import described
    from mcugraph.nas.entry import search
    from mcugraph.nas.recipe import Recipe
    from mcugraph.nas.search_bounds import Bounds
    from mcugraph.nas.space_choice import find_space

    if options.data is None or options.output is None:
        raise UsageError("to search, say on which data and where: --data FILE -o FOLDER")
    names = ("error", "peak", "size", "macs", "arena", "sram")
    given = {name: getattr(options, name) for name in names}
    bounded = any(value is not None for value in given.values())
    return search(
        find_space(options.space, partial(described, options.data)),
        options.data,
        bounds=Bounds(**given) if bounded else None,
        board=options.board,
        reserve_sram=options.reserve_sram,
        reserve_flash=options.reserve_flash,
        recipe=Recipe(
            epochs=options.epochs,
            batch=options.batch,
            share=options.share,
            rungs=options.rungs,
            shift=options.shift,
            flip=options.flip,
            sparsity=None if options.sparsity is None else (0.0, options.sparsity),
        ),
        method=options.method,
        time_limit=options.time,
        candidates=options.candidates,
        finalists=options.finalists,
        contenders=options.contenders,
        targets=options.target,
        workers=options.workers,
        engine=options.engine,
        folder=options.output,
        seed=options.seed,
    )
