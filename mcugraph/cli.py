"""The command line: find the command, run it, turn errors into one line."""

import argparse
import errno
import gc
import io
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr
from importlib import import_module
from typing import Any, NoReturn, TextIO

from mcugraph.did_you_mean import suggestion
from mcugraph.errors import McuGraphError, UsageError
from mcugraph.garbage import collected_seldom
from mcugraph.printed import message

# Command -> its module in ``mcugraph.commands``, imported only when it is asked for, and a summary.
COMMANDS = {
    "profile": ("profile_model", "peak SRAM, flash and work of a model file"),
    "check": ("check_model", "whether a model fits a board or a budget"),
    "report": ("report_model", "a page with pictures: memory over time, arena, operators"),
    "diff": ("diff_models", "how the figures of two models differ"),
    "schedule": ("schedule_model", "the operator order with the least peak memory, proven"),
    "plan": ("plan_model", "where in one arena every tensor lies, and a map of it"),
    "optimize": ("optimize_model", "write a model back with less memory"),
    "deploy": ("deploy_model", "C code that runs a model, without an interpreter"),
    "search": ("search_networks", "networks for a data set that fit a board, found by evolution"),
    "groups": ("list_groups", "which channels can be pruned, and which only together"),
    "symbolic": ("show_symbolic", "MACs, size and peak memory as formulas in the layer widths"),
    "boards": ("list_boards", "the boards that are known, and which of them a model fits"),
}

_WRONG, _INTERRUPTED = 2, 130

# How standard output ends before all is written: nobody reads it, or there is no room.
_OUTPUT_ENDS = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class _Parser(argparse.ArgumentParser):
    """Wrong usage is one line on stderr, and exit code 2.

    Options have their whole names: what starts like one of another meaning is a slip. No option
    begins with a digit, so what begins like a number below 0 is the value of one: ``-5min`` is
    told what is wrong with it, and not missed.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.allow_abbrev = False
        self._negative_number_matcher = re.compile(r"-\.?\d")

    def error(self, message: str) -> NoReturn:
        _refuse(message, self.prog)

    def _print_message(self, message: str, file: Any = None) -> None:
        """As argparse's own, which hides that there is no room for it."""
        print(message, end="", file=file or sys.stderr)


def _refuse(message: str, command: str) -> NoReturn:
    """Point to the help of a command.

    Raises:
        UsageError: Always.
    """
    raise UsageError(f"{message} (see `{command} --help`)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: As on the command line, without the program's name; None: the command line
            itself, so that the process is ours.

    Returns:
        The exit code: 0 done or fits, 1 does not fit, 2 bad input or bad usage, 130 interrupted,
        whether or not a search has told what it had by then.
    """
    with ExitStack() as before_end:
        before_end.enter_context(collected_seldom())
        if arguments is None:
            before_end.callback(gc.freeze)  # a process that ends gives all memory back at once
            arguments = sys.argv[1:]
        with _somewhere_to_say(), _interrupts() as interrupts:
            code = _run(list(arguments))
    return _INTERRUPTED if interrupts and code != _WRONG else code


def _run(given: list[str]) -> int:
    if sys.stdout is None:  # and the first file that is opened would get its number
        _say("the output cannot be written: standard output is closed")
        return _WRONG
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names may be in any alphabet
    try:
        options = _options(given or ["--help"])
        code: int = options.run(options)
        sys.stdout.flush()
    except McuGraphError as error:
        _say(message(str(error)))
        return _WRONG
    except OSError as error:
        if error.errno not in _OUTPUT_ENDS:
            raise
        _drop(sys.stdout)
        if error.errno == errno.EPIPE:  # the reader (`head`, say) has seen enough
            return 0
        _say(f"the output cannot be written: {error.strerror}")
        return _WRONG
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """The interrupts that come meanwhile: searches end at one, and tell what they have."""
    seen: list[int] = []
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not ours or threading.current_thread() is not threading.main_thread():
        yield seen
        return

    def note(number: int, frame: Any) -> None:
        seen.append(number)
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _somewhere_to_say() -> Iterator[None]:
    """A standard error that is closed is none: errors go nowhere, and no file gets its number."""
    if sys.stderr is not None:
        yield
        return
    with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
        yield


def _say(what: str) -> None:
    """One line on standard error; the exit code tells where that has no room."""
    try:
        print(f"mcugraph: {what}", file=sys.stderr, flush=True)
    except OSError:
        _drop(sys.stderr)


def _drop(stream: TextIO) -> None:
    """Give up what could not be written: it would be tried again at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _options(given: list[str]) -> argparse.Namespace:
    parser = _parser(given)
    if given and not given[0].startswith("-") and given[0] not in COMMANDS:
        _refuse(f"unknown command {given[0]!r}{suggestion(given[0], COMMANDS)}", "mcugraph")
    try:
        options, unknown = parser.parse_known_args(given)
    except SystemExit:  # after help or the version, which may find no room either
        sys.stdout.flush()
        raise
    if unknown:
        command = f"mcugraph {given[0]}" if given[0] in COMMANDS else "mcugraph"
        name = unknown[0].partition("=")[0].lstrip("-")  # which are like those of all others
        meant = suggestion(name, _options_of(parser, given[0]), lambda own: (own.lstrip("-"),))
        _refuse(f"unrecognized arguments: {' '.join(unknown)}{meant}", command)
    return options


def _options_of(parser: argparse.ArgumentParser, command: str) -> list[str]:
    """The options that a command has."""
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    own = commands.choices.get(command, parser)
    return [name for name in own._option_string_actions if name.startswith("--")]


class _Completion(argparse.Action):
    """Print a script for a shell, and end."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> NoReturn:
        try:
            import shtab
        except ImportError:
            raise UsageError(
                "--print-completion needs shtab: pip install 'mcugraph[completion]'"
            ) from None
        if values not in shtab.SUPPORTED_SHELLS:
            known = ", ".join(shtab.SUPPORTED_SHELLS)
            raise UsageError(f"unknown shell {values!r}; expected one of {known}")
        print(shtab.complete(_parser([], everything=True), values))
        parser.exit()


def _parser(given: Sequence[str], everything: bool = False) -> argparse.ArgumentParser:
    """The parser, with the arguments of the one command that is given, or of all."""
    from mcugraph import __version__

    parser = _Parser(
        prog="mcugraph",
        description="What a neural network costs on a microcontroller: SRAM, flash and work.",
    )
    parser.add_argument(
        "--print-completion",
        metavar="SHELL",
        action=_Completion,
        help="print what bash, zsh or tcsh need to complete commands and options (needs shtab)",
    )
    parser.add_argument("--version", action="version", version=f"mcugraph {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, prog="mcugraph"
    )
    for name, (module, summary) in COMMANDS.items():
        if everything or (given and given[0] == name):
            import_module(f"mcugraph.commands.{module}").add(commands)
        else:
            commands.add_parser(name, help=summary)
    return parser
