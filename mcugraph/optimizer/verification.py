"""Both files on the same random inputs, each in a process of its own: some models crash it."""

from importlib.util import find_spec

from mcugraph.errors import McuGraphError, UsageError
from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.ir import Graph
from mcugraph.own_process import NoAnswer, answer
from mcugraph.records import dataclass

_SECONDS = 600
_WHEEL = "reference"  # the kernels of TFLM's Python package
_PACKAGES = {
    "tflm": ("tflite_micro", "TensorFlow Lite Micro"),
    "litert": ("ai_edge_litert", "LiteRT"),
    "ort": ("onnxruntime", "ONNX Runtime"),
}


@dataclass(frozen=True, slots=True)
class Run:
    """What a runtime made of a file.

    Attributes:
        digests: For each call, one digest of all outputs.
        failure: Why there is none; None where there is.
    """

    digests: tuple[str, ...] = ()
    failure: str | None = None


def compare(
    path: str, other: str, graph: Graph, holds_for: str = ""
) -> tuple[str | None, tuple[str, ...]]:
    """The runtime that finds the outputs of both files the same, and notes if that says little.

    Args:
        path: The old file.
        other: The new one.
        graph: The old one, translated.
        holds_for: The kernels that the plan in the new one holds for; empty: for all.

    Raises:
        McuGraphError: The outputs differ, or the second file does not run.
        UsageError: No runtime for such files is installed.
    """
    model = graph.source.file
    planned_for = model.planned_for if isinstance(model, TfliteModel) else ""
    if planned_for not in ("", _WHEEL):
        return None, (
            f"the outputs were not compared: the Python package of TFLM has {_WHEEL} kernels, and "
            f"the plan in the old file holds for {planned_for} alone",
        )
    if holds_for not in ("", _WHEEL):
        return None, (
            f"the outputs were not compared: the Python package of TFLM has {_WHEEL} kernels, and "
            f"the plan holds for {holds_for} alone",
        )
    engines = ("ort",) if graph.source.format == "onnx" else ("tflm", "litert")
    if holds_for:
        engines = ("tflm",)  # the only one that goes by the plan
    installed = [engine for engine in engines if find_spec(_PACKAGES[engine][0]) is not None]
    if not installed:
        wanted = " or ".join(_PACKAGES[engine][0].replace("_", "-") for engine in engines)
        raise UsageError(f"to verify the outputs, install the Python package {wanted}")
    notes = []
    for engine in installed:
        name = _PACKAGES[engine][1]
        before = run(engine, path, graph)
        if before.failure is not None:
            notes.append(f"{name} does not run the file: {before.failure}")
            continue
        after = run(engine, other, graph)
        if after.failure is not None:
            raise McuGraphError(f"{name} does not run the new file: {after.failure}")
        if before.digests != after.digests:
            raise McuGraphError(f"{name} computes other outputs from the new file")
        if len(set(before.digests)) == 1:
            notes.append(
                "all random inputs gave the same outputs, so that comparing them says little"
            )
        return name, tuple(notes)
    return None, (*notes, "the outputs were not compared")


def run(engine: str, path: str, graph: Graph, seed: int = 0) -> Run:
    """One runtime on one file, called several times with random inputs."""
    inputs = [[name, list(graph.tensors[name].shape or ())] for name in graph.inputs]
    counts = [len(inputs), len(graph.outputs)]
    if isinstance(graph.source.file, TfliteModel):
        main = graph.source.file.subgraphs[0]
        counts = [len(main.inputs), len(main.outputs)]
    job = {"engine": engine, "path": path, "inputs": inputs, "counts": counts, "seed": seed}
    try:
        return Run(tuple(answer("mcugraph.optimizer.runner", job, _SECONDS)))
    except NoAnswer as why:
        return Run(failure=str(why))
