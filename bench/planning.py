"""Arena planners side by side: arena over its lower bound, and seconds.

    python bench/planning.py [GRAPH.json, FILE.csv or FILE.tflite ...] [--seconds 10] [--json FILE]

Without files it takes the operator graphs of ``../shared/graphs``, or networks drawn at random
where there are none. All planners get the same lifetimes: those of the order that our planner
chose, or of the order of the file, as TFLM has them. Every plan goes through the checker. Vela's
allocators need ``ethos-u-vela``, ExecuTorch's planner ``executorch``, CP-SAT ``ortools``; without
them their columns are left out. ExecuTorch lays an output over an input for ``index_put`` alone,
which none of these networks has. The column "overlaps" is for TFLite: our planner where outputs
may lie over inputs that die, as the reference kernels allow; its arena is over the bound too.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

from measured.operator_graphs import randwire

import mcugraph as mg
from mcugraph.planning.arena import ArenaProblem, Plan
from mcugraph.planning.entry import plan
from mcugraph.planning.minimalloc import read_csv
from mcugraph.planning.order_blocks import arena_problem
from mcugraph.planning.plan_checker import check_plan
from mcugraph.report.table import table
from mcugraph.scheduling.problem import Problem
from mcugraph.tflm.head import Head
from mcugraph.tflm.loaded import program_of

GRAPHS = Path(__file__).resolve().parents[2] / "shared" / "graphs"
ALIGNMENT = 16

Offsets = Callable[[ArenaProblem], Sequence[int]]


@dataclass
class Range:
    """A live range as Vela's allocators see one; both ends count."""

    start_time: int
    end_time: int
    size: int
    number: int
    address: int = 0

    def get_alignment(self) -> int:
        return ALIGNMENT

    def set_address(self, address: int) -> int:
        self.address = address
        return address

    def __lt__(self, other: "Range") -> bool:
        return (self.start_time, self.end_time, self.number) < (
            other.start_time,
            other.end_time,
            other.number,
        )

    def __hash__(self) -> int:
        return self.number


@dataclass
class Ranges:
    lrs: list[Range]


def ranges(problem: ArenaProblem) -> list[Range]:
    return [
        Range(b.lower, b.upper - 1, problem.aligned(b.size), i)
        for i, b in enumerate(problem.blocks)
    ]


def vela_greedy(problem: ArenaProblem) -> Sequence[int]:
    from ethosu.vela.greedy_allocation import allocate_live_ranges

    live = ranges(problem)
    allocate_live_ranges(Ranges(live), ALIGNMENT)
    return [entry.address for entry in live]


def vela_hillclimb(problem: ArenaProblem) -> Sequence[int]:
    """Its own number of iterations would take an hour on the largest; it stops improving early."""
    from ethosu.vela.hillclimb_allocation import allocate_live_ranges

    return list(allocate_live_ranges(ranges(problem), 5000, problem.bound))


def executorch_greedy(problem: ArenaProblem) -> Sequence[int]:
    import torch
    from executorch.exir.memory_planning import greedy
    from executorch.exir.tensor import TensorSpec

    specs = []
    for block in problem.blocks:
        specs.append(TensorSpec(torch.uint8, torch.Size([block.size])))
        specs[-1].lifetime = [block.lower, block.upper - 1]
    order = sorted(range(len(specs)), key=lambda i: problem.blocks[i].lower)
    found = greedy(ALIGNMENT, [specs[i] for i in order], None, None)
    return [found.spec_dict[spec].mem_offset for spec in specs]


