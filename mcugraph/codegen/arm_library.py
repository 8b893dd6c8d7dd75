"""Where a user has CMSIS-NN, and what generated code can have of it."""

import re
from os import PathLike
from pathlib import Path

from mcugraph.checks import path_text
from mcugraph.codegen.cores import CMSIS_NN_CORES, Target
from mcugraph.codegen.emit.build_systems import PLAIN
from mcugraph.codegen.kernels.contract import DOUBLE
from mcugraph.errors import UsageError

_HEADER = "Include/arm_nnfunctions.h"
_UNKNOWN_TO_MAKE = re.compile(r"[^\w./+@,=-]", re.ASCII)


def find_cmsis_nn(folder: str | PathLike[str], target: Target, rounding: str, project: str) -> str:
    """The path of CMSIS-NN as a Makefile can have it.

    Args:
        folder: Where the user says that it is.
        target: What is built for.
        rounding: As `deploy` takes it.
        project: Likewise.

    Raises:
        UsageError: It is not there, or what is asked for does not go together with it.
    """
    text = path_text(folder, "cmsis_nn is the path of a folder")
    if not Path(text, _HEADER).is_file():
        raise UsageError(f"{text}: is no copy of CMSIS-NN: it has no {_HEADER}")
    path = str(Path(text).resolve())
    if _UNKNOWN_TO_MAKE.search(path):
        raise UsageError(f"{path}: has characters that make does not take in a path: move it")
    if target.core.name not in CMSIS_NN_CORES:
        raise UsageError(
            f"what CMSIS-NN needs is known for {', '.join(CMSIS_NN_CORES)}, not {target.core.name}"
        )
    if rounding != DOUBLE:
        raise UsageError(f"CMSIS-NN rounds as TensorFlow Lite Micro does: give rounding {DOUBLE!r}")
    if project != PLAIN:
        raise UsageError(f"projects of {project} have no CMSIS-NN: leave out one of the two")
    return path
