"""``mcugraph deploy MODEL -o FOLDER``."""

import argparse
from pathlib import Path
from typing import Any

from mcugraph import files
from mcugraph.codegen.cores import MACHINES
from mcugraph.codegen.project import check_inferences
from mcugraph.commands import common
from mcugraph.errors import UsageError
from mcugraph.formats.loader import load
from mcugraph.report import deployment_report
from mcugraph.report.answer import as_json
from mcugraph.storage import DENSE, SPARSE

_FORMS = [each.option for each in (DENSE, *SPARSE)]


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "deploy",
        help="C code that runs a model",
        description="Write C code that runs a model: one static arena, one call an operator, no "
        "interpreter.",
    )
    command.add_argument("model", metavar="MODEL", help="a .tflite or .onnx file")
    common.output(command, "FOLDER", "the folder to write")
    command.add_argument(
        "--name",
        default="model",
        metavar="NAME",
        help="what the names of files and functions begin with (default: model)",
    )
    command.add_argument(
        "--target",
        metavar="CORE",
        help="the core to build for: cortex-m0, -m3, -m4 (the default), -m7, -m33 or -m55",
    )
    command.add_argument(
        "--machine",
        metavar="NAME",
        help=f"the machine of QEMU that runs it (default: the core's own): {', '.join(MACHINES)}",
    )
    command.add_argument(
        "--project",
        default="plain",
        metavar="NAME",
        help="what takes the folder in as it is: plain (CMake; the default), arduino, zephyr or "
        "esp-idf",
    )
    command.add_argument(
        "--build", action="store_true", help="build it for the core, and tell what it takes"
    )
    command.add_argument(
        "--run",
        nargs="*",
        metavar="FILE",
        dest="run_on",
        help="build it, and run it in QEMU: two files, one that holds the bytes of the inputs and "
        "one for those of the outputs; without files, on random numbers",
    )
    command.add_argument(
        "--rounding",
        default="tflm",
        metavar="NAME",
        help="tflm: results are rounded twice, as TensorFlow Lite Micro does it (the default); or "
        "litert: once",
    )
    command.add_argument(
        "--shared-arena",
        metavar="NAME",
        help="an array that your program defines, for several models by turns",
    )
    command.add_argument(
        "--cmsis-nn",
        metavar="FOLDER",
        help="where you have Arm's CMSIS-NN: its kernels of int8 run what they can",
    )
    command.add_argument(
        "--split",
        action="store_true",
        help="compute operators in slices of channels where the arena is smaller then",
    )
    command.add_argument(
        "--storage",
        default="cheapest",
        metavar="FORM",
        help="how weights are stored: cheapest (each layer's in the fewest bytes; the default), "
        f"{', '.join(_FORMS[:-1])} or {_FORMS[-1]}",
    )
    common.time_limit(command)
    common.sizes(command)
    common.names(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the folder, build and run it if asked to, and print what it takes; always 0.

    Raises:
        UsageError: It is to run on one file, or on bytes that are no whole inferences.
    """
    from mcugraph.deployment.entry import deploy

    inputs = _inputs(options.run_on, options.model)
    graph = load(options.model, common.dims(options), limits=common.load_limits(options))
    if inputs is not None:
        check_inferences(inputs, sum(graph.tensors[name].nbytes for name in graph.inputs))
    project = deploy(
        graph,
        options.output,
        options.target,
        options.rounding,
        options.name,
        options.time_limit,
        options.shared_arena,
        options.machine,
        project=options.project,
        cmsis_nn=options.cmsis_nn,
        split=options.split,
        storage=options.storage,
    )
    if options.run_on is not None:
        found = project.run(inputs)
        if options.run_on:
            files.write(options.run_on[1], found.outputs)
    elif options.build:
        project.build()
    if options.json:
        print(as_json(deployment_report.to_dict(project)))
    else:
        print(deployment_report.to_text(project, common.screen(options)))
    return 0


def _inputs(given: list[str] | None, model: str) -> bytes | None:
    """What to run on; None: random numbers, or nothing is run.

    Raises:
        UsageError: One file is given, or three; the first cannot be read, or the other written.
    """
    if not given:
        return None
    if len(given) != 2:
        raise UsageError("--run takes two files, of inputs and for outputs, or none")
    files.check(given[1], (given[0], model))
    try:
        return Path(given[0]).read_bytes()
    except OSError as error:
        raise UsageError(f"{given[0]}: cannot be read: {error.strerror or error}") from error