def cp_sat(seconds: float) -> Offsets:
    """Rectangles in time and address that do not overlap, the highest end as low as it gets."""

    def solve(problem: ArenaProblem) -> Sequence[int]:
        from ortools.sat.python import cp_model

        model = cp_model.CpModel()
        sizes = [problem.aligned(b.size) // ALIGNMENT for b in problem.blocks]
        start = plan(problem, method="greedy_by_size")
        most = start.arena // ALIGNMENT
        arena = model.new_int_var(problem.bound // ALIGNMENT, most, "arena")
        times, spans, offsets = [], [], []
        for i, (block, size) in enumerate(zip(problem.blocks, sizes, strict=True)):
            offset = model.new_int_var(0, most - size, f"o{i}")
            offsets.append(offset)
            model.add(offset + size <= arena)
            spans.append(model.new_fixed_size_interval_var(offset, size, f"y{i}"))
            length = block.upper - block.lower
            times.append(model.new_fixed_size_interval_var(block.lower, length, f"x{i}"))
            model.add_hint(offset, (start.blocks[i].offset or 0) // ALIGNMENT)
        model.add_no_overlap_2d(times, spans)
        model.minimize(arena)
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = seconds
        solver.parameters.num_workers = 2
        status = solver.solve(model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return [block.offset or 0 for block in start.blocks]
        return [solver.value(offset) * ALIGNMENT for offset in offsets]

    return solve


def named(method: str) -> Offsets:
    return lambda problem: [b.offset or 0 for b in plan(problem, method=method).blocks]


def planners(seconds: float) -> dict[str, Offsets]:
    found: dict[str, Offsets] = {
        "tflm": named("tflm"),
        "first fit": named("first_fit"),
        "by size": named("greedy_by_size"),
    }
    if find_spec("ethosu") is not None:
        found |= {"vela greedy": vela_greedy, "vela hill-climb": vela_hillclimb}
    if find_spec("executorch") is not None:
        import_module("executorch.exir.memory_planning")  # takes seconds, which are not the plan's
        found["executorch"] = executorch_greedy
    if find_spec("ortools") is not None:
        found["cp-sat"] = cp_sat(seconds)
    return found


def arena_of(problem: ArenaProblem, offsets: Sequence[int]) -> int:
    """Through the checker."""
    ends = [o + problem.aligned(b.size) for o, b in zip(offsets, problem.blocks, strict=True)]
    arena = max(ends, default=0)
    blocks = tuple(replace(b, offset=o) for b, o in zip(problem.blocks, offsets, strict=True))
    return check_plan(problem, Plan(blocks, arena, arena, arena, problem.alignment))


def head_of(path: Path, overlapping: bool = False) -> ArenaProblem:
    """What TFLM has to place for a file, in its order."""
    program, problems = program_of(mg.load(path), kernels="reference")
    if program is None:
        raise SystemExit(f"{path}: {'; '.join(problems)}")
    return Head(program, overlapping).in_file_order


READERS: dict[str, Callable[[Path], Problem | ArenaProblem]] = {
    ".csv": lambda path: read_csv(path, ALIGNMENT),
    ".tflite": head_of,
}


def problems(files: Sequence[str]) -> dict[str, Problem | ArenaProblem]:
    paths = [Path(name) for name in files] or sorted(GRAPHS.glob("*.json"))
    found = {path.stem: READERS.get(path.suffix, Problem.from_json)(path) for path in paths}
    return found or {f"randwire_s{seed}": randwire(seed) for seed in range(8)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*")
    parser.add_argument("--seconds", type=float, default=10.0, help="for CP-SAT, a problem")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    others = planners(options.seconds)
    overlapped = {
        Path(name).stem: head_of(Path(name), overlapping=True)
        for name in options.files
        if name.endswith(".tflite")
    }
    columns = ("mcugraph", *(["overlaps"] if overlapped else []), *others)
    rows, results, larger = [], {}, []
    for name, problem in problems(options.files).items():
        began = perf_counter()
        ours = plan(problem, alignment=ALIGNMENT)
        total = perf_counter() - began
        blocks = problem
        if isinstance(blocks, Problem):
            blocks = arena_problem(blocks, ours.order, ALIGNMENT)
        check_plan(blocks, ours)
        figures = {"mcugraph": (ours.arena, total)}
        if name in overlapped:
            began = perf_counter()
            over = plan(overlapped[name], alignment=ALIGNMENT)
            check_plan(overlapped[name], over)
            figures["overlaps"] = (over.arena, perf_counter() - began)
        for label, solve in others.items():
            began = perf_counter()
            offsets = solve(blocks)
            figures[label] = (arena_of(blocks, offsets), perf_counter() - began)
            if figures[label][0] < ours.arena:
                larger.append(f"{name}: {label} {figures[label][0]} < {ours.arena}")
        results[name] = {
            "blocks": len(blocks.blocks),
            "bound": ours.peak,
            "proven": ours.optimal,
            **{label: {"arena": a, "seconds": round(s, 4)} for label, (a, s) in figures.items()},
        }
        cells = [
            f"{figures[label][0] / ours.peak:.3f} {figures[label][1]:7.2f}s"
            if label in figures
            else "-"
            for label in columns
        ]
        rows.append((name, str(len(blocks.blocks)), f"{ours.peak:,}", *cells))
        print(f"{name}: {ours.arena:,} of {ours.peak:,}", file=sys.stderr, flush=True)
    header = ("problem", "blocks", "bound", *columns)
    print("\n".join(table(header, rows, right=range(1, len(header)))))
    at_bound = sum(figures["mcugraph"]["arena"] == figures["bound"] for figures in results.values())
    slow = [name for name, found in results.items() if found["mcugraph"]["seconds"] > 1]
    print(f"\n{at_bound} of {len(results)} at the bound; over 1 s: {', '.join(slow) or 'none'}")
    print("larger than another planner's:", "; ".join(larger) or "none")
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
