"""Projects built with the host's compiler, under its sanitizers, and run."""

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.codegen.building import build
from mcugraph.codegen.c_program import Program
from mcugraph.codegen.emit.project_files import project_files

COMPILER = shutil.which("gcc") or shutil.which("cc")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
_FLAGS = (
    *("-std=c99", "-O1", "-g", "-fno-strict-aliasing", "-fsanitize=address,undefined"),
    *("-fno-sanitize-recover=all", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"),
)


def compiled(program: Program, folder: Path) -> Path:
    """The host program of a program; files of the runtime are compiled once a session."""
    files = project_files(program, "model")
    objects = [
        _object(files["runtime/mg_config.h"], path.removeprefix("runtime/"))
        for path in files
        if path.startswith("runtime/") and path.endswith(".c")
    ]
    written(files, folder)
    _compile([folder / "model.c", folder / "main_host.c", *objects], folder / "host", folder)
    return folder / "host"


def written(files: dict[str, str], folder: Path) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="ascii")


@cache
def _object(config: str, source: str) -> Path:
    folder = Path(mkdtemp(prefix="mcugraph-runtime-"))
    runtime = Path(mg.__file__).parent / "codegen" / "runtime"
    shutil.copytree(runtime, folder / "runtime")
    (folder / "runtime" / "mg_config.h").write_text(config)
    made = folder / f"{source}.o"
    _compile(["-c", folder / "runtime" / source], made, folder)
    return made


def _compile(what: Sequence[str | Path], made: Path, folder: Path) -> None:
    done = subprocess.run(
        [COMPILER or "cc", *_FLAGS, f"-I{folder}", *map(str, what), "-o", str(made)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def outputs(host: Path, data: bytes) -> bytes:
    """What a host program makes of the bytes of inputs."""
    done = subprocess.run([host], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def deployed(model: Path | bytes, folder: Path, rounding: str = "tflm") -> tuple[Program, Path]:
    """The program of a model file and its host program."""
    if isinstance(model, bytes):
        (folder / "model.tflite").write_bytes(model)
        model = folder / "model.tflite"
    program = build(mg.load(model), rounding, 2.0)
    return program, compiled(program, folder)


def random_inputs(program: Program, count: int, seed: int = 0) -> list[list[np.ndarray[Any, Any]]]:
    """Random values for all inputs of a program, so many times."""
    random, found = np.random.default_rng(seed), []
    for _ in range(count):
        given = []
        for number in program.inputs:
            value = program.values[number]
            kind = value.dtype.numpy
            assert kind is not None
            if kind.kind == "f":
                given.append(random.normal(size=value.shape).astype(kind))
            else:
                limits = np.iinfo(kind)
                least, largest = limits.min, limits.max
                given.append(random.integers(least, largest, value.shape, kind, endpoint=True))
        found.append(given)
    return found


def as_bytes(inputs: Sequence[Sequence[np.ndarray[Any, Any]]]) -> bytes:
    return b"".join(value.tobytes() for given in inputs for value in given)


def tflm_answers(model: bytes, inputs: Sequence[Sequence[np.ndarray[Any, Any]]]) -> bytes:
    """What TensorFlow Lite Micro's wheel makes of inputs: the bytes of all outputs."""
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(model, arena_size=16 << 20)
    made = len(mg_outputs(model))
    found = []
    for given in inputs:
        for i, value in enumerate(given):
            interpreter.set_input(value, i)
        interpreter.invoke()
        found += [np.ascontiguousarray(interpreter.get_output(i)) for i in range(made)]
    return b"".join(value.tobytes() for value in found)


def mg_outputs(model: bytes) -> tuple[int, ...]:
    from mcugraph.formats.tflite.tables import read_model

    return read_model(model).subgraphs[0].outputs


def check_equal(model: Path | bytes, folder: Path, count: int = 20, seed: int = 0) -> Program:
    """A project and TFLM's wheel make the same bytes of random inputs."""
    program, host = deployed(model, folder)
    inputs = random_inputs(program, count, seed)
    data = model if isinstance(model, bytes) else model.read_bytes()
    wanted = tflm_answers(data, inputs)
    found = outputs(host, as_bytes(inputs))
    assert len(found) == len(wanted)
    assert found == wanted
    return program
