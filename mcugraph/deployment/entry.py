"""``mcugraph.deploy``: C code of a model in a folder."""

from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path
from typing import Any

from mcugraph.checks import path_text
from mcugraph.codegen.arm_library import find_cmsis_nn
from mcugraph.codegen.building import build, naming
from mcugraph.codegen.cores import find_target
from mcugraph.codegen.emit.build_systems import PLAIN, find_layout
from mcugraph.codegen.emit.identifiers import check_arena, check_prefix
from mcugraph.codegen.emit.project_files import project_files
from mcugraph.codegen.kernels.contract import DOUBLE, ROUNDINGS
from mcugraph.codegen.kernels.sparse import CHEAPEST
from mcugraph.codegen.project import (
    BUILD,
    REPORT,
    Project,
    as_text,
    facts,
    read_report,
    source_digest,
    table_bytes,
)
from mcugraph.deployment.sources import graph_to_deploy
from mcugraph.errors import UsageError
from mcugraph.files import write_folder
from mcugraph.ir import Graph
from mcugraph.schema import SCHEMA_VERSION

SECONDS = 10.0


def deploy(
    model: str | PathLike[str] | Graph | Any,
    folder: str | PathLike[str],
    target: str | None = None,
    rounding: str = DOUBLE,
    name: str = "model",
    time_limit: float | None = SECONDS,
    shared_arena: str | None = None,
    machine: str | None = None,
    example_inputs: Any = None,
    calibration: Iterable[Any] | None = None,
    project: str = PLAIN,
    cmsis_nn: str | PathLike[str] | None = None,
    split: bool = False,
    storage: str = CHEAPEST,
) -> Project:
    """Write C code that runs a model: one static arena, one call an operator, no interpreter.

    Operators are ordered and tensors placed by `schedule` and `plan`; outputs lie over inputs that
    die as far as the order allows in which the runtime's kernels read and write.

    Args:
        model: The path of a .tflite or an .onnx file, or its graph; or a ``torch.nn.Module``, with
            ``example_inputs``. A TFLite file is taken as it
            stands; of other models it is the deployed form, batch norms folded, images
            with channels last, inputs and outputs among them. A quantised ONNX file runs on the
            kernels of int8.
        folder: What to write: a new folder, an empty one, or one that was written before and that
            nothing was added to. ``make host`` in it builds a program that reads inputs and
            writes outputs, ``make qemu`` the same for a microcontroller.
        target: The core that the latter is for: ``"cortex-m0"``, ``m3``, ``m4``, ``m7``, ``m33`` or
            ``m55``; None: the machine's, or ``"cortex-m4"``. The model's own files are the same for
            all of them.
        rounding: ``"tflm"``: results of int8 are those of TensorFlow Lite Micro, byte for byte.
            ``"litert"``: results of convolutions, fully connected layers, sums and means are
            rounded once, as LiteRT's interpreter does by default (with XNNPACK), where TFLM rounds
            twice; averages of windows and softmax may still differ from it.
        name: What the names of files and functions begin with.
        time_limit: Seconds for the search of an order, and for that of a plan; None: no limit.
        shared_arena: The name of an array that the user's program defines, so that several models
            can use one arena by turns. None: the model has its own.
        machine: The machine of QEMU that ``make qemu`` is for, such as ``"microbit"``; None: the
            core's own.
        example_inputs: Of a module: a tensor or a tuple of tensors, whose shapes are deployed.
        calibration: Of a module that is to compute with 8-bit integers: batches of training data,
            as `mcugraph.prune.export_tflite` takes them. None: it computes with floats.
        project: Which build system takes the folder in as it is: ``"plain"`` (CMake),
            ``"arduino"`` (a library), ``"zephyr"`` (a module) or ``"esp-idf"`` (a component).
            The Makefile is in all of them.
        cmsis_nn: A folder that holds Arm's CMSIS-NN, which then runs what it has kernels of int8
            for: convolutions, fully connected layers, pools, softmax and sums. The Makefile
            compiles it from there. For cores with the DSP extension and without vectors.
        split: Operators that follow one another may be computed in slices of channels, as
            `optimize` splits them, where the arena is smaller then. It takes more instructions,
            and ``time_limit`` goes for this search, too.
        storage: How weights are stored: ``"cheapest"``: each layer's in the form that takes the
            fewest bytes of flash; ``"dense"``; or ``"crs"`` (compressed rows), ``"nofm"``,
            ``"bitmap"`` or ``"blocks"``, wherever that holds them. Outputs are the same.

    Returns:
        What was written, and its bytes; it can be built and run.

    Raises:
        FormatError: The file cannot be read.
        GraphError: No kernel runs one of its operators, which the message names; nothing was
            written.
        UsageError: The folder cannot be written, or an option is unknown.
    """
    path = path_text(folder, "deploy takes the path of the folder to write")
    prefix = check_prefix(name)
    if rounding not in ROUNDINGS:
        raise UsageError(f"unknown rounding {rounding!r}; expected {' or '.join(ROUNDINGS)}")
    shared = None if shared_arena is None else check_arena(shared_arena, prefix)
    chosen = find_target(target, machine)
    find_layout(project)
    library = None if cmsis_nn is None else find_cmsis_nn(cmsis_nn, chosen, rounding, project)
    graph = graph_to_deploy(model, example_inputs, calibration)
    program = build(
        graph, rounding, time_limit, cmsis_nn=library is not None, split=split, storage=storage
    )
    with naming(graph):
        texts = project_files(program, prefix, shared, chosen, project, cmsis_nn=library)
    files = (*texts, REPORT)
    report = {
        "schema_version": SCHEMA_VERSION,
        "source": source_digest(graph),
        **facts(program, prefix, chosen),
        "files": list(files),
    }
    contents = {name: text.encode("ascii") for name, text in texts.items()}
    write_folder(path, {**contents, REPORT: as_text(report)}, _earlier(path))
    tables = table_bytes(program)
    return Project(path, prefix, chosen, program.arena, program.state, tables, files)


def _earlier(folder: str) -> Callable[[Path], bool]:
    """Whether a path within a folder is of an earlier call, or was built of what that wrote."""
    try:
        report = read_report(folder)
    except UsageError:
        return lambda path: False
    files = report.get("files")
    known = {each for each in files if isinstance(each, str)} if isinstance(files, list) else set()
    known |= {"host", f"{report.get('name')}.elf"}
    return lambda path: path.as_posix() in known or path.parts[0] == BUILD
