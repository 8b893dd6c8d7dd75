"""``mcugraph diff A B`` and ``mcugraph diff --since COMMIT MODEL``: what changed in a model."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mcugraph.commands import common
from mcugraph.commands.revisions import as_it_was
from mcugraph.errors import UsageError
from mcugraph.printed import clean
from mcugraph.profiles import Profile
from mcugraph.report import diff_report
from mcugraph.report.answer import as_json
from mcugraph.report.diff_markdown import to_markdown

_Change = tuple[str, Profile | None, Profile]  # a model, what it was, what it is


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "diff",
        help="how the figures of two models differ",
        description="The figures of two models side by side, and the operators that differ; or "
        "what changed in models since a commit.",
    )
    command.add_argument(
        "models",
        nargs="+",
        metavar="MODEL",
        help="two .tflite, .onnx or .pt2 files; with --since one or more",
    )
    command.add_argument(
        "--since", metavar="COMMIT", help="compare each model with what it was in a commit of git"
    )
    common.counting(command)
    common.kernels(command)
    common.names(command)
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument(
        "--markdown", action="store_true", help="print a table of what changed, for a comment"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the differences; always 0."""
    if options.since is None and len(options.models) != 2:
        raise UsageError("diff takes two models, or --since COMMIT and models")
    found = list(_pair(options) if options.since is None else _since(options))
    if options.markdown:
        print("\n".join(to_markdown(*change) for change in found).rstrip())
    elif options.json:
        print(as_json(_data(found, options.since)))
    else:
        screen = common.screen(options)
        print("\n\n".join(_text(change, screen, options.since) for change in found))
    return 0


def _pair(options: argparse.Namespace) -> Iterator[_Change]:
    before, after = (common.counted(options, path)[1] for path in options.models)
    yield " and ".join(options.models), before, after


def _since(options: argparse.Namespace) -> Iterator[_Change]:
    for path in options.models:
        _, after = common.counted(options, path)
        with TemporaryDirectory() as folder:
            # In a folder or behind a link lies the file itself.
            earlier = as_it_was(after.model.path or path, options.since, Path(folder))
            before = None if earlier is None else common.counted(options, str(earlier))[1]
        yield path, before, after


def _data(found: list[_Change], since: str | None) -> dict[str, Any]:
    if since is None:
        ((_, before, after),) = found
        return diff_report.to_data(before, after)
    changes = [
        {"model": path, "new": before is None, **diff_report.to_data(before, after)}
        for path, before, after in found
    ]
    return {"since": since, "models": changes}


def _text(change: _Change, screen: Any, since: str | None) -> str:
    path, before, after = change
    table = diff_report.to_text(before, after, screen)
    if since is None:
        return table
    said = "was not there" if before is None else "A"
    return f"{clean(path)}: in {clean(since)} ({said}), and now (B)\n\n{table}"
