"""Projects built with the host's compiler, under its sanitizers, and run."""

import re
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
from support.running import litert_answers

COMPILER = shutil.which("gcc") or shutil.which("cc")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
_FLAGS = (
    *("-std=c99", "-O1", "-g", "-fno-strict-aliasing", "-fsanitize=address,undefined"),
    *("-fno-sanitize-recover=all", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"),
)
_RUNTIME = Path(mg.__file__).parent / "codegen" / "runtime"
# There is no heap that could leak, and looking for leaks takes as long as all else.
_HEAD = """\
#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#define guard(from, bytes) __asan_poison_memory_region((from), (bytes))
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }
"""
Gaps = Sequence[tuple[int, int]]
_PORTABLE, _DSP = "portable", "dsp"
_BUILDS = {_PORTABLE: (), _DSP: ("-DMG_EMULATED_DSP",)}
# What a model's file keeps to itself: tables, parameters, its arena.
_STATIC = re.compile(
    r"^(?:MG_ALIGNED\(\d+\) )?static [^=;{(\[]*?\b(\w+)(?:\[| =|;|\()", re.MULTILINE
)


def compiled(programs: Sequence[Program], folder: Path, gaps: Sequence[Gaps] = ()) -> Path:
    """A host program of several programs, which its argument chooses from by number.

    Of each program, ``gaps`` are parts of the arena that nothing may touch: offsets and bytes.
    Files of the runtime are compiled once a session.
    """
    own, runtime = _own(programs, folder, gaps)
    return _linked(own, runtime, folder, _PORTABLE)


def compiled_all_ways(
    programs: Sequence[Program], folder: Path, gaps: Sequence[Gaps] = ()
) -> dict[str, Path]:
    """As ``compiled``; besides, where there is code for DSP instructions, with these emulated."""
    own, runtime = _own(programs, folder, gaps)
    builds = _BUILDS if any(_has_dsp(source) for _, source in runtime) else (_PORTABLE,)
    return {build: _linked(own, runtime, folder, build) for build in builds}


def _own(
    programs: Sequence[Program], folder: Path, gaps: Sequence[Gaps]
) -> tuple[Path, list[tuple[str, str]]]:
    """The programs' own code, as one object, and what it needs of the runtime: config and file."""
    parts, mains, runtime = list[str](), list[str](), dict[tuple[str, str], None]()
    for i, program in enumerate(programs):
        name = f"m{i}"
        files = project_files(program, name)
        main = files["main_host.c"].replace("int main(void)", f"static int {name}(void)")
        if gaps:
            begin = f"(uint8_t *){name}_input_0 - {program.values[program.inputs[0]].offset}"
            guards = (f"guard({begin} + {offset}, {size});" for offset, size in gaps[i])
            main = main.replace("    for (;;)", f"    {' '.join(guards)}\n    for (;;)")
        mains.append(main)
        apart = sorted(set(_STATIC.findall(files[f"{name}.c"])))
        parts += [f"#define {each} {name}_{each}" for each in apart]
        parts.append(f'#include "{name}.c"')
        parts += [f"#undef {each}" for each in apart]
        for path in files:
            if path.startswith("runtime/") and path.endswith(".c"):
                runtime[files["runtime/mg_config.h"], path.removeprefix("runtime/")] = None
        written(files, folder)
    text = "\n".join([*parts, _HEAD, *mains, _chosen(len(programs))])
    (folder / "all.c").write_text(text, encoding="ascii")
    _run_compiler(["-c", "all.c", "-o", "all.o"], folder)
    return folder / "all.o", list(runtime)


def _linked(own: Path, runtime: Sequence[tuple[str, str]], folder: Path, build_: str) -> Path:
    objects = [
        _object(config, source, _BUILDS[build_] if _has_dsp(source) else ())
        for config, source in runtime
    ]
    found = folder / f"host_{build_}"
    _run_compiler([own, *objects, "-lm", "-o", found], folder)
    return found


def _chosen(count: int) -> str:
    cases = "".join(f"    case {i}: return m{i}();\n" for i in range(count))
    return (
        "int main(int count, char **given)\n{\n"
        f"    switch (count > 1 ? atoi(given[1]) : 0) {{\n{cases}    }}\n    return 1;\n}}\n"
    )


def written(files: dict[str, str], folder: Path) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="ascii")


@cache
def _has_dsp(source: str) -> bool:
    """Whether a file of the runtime has code for DSP instructions."""
    return '#include "mg_dsp.h"' in (_RUNTIME / source).read_text(encoding="ascii")


@cache
def _object(config: str, source: str, flags: tuple[str, ...]) -> Path:
    folder = Path(mkdtemp(prefix="mcugraph-runtime-"))
    (folder / "mg_config.h").write_text(config)
    made = folder / f"{source}.o"
    _run_compiler([*flags, "-c", _RUNTIME / source, "-o", made], folder)
    return made


def _run_compiler(arguments: Sequence[str | Path], folder: Path) -> None:
    done = subprocess.run(
        [COMPILER or "cc", *_FLAGS, "-I.", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def outputs(host: Path, data: bytes, number: int = 0) -> bytes:
    """What a host program makes of the bytes of inputs."""
    done = subprocess.run([host, str(number)], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def program_of(model: Path | bytes, folder: Path, rounding: str = "tflm") -> Program:
    """The program of a model file."""
    if isinstance(model, bytes):
        (folder / "model.tflite").write_bytes(model)
        model = folder / "model.tflite"
    return build(mg.load(model), rounding, 2.0)


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


def check_equal(
    models: Sequence[Path | bytes], folder: Path, count: int = 20, rounding: str = "tflm"
) -> None:
    """Projects make the same bytes of random inputs as TFLM's wheel, or as LiteRT by default."""
    programs = [program_of(model, folder, rounding) for model in models]
    hosts = compiled_all_ways(programs, folder)
    for i, (model, program) in enumerate(zip(models, programs, strict=True)):
        inputs = random_inputs(program, count, i)
        data = model if isinstance(model, bytes) else model.read_bytes()
        if rounding == "litert":
            wanted = litert_answers(data, inputs, reference=False)
        else:
            wanted = tflm_answers(data, inputs)
        for name, host in hosts.items():
            assert outputs(host, as_bytes(inputs), i) == wanted, f"model {i}, {name}"
