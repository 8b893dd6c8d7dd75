"""Both files on the same random inputs, each in a process of its own: some models crash it.

Run as a program, this module is that process.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from mcugraph.errors import McuGraphError, UsageError
from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.ir import Graph

CALLS = 4  # so that state has the time to show a difference
_SECONDS = 600
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


def compare(path: str, other: str, graph: Graph) -> tuple[str | None, tuple[str, ...]]:
    """The runtime that finds the outputs of both files the same, and notes if there is none.

    Raises:
        McuGraphError: The outputs differ, or the second file does not run.
        UsageError: No runtime for such files is installed.
    """
    engines = ("ort",) if graph.source.format == "onnx" else ("tflm", "litert")
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
        done = subprocess.run(
            [sys.executable, "-m", "mcugraph.optimizer.runs"],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Run(failure=f"no answer in {_SECONDS} s")
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        said = done.stderr.strip().splitlines()
        return Run(failure=said[-1] if said else f"it ended with code {done.returncode}")
    return Run(tuple(json.loads(lines[-1])))


def _main() -> None:
    job = json.loads(sys.stdin.read())
    digests = {"tflm": _tflm, "litert": _litert, "ort": _ort}[job["engine"]](job)
    print(json.dumps(digests))


def _values(random: Any, shape: Sequence[int], dtype: Any) -> Any:
    """Random numbers of a type; integers that may be indices stay 0 or 1."""
    import numpy as np

    kind = np.dtype(dtype)
    if kind.kind == "f":
        return random.standard_normal(shape).astype(kind)
    if kind.kind == "c":
        return (random.standard_normal(shape) + 1j * random.standard_normal(shape)).astype(kind)
    if kind.kind == "b" or kind.itemsize > 2:
        return random.integers(0, 2, shape).astype(kind)
    limits = np.iinfo(kind)
    return random.integers(limits.min, limits.max, shape, endpoint=True).astype(kind)


def _digest(outputs: Sequence[Any]) -> str:
    import numpy as np

    total = sha256()
    for output in outputs:
        for part in output if isinstance(output, list) else [output]:
            value = np.asarray(part)
            total.update(f"{value.dtype}{value.shape}".encode())
            total.update(
                repr(value.tolist()).encode() if value.dtype == object else value.tobytes()
            )
    return total.hexdigest()


def _tflm(job: dict[str, Any]) -> list[str]:
    import numpy as np

    runtime = import_module("tflite_micro.python.tflite_micro.runtime")
    random = np.random.default_rng(job["seed"])
    interpreter = runtime.Interpreter.from_file(job["path"], arena_size=128 << 20)
    takes, gives = job["counts"]
    found = []
    for _ in range(CALLS):
        for i in range(takes):
            detail = interpreter.get_input_details(i)
            interpreter.set_input(_values(random, detail["shape"], detail["dtype"]), i)
        interpreter.invoke()
        found.append(_digest([interpreter.get_output(i) for i in range(gives)]))
    interpreter.print_allocations()
    return found


def _litert(job: dict[str, Any]) -> list[str]:
    import numpy as np

    litert = import_module("ai_edge_litert.interpreter")
    random = np.random.default_rng(job["seed"])
    interpreter = litert.Interpreter(model_path=job["path"], num_threads=1)
    interpreter.allocate_tensors()
    found = []
    for _ in range(CALLS):
        for detail in interpreter.get_input_details():
            value = _values(random, detail["shape"], detail["dtype"])
            interpreter.set_tensor(detail["index"], value)
        interpreter.invoke()
        outputs = interpreter.get_output_details()
        found.append(_digest([interpreter.get_tensor(detail["index"]) for detail in outputs]))
    return found


def _ort(job: dict[str, Any]) -> list[str]:
    import numpy as np

    onnxruntime = import_module("onnxruntime")
    random = np.random.default_rng(job["seed"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(job["path"], options, ["CPUExecutionProvider"])
    shapes = dict(job["inputs"])
    found = []
    for _ in range(CALLS):
        feed = {}
        for value in session.get_inputs():
            shape = shapes.get(value.name, [d if isinstance(d, int) else 1 for d in value.shape])
            feed[value.name] = _values(random, shape, _ORT_TYPES[value.type])
        found.append(_digest(session.run(None, feed)))
    return found


_ORT_TYPES = {
    f"tensor({name})": dtype
    for name, dtype in (
        ("float", "float32"),
        ("double", "float64"),
        ("float16", "float16"),
        ("bool", "bool"),
        *(
            (f"{sign}int{bits}", f"{sign}int{bits}")
            for sign in ("", "u")
            for bits in (8, 16, 32, 64)
        ),
    )
}

if __name__ == "__main__":
    _main()
