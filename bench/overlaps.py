"""What `optimize` makes of TFLite files, before and after, as a Markdown table.

    python bench/overlaps.py [FILE or FOLDER ...] [--seconds 10] [--verify] [--results FILE]

Each file that TFLM loads is optimized for any kernels, for the reference kernels, and for those
with splits; columns are bytes of head + tail on a device with 32-bit pointers. ``--verify`` runs
all files in TFLM's wheel on random inputs, several calls each, compares the outputs bit for bit,
and compares the head that the wheel prints with ours. ``--results`` keeps one line of JSON a file:
those that it holds already are not done again.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import mcugraph as mg
from mcugraph.errors import McuGraphError
from mcugraph.optimizer.result import Figures, Optimization
from mcugraph.optimizer.verification import Run, run
from mcugraph.tflm.head import Head
from mcugraph.tflm.loaded import program_of

MODELS = Path(__file__).resolve().parents[2] / "shared" / "models" / "tflite"
NOT_RUN = "TFLM's wheel does not run the file"
ENOUGH = 10.0  # seconds that a plan may take to be proven

WAYS: dict[str, dict[str, Any]] = {
    "any": {},
    "reference": {"kernels": "reference"},
    "split": {"kernels": "reference", "split": True},
}

_PRINTED = """
import sys
from tflite_micro.python.tflite_micro import runtime
runtime.Interpreter.from_file(sys.argv[1], arena_size=128 << 20).print_allocations()
"""


@dataclass(frozen=True)
class Asked:
    """What is to be done with each file.

    Attributes:
        seconds: For each search.
        verify: Outputs and heads are compared with TFLM's wheel.
        slower: Also for CMSIS-NN, with so many more instructions; None: not.
    """

    seconds: float
    verify: bool
    slower: float | None


def printed_head(path: Path) -> int | None:
    """The head that TFLM's wheel prints; None: it does not load the file."""
    command = [sys.executable, "-c", _PRINTED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    found = re.search(r"head (\d+) bytes", done.stdout + done.stderr)
    return int(found[1]) if found and done.returncode == 0 else None


def bytes_of(figures: Figures) -> list[int | None]:
    return [figures.tflm_arena, figures.tflm_persistent]


def proof(path: Path, seconds: float) -> dict[str, Any]:
    """Whether the plan of the order of the file with overlaps is proven, and the time it took."""
    program, problems = program_of(mg.load(path), kernels="reference")
    if program is None:
        return {"proven": None, "said": list(problems)}
    head = Head(program, overlapping=True)
    problem = head.in_file_order
    began, worked = perf_counter(), process_time()
    found = head.packed(head.file_order, seconds)
    return {
        "proven": found.optimal,
        "arena": found.arena,
        "pairs": len(problem.overlaps) + len(problem.shares),
        "blocks": len(problem.blocks),
        "wall": round(perf_counter() - began, 3),
        "cpu": round(process_time() - worked, 3),
    }


class Wheel:
    """TFLM's Python package on one model and on what became of it.

    Args:
        path: The model.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._graph, self._said = path, mg.load(path), dict[bytes, list[str]]()
        self._before: Run | None = None

    def against(self, target: Path, head: int | None) -> list[str]:
        """What is wrong with a new file, of such a head; empty if nothing is."""
        data = target.read_bytes()
        if data not in self._said:
            self._said[data] = self._compared(target, head)
        return self._said[data]

    def _compared(self, target: Path, head: int | None) -> list[str]:
        if self._before is None:
            self._before = run("tflm", str(self._path), self._graph)
        if self._before.failure is not None:
            return [f"{NOT_RUN}: {self._before.failure}"]
        after = run("tflm", str(target), self._graph)
        wrong = [] if after == self._before else [f"other outputs; {after.failure}"]
        printed = printed_head(target)
        return wrong if printed == head else [*wrong, f"TFLM prints {printed}, not {head}"]


def row_of(path: Path, asked: Asked, folder: Path) -> dict[str, Any]:
    """All that is found out of one file; ``before`` is missing where TFLM does not load it."""
    row: dict[str, Any] = {"file": path.name, "errors": [], "odd": []}
    try:
        profiled = mg.profile(path, kernels="reference")
    except McuGraphError as error:
        return {**row, "errors": [str(error)]}
    memory = profiled.memory
    if memory.tflm_arena is None or profiled.tflm_refusals:
        return row
    row["before"] = [memory.tflm_arena, memory.tflm_persistent]
    wheel = Wheel(path)
    ways = dict(WAYS)
    if asked.slower is not None:
        ways["cmsis-nn"] = {"kernels": "cmsis-nn", "split": True, "allow_slower": asked.slower}
    for way, options in ways.items():
        target = folder / f"{way}.tflite"
        began = perf_counter()
        try:
            found = mg.optimize(path, target, time_limit=asked.seconds, **options)
        except McuGraphError as error:
            row["errors"].append(f"{way}: {error}")
            continue
        row[way] = told(found, perf_counter() - began)
        if total(bytes_of(found.after)) > total(bytes_of(found.before)):
            row["odd"].append(f"{way}: larger")
        if asked.verify and found.changed and found.holds_for in ("", "reference"):
            wrong = wheel.against(target, found.after.tflm_arena)
            row["odd"] += [f"{way}: {text}" for text in wrong]
            row[way]["outputs"] = "same" if not wrong else "not run"
            if wrong and not wrong[0].startswith(NOT_RUN):
                row[way]["outputs"] = "OTHER"
    row |= proof(path, ENOUGH)
    return row


def told(found: Optimization, seconds: float) -> dict[str, Any]:
    return {
        "after": bytes_of(found.after),
        "before": bytes_of(found.before),
        "operators": [found.before.operators, found.after.operators],
        "outputs": "not run" if found.changed else "same file",
        "holds_for": found.holds_for,
        "steps": [[step.what, bytes_of(step.figures)] for step in found.steps],
        "notes": list(found.notes),
        "seconds": round(seconds, 2),
    }


def total(figures: Sequence[int | None]) -> int:
    return sum(figure or 0 for figure in figures)


def shown(rows: Sequence[dict[str, Any]], every: bool) -> str:
    """The rows in which something is saved, or all."""
    ways = [way for way in ("any", "reference", "split", "cmsis-nn") if any(way in r for r in rows)]
    cells = []
    for row in rows:
        least = min((total(row[way]["after"]) for way in ways if way in row), default=0)
        if not every and least >= total(row["before"]):
            continue
        figures = [row["before"], *(row[way]["after"] if way in row else None for way in ways)]
        outputs = {row[way]["outputs"] for way in WAYS if way in row} - {"same file"}
        cells.append(
            (
                row["file"].removesuffix(".tflite"),
                *("-" if f is None else f"{f[0]:,} + {f[1] or 0:,}" for f in figures),
                f"{100 * (1 - least / max(1, total(row['before']))):.1f} %",
                ", ".join(sorted(outputs)) or "-",
            )
        )
    header = ("file", "before", *ways, "saved", "outputs in TFLM")
    lines = ["| " + " | ".join(cell) + " |" for cell in (header, *cells)]
    rule = "|---|" + "---:|" * (len(header) - 2) + "---|"
    return "\n".join([lines[0], rule, *lines[1:]])


def summary(rows: Sequence[dict[str, Any]]) -> str:
    ours = [row for row in rows if row.get("proven") is not None]
    quick = [row for row in ours if row["proven"] and row["cpu"] <= ENOUGH]
    slow = sorted(ours, key=lambda row: -row["cpu"])[:5]
    changed = [
        row for row in rows if any(row[w]["after"] != row["before"] for w in WAYS if w in row)
    ]
    lines = [
        f"{len(rows)} files that TFLM loads; smaller: {len(changed)}",
        f"proven optimal within {ENOUGH:g} s: {len(quick)} of {len(ours)} plans with overlaps",
        "slowest: " + ", ".join(f"{row['file']} {row['cpu']:.2f} s" for row in slow),
    ]
    for row in rows:
        lines += [f"{row['file']}: {text}" for text in (*row["errors"], *row["odd"])]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("paths", nargs="*", type=Path, default=[MODELS])
    parser.add_argument("--seconds", type=float, default=10.0, help="for each search")
    parser.add_argument("--verify", action="store_true", help="run all files in TFLM's wheel")
    parser.add_argument("--slower", type=float, help="also cmsis-nn, with --allow-slower")
    parser.add_argument("--results", type=Path, help="one line of JSON a file; goes on from there")
    parser.add_argument("--every", action="store_true", help="show files of which nothing is saved")
    options = parser.parse_args()
    asked = Asked(options.seconds, options.verify, options.slower)
    done: dict[str, dict[str, Any]] = {}
    if options.results is not None and options.results.exists():
        lines = options.results.read_text().splitlines()
        done = {row["file"]: row for row in map(json.loads, lines)}
    files = [f for p in options.paths for f in (p.glob("*.tflite") if p.is_dir() else [p])]
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(files, key=lambda file: (file.stat().st_size, file.name)):
            if path.name in done:
                continue
            done[path.name] = row_of(path, asked, Path(folder))
            print(path.name, file=sys.stderr, flush=True)
            if options.results is not None:
                with options.results.open("a") as out:
                    out.write(json.dumps(done[path.name]) + "\n")
    rows = sorted((row for row in done.values() if "before" in row), key=lambda row: row["file"])
    print(shown(rows, options.every), "\n", summary(rows), sep="\n")


if __name__ == "__main__":
    main()
