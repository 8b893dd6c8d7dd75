"""The command line: parse, call the library, print."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from mcugraph.errors import McuGraphError, UsageError


class _Parser(argparse.ArgumentParser):
    """Wrong usage is one line on stderr, and exit code 2."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see `{self.prog} --help`)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: As on the command line, without the program's name.

    Returns:
        The exit code: 0 done or fits, 1 does not fit, 2 bad input or bad usage.
    """
    try:
        options = _parser().parse_args(arguments)
        code: int = options.run(options)
        sys.stdout.flush()
    except McuGraphError as error:
        print(f"mcugraph: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader (`head`, say) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    from mcugraph import __version__

    parser = _Parser(
        prog="mcugraph",
        description="What a neural network costs on a microcontroller: SRAM, flash and work.",
    )
    parser.add_argument("--version", action="version", version=f"mcugraph {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _profile_command(commands)
    return parser


def _profile_command(commands: "argparse._SubParsersAction[_Parser]") -> None:
    command = commands.add_parser(
        "profile",
        help="peak SRAM, flash and work of a model file",
        description="Peak SRAM, flash and work of a TFLite or ONNX file.",
    )
    _model_arguments(command)
    command.add_argument("--layers", action="store_true", help="add a table of all operators")
    command.add_argument(
        "--sort",
        default="order",
        metavar="COLUMN",
        help="order of the operators: order (as in the file), macs, elementwise, weights, "
        "output or live, the largest first",
    )
    command.add_argument("--limit", type=_positive, metavar="N", help="show only N operators")
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--csv", action="store_true", help="print one line an operator, as CSV")
    command.set_defaults(run=_profile)


def _model_arguments(command: argparse.ArgumentParser) -> None:
    """What every command that counts a model takes."""
    command.add_argument("model", metavar="MODEL", help="a .tflite or .onnx file")
    command.add_argument(
        "--accounting",
        default="deployed",
        metavar="NAME",
        help="deployed (what TFLite runs; the default) or paper",
    )
    command.add_argument(
        "--precision",
        metavar="NAME",
        help="int8: what a float model costs once quantised; the default keeps its types",
    )
    command.add_argument(
        "--runtime",
        default="tflm",
        metavar="NAME",
        help="tflm (the default), inplace or inputs_elsewhere",
    )
    command.add_argument(
        "--dim",
        action="append",
        default=[],
        type=_dimension,
        metavar="NAME=VALUE",
        help="bind a dynamic dimension, by its name or as INPUT:AXIS=VALUE; repeatable",
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number")
    return int(text)


def _dimension(text: str) -> tuple[str | tuple[str, int], int]:
    name, _, value = text.rpartition("=")
    if not name or not value.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE or INPUT:AXIS=VALUE")
    head, _, axis = name.rpartition(":")
    return (head, int(axis)) if head and axis.isdecimal() else name, int(value)


def _profile(options: argparse.Namespace) -> int:
    from mcugraph.formats.loader import load
    from mcugraph.profiler import profile

    result = profile(
        load(options.model, dict(options.dim)),
        options.runtime,
        options.accounting,
        options.precision,
    )
    if options.json:
        from mcugraph.report.data import to_json

        print(to_json(result))
    elif options.csv:
        from mcugraph.report.data import to_csv

        print(to_csv(result, options.sort, options.limit))
    else:
        from mcugraph.report.text import layer_table, summary

        print(summary(result))
        if options.layers or options.sort != "order" or options.limit is not None:
            print()
            print(layer_table(result, options.sort, options.limit))
    return 0
