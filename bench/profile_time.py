"""How long a profile takes, against onnx-tool on the same ONNX files, and how fast it starts.

CPU time, all in one run, each the least of interleaved repetitions: what else a machine does only
adds.
Processes find their modules compiled, as those of an installed package are.

    python bench/profile_time.py                  # the fixtures
    python bench/profile_time.py FOLDER ...       # and the ONNX files of other folders
"""

import argparse
import contextlib
import io
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from math import exp, log
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "models"
TFLITE = FIXTURES / "mobilenet_v2_int8.tflite"
CACHE = tempfile.TemporaryDirectory(prefix="compiled-")
PROGRAM = "import sys; from mcugraph.cli import main; sys.exit(main())"
PEER = "import sys, onnx_tool; onnx_tool.model_profile(sys.argv[1])"


def figures_of_peer(file: Path) -> None:
    """What the other tool tells: work and parameters, of each operator too."""
    import mcugraph as mg

    found = mg.profile(file)
    assert found.macs >= 0
    assert found.model.parameters >= 0


def all_figures(file: Path) -> None:
    """Memory too: profiles work that out when it is read."""
    import mcugraph as mg

    mg.profile(file).to_dict()


def load(file: Path) -> None:
    import mcugraph as mg

    mg.load(file)


def peer(file: Path) -> None:
    import onnx_tool

    with contextlib.redirect_stdout(io.StringIO()):
        graph = onnx_tool.Model(str(file)).graph
        graph.shape_infer(None)
        graph.profile()


def process(*arguments: str) -> None:
    compiled = os.environ | {"PYTHONPYCACHEPREFIX": CACHE.name, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", *arguments],
        capture_output=True,
        check=False,
        env=compiled,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode().strip().splitlines()[-1])


def cpu_seconds() -> float:
    """CPU time of this process and of those that it started and that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def fastest(tasks: Iterable[Callable[[], None]], times: int) -> list[float | None]:
    """Least CPU seconds of each task, after one run that is not counted; None: it fails."""
    runs: list[tuple[Callable[[], None], list[float] | None]] = []
    for task in tasks:
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                task()
            runs.append((task, []))
        except (Exception, SystemExit):  # whatever another tool comes to grief with
            runs.append((task, None))
    for _ in range(times):
        for task, seconds in runs:
            if seconds is not None:
                start = cpu_seconds()
                task()
                seconds.append(cpu_seconds() - start)
    return [None if seconds is None else min(seconds) for _, seconds in runs]


def milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:,.1f}"


def ratio(mine: float | None, other: float | None) -> str:
    return "-" if mine is None or other is None else f"{mine / other:.2f}"


def geometric_mean(values: list[float]) -> float:
    return exp(sum(map(log, values)) / len(values))


def against_onnx_tool(files: list[Path], times: int) -> None:
    print(
        "| file | in-process, ms: load | profile | all of it | onnx-tool | ratio | of all", end=""
    )
    print(" | whole process, ms: profile | onnx-tool | ratio |")
    print("|---|" + "--:|" * 9)
    ratios: dict[str, list[float]] = {"profile": [], "all of it": [], "whole process": []}
    for file in files:
        inside = fastest(
            [partial(task, file) for task in (load, figures_of_peer, all_figures, peer)], times
        )
        whole = fastest(
            [partial(process, PROGRAM, "profile", str(file)), partial(process, PEER, str(file))],
            max(3, times // 3),
        )
        _, *mine, other = inside
        pairs = [*((each, other) for each in mine), (whole[0], whole[1])]
        shown = [milliseconds(each) for each in inside]
        shown += [ratio(*pair) for pair in pairs[:2]]
        shown += [*map(milliseconds, whole), ratio(*pairs[2])]
        print(f"| `{file.name}` | {' | '.join(shown)} |", flush=True)
        for found, (own, peers) in zip(ratios.values(), pairs, strict=True):
            if own is not None and peers is not None:
                found.append(own / peers)
    for name, found in ratios.items():
        if found:
            worst, half = max(found), sum(each <= 0.5 for each in found)
            print(
                f"\n{name}: geometric mean {geometric_mean(found):.2f}, worst {worst:.2f};", end=""
            )
            print(f" at most half on {half}, as much on {sum(each <= 1 for each in found)}", end="")
            print(f" of {len(found)} files")


def cold_start(times: int) -> None:
    onnx = TFLITE.with_name("mobilenet_v2.onnx")
    start, import_only, tflite, from_onnx = fastest(
        [
            lambda: process("import numpy"),
            lambda: process("import mcugraph"),
            lambda: process(PROGRAM, "profile", str(TFLITE)),
            lambda: process(PROGRAM, "profile", str(onnx)),
        ],
        times,
    )
    print("\n| a process of its own | ms | times `import numpy` |\n|---|--:|--:|")
    rows = {
        '`python -c "import numpy"`': start,
        '`python -c "import mcugraph"`': import_only,
        f"`mcugraph profile {TFLITE.name}`": tflite,
        f"`mcugraph profile {onnx.name}`": from_onnx,
    }
    for name, seconds in rows.items():
        print(f"| {name} | {seconds * 1000:,.0f} | {seconds / start:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--times", type=int, default=15, help="repetitions (default 15)")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    files = sorted(FIXTURES.glob("*.onnx"))
    for folder in given.folders:
        files += sorted(folder.rglob("*.onnx"))
    print(f"Python {platform.python_version()}, {platform.machine()}\n")
    against_onnx_tool(files, given.times)
    cold_start(given.times)


if __name__ == "__main__":
    main()
