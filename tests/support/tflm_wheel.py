"""What TFLM's Python wheel says of models: the oracle of its twin."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mcugraph.formats.tflite.tables import read_model
from mcugraph.tflm.abi import ABIS
from mcugraph.tflm.footprint import footprint
from mcugraph.tflm.kernels import RULES, node_of
from mcugraph.tflm.loaded import TflmProgram, needs_of

# Figures go to standard error and paths to standard output: both, as they come.
_FIGURES = """
import os, sys
from tflite_micro.python.tflite_micro import runtime
for path in sys.argv[1:]:
    os.write(1, f"@@{path}\\n".encode())
    runtime.Interpreter.from_file(path, arena_size=1 << 20).print_allocations()
"""

# Loads each file with the arena after it, and says whether that went well. An arena that is too
# small crashes TFLM now and then, so each attempt is a process of its own.
_LOADS = """
import os, sys
from tflite_micro.python.tflite_micro import runtime
for line in sys.stdin:
    path, size = line.rsplit(" ", 1)
    child = os.fork()
    if not child:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1), os.dup2(silent, 2)
        try:
            runtime.Interpreter.from_file(path, arena_size=int(size))
        except BaseException:
            os._exit(1)
        os._exit(0)
    print(int(os.waitpid(child, 0)[1] == 0), flush=True)
"""

# Loads each file, and runs it once on inputs of twos where no others are given: 1 where it does.
# What goes wrong may end the process, or never end.
_RUNS = """
import json, os, signal, sys
import numpy as np
from tflite_micro.python.tflite_micro import runtime
for line in sys.stdin:
    path, given = json.loads(line)
    child = os.fork()
    if not child:
        signal.alarm(20)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1), os.dup2(silent, 2)
        try:
            interpreter = runtime.Interpreter.from_file(path, arena_size=1 << 16)
            for i, value in enumerate(given):
                detail = interpreter.get_input_details(i)
                shape, dtype = detail["shape"], detail["dtype"]
                value = [2] * int(np.prod(shape)) if value is None else value
                interpreter.set_input(np.array(value, dtype).reshape(shape), i)
            interpreter.invoke()
        except BaseException:
            os._exit(1)
        os._exit(0)
    print(int(os.waitpid(child, 0)[1] == 0), flush=True)
"""

# Runs each file on the same random inputs, several times over, and says what came out.
_OUTPUTS = """
import hashlib, os, sys
import numpy as np
from tflite_micro.python.tflite_micro import runtime
for line in sys.stdin:
    path, takes = line.rsplit(" ", 1)
    random = np.random.default_rng(0)
    interpreter = runtime.Interpreter.from_file(path, arena_size=1 << 20)
    digest = hashlib.sha256()
    for _ in range(4):
        for i in range(int(takes)):
            detail = interpreter.get_input_details(i)
            shape, dtype = detail["shape"], np.dtype(detail["dtype"])
            if dtype.kind == "f":
                value = random.uniform(0.1, 8, shape)
            elif dtype.kind == "b":
                value = random.integers(0, 2, shape)
            else:
                value = random.integers(-100 * (dtype.kind == "i"), 100, shape)
            interpreter.set_input(value.astype(dtype), i)
        interpreter.invoke()
        digest.update(np.ascontiguousarray(interpreter.get_output(0)).tobytes())
    os.write(1, f"{digest.hexdigest()}\\n".encode())
"""


def as_it_stands(path: Path) -> TflmProgram:
    """A file whose operators need not make the shapes that it declares."""
    model = read_model(path.read_bytes())
    nodes = {
        (g, i): node_of(graph, operator, None)
        for g, graph in enumerate(model.subgraphs)
        for i, operator in enumerate(graph.operators)
    }
    needs, problems = needs_of(nodes, ABIS["arm"], RULES)
    assert not problems
    return TflmProgram(model, nodes, needs, ())


def wheel_figures(paths: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Bytes of head and tail of the arena of each file."""
    run = subprocess.run(
        [sys.executable, "-u", "-c", _FIGURES, *map(str, paths)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-2000:]
    pattern = r"@@(.+?)\n.*?head (\d+) bytes.*?tail (\d+) bytes"
    found = re.findall(pattern, run.stdout, re.DOTALL)
    answers = {Path(path): (int(head), int(tail)) for path, head, tail in found}
    assert list(answers) == list(paths)
    return answers


def wheel_loads(asked: Sequence[tuple[Path, int]]) -> list[bool]:
    """Whether each file can be loaded with an arena of so many bytes."""
    run = subprocess.run(
        [sys.executable, "-c", _LOADS],
        input="".join(f"{path} {size}\n" for path, size in asked),
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    return [answer == "1" for answer in run.stdout.split()]


def wheel_runs(asked: Sequence[tuple[Path, Sequence[Sequence[int] | None]]]) -> list[bool]:
    """Whether each file loads and runs; with the values of its inputs, None: any."""
    run = subprocess.run(
        [sys.executable, "-c", _RUNS],
        input="".join(f"{json.dumps([str(path), given])}\n" for path, given in asked),
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    found = [answer == "1" for answer in run.stdout.split()]
    assert len(found) == len(asked)
    return found


def wheel_outputs(asked: Sequence[tuple[Path, int]]) -> list[str]:
    """What each file, of so many inputs, makes of random ones: a digest of its first output."""
    run = subprocess.run(
        [sys.executable, "-u", "-c", _OUTPUTS],
        input="".join(f"{path} {takes}\n" for path, takes in asked),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    found = run.stdout.split()
    assert run.returncode == 0, f"{asked[len(found)]}: {run.stderr[-2000:]}"
    return found


def disagreements(models: Mapping[str, bytes], folder: Path) -> dict[str, str]:
    """What the twin says of files by name where the wheel says something else.

    Compared are head, tail, and the least arena that loads: 257 bytes less must not, since an
    arena that is a little too small does at times.
    """
    paths = {folder / f"{i}.tflite": name for i, name in enumerate(models)}
    for path, name in paths.items():
        path.write_bytes(models[name])
    ours = {path: footprint(as_it_stands(path)) for path in paths}
    asked = [(path, f.total_host - less) for path, f in ours.items() for less in (0, 257)]
    loads = dict(zip(asked, wheel_loads(asked), strict=True))
    found = {}
    for path, figures in wheel_figures(list(paths)).items():
        mine = ours[path]
        enough, less = (loads[path, mine.total_host - n] for n in (0, 257))
        if (mine.arena, mine.persistent_host) != figures or not enough or less:
            found[paths[path]] = f"{mine}; the wheel: {figures}, {enough}, {less}"
    return found
