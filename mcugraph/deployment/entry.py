"""``mcugraph.deploy``: C code of a model in a folder."""

import json
from os import PathLike
from pathlib import Path

from mcugraph.checks import path_text
from mcugraph.codegen.building import build
from mcugraph.codegen.emit.identifiers import check_prefix
from mcugraph.codegen.emit.project_files import project_files
from mcugraph.codegen.kernels.contract import DOUBLE, ROUNDINGS
from mcugraph.codegen.project import Project, facts, table_bytes
from mcugraph.errors import UsageError
from mcugraph.files import write_folder
from mcugraph.formats.loader import graph_of
from mcugraph.ir import Graph
from mcugraph.schema import SCHEMA_VERSION

REPORT = "report.json"
# What building leaves behind, besides the files that were written.
_BUILT = ("host",)
SECONDS = 10.0


def deploy(
    model: str | PathLike[str] | Graph,
    folder: str | PathLike[str],
    rounding: str = DOUBLE,
    name: str = "model",
    time_limit: float | None = SECONDS,
    shared_arena: str | None = None,
) -> Project:
    """Write C code that runs a model: one static arena, one call an operator, no interpreter.

    Operators are ordered and tensors placed by `schedule` and `plan`; outputs lie over inputs that
    die as far as the order allows in which the runtime's kernels read and write.

    Args:
        model: The path of a .tflite file, or its graph.
        folder: What to write: a new folder, an empty one, or one that was written before and that
            nothing was added to. ``make host`` in it builds a program that reads inputs and
            writes outputs.
        rounding: ``"tflm"``: results of int8 are those of TensorFlow Lite Micro, byte for byte.
            ``"litert"``: results of convolutions, fully connected layers, sums and means are
            rounded once, as LiteRT's interpreter does by default (with XNNPACK), where TFLM rounds
            twice; averages of windows and softmax may still differ from it.
        name: What the names of files and functions begin with.
        time_limit: Seconds for the search of an order, and for that of a plan; None: no limit.
        shared_arena: The name of an array that the user's program defines, so that several models
            can use one arena by turns. None: the model has its own.

    Returns:
        What was written, and its bytes.

    Raises:
        FormatError: The file cannot be read.
        GraphError: No kernel runs one of its operators, which the message names; nothing was
            written.
        UsageError: The folder cannot be written, or an option is unknown.
    """
    target = path_text(folder, "deploy takes the path of the folder to write")
    prefix = check_prefix(name)
    if rounding not in ROUNDINGS:
        raise UsageError(f"unknown rounding {rounding!r}; expected {' or '.join(ROUNDINGS)}")
    shared = None if shared_arena is None else check_prefix(shared_arena)
    program = build(graph_of(model, "deploy"), rounding, time_limit)
    texts = project_files(program, prefix, shared)
    files = (*texts, REPORT)
    report = {"schema_version": SCHEMA_VERSION, **facts(program, prefix), "files": list(files)}
    texts[REPORT] = json.dumps(report, indent=2) + "\n"
    write_folder(
        target,
        {path: text.encode("ascii") for path, text in texts.items()},
        lambda path: path.as_posix() in _earlier(target),
    )
    tables = table_bytes(program)
    return Project(target, prefix, program.arena, program.state, tables, files, report)


def _earlier(folder: str) -> frozenset[str]:
    """The files that an earlier call wrote to a folder, and what was built of them."""
    try:
        report = json.loads(Path(folder, REPORT).read_bytes())
    except (OSError, ValueError):
        return frozenset()
    if not isinstance(report, dict) or report.get("generator") != "mcugraph deploy":
        return frozenset()
    files = report.get("files")
    known = [path for path in files if isinstance(path, str)] if isinstance(files, list) else []
    return frozenset((*known, *_BUILT))
