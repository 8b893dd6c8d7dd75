"""Exact scheduling against the plain dynamic programme and CP-SAT, as ratios in one run.

    python bench/schedule.py [--limit 10] [--families | --unproven] [--only NAME] [--graphs FOLDER]

Every solver runs in a process of its own, with the same time limit. Time is that of the solve
alone, the best of several runs where it is short; memory is by how much the process grew.
"""

import argparse
import multiprocessing
import statistics
import sys
import time
from pathlib import Path

from measured.operator_graphs import families, unproven
from oracles.cp_sat import cp_sat_peak

from mcugraph.scheduling.bounds import cut_bound, operator_bound
from mcugraph.scheduling.entry import schedule
from mcugraph.scheduling.order_checker import check_schedule
from mcugraph.scheduling.problem import Problem

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = [ROOT.parent / "shared" / "graphs", ROOT / "fixtures" / "graphs"]
SOLVERS = ("ours", "dp", "cp-sat")


def solve(solver: str, problem: Problem, limit: float) -> tuple[int, int, float, int]:
    """Peak, bound, seconds and KiB of one solver."""
    if solver == "cp-sat":
        import ortools.sat.python.cp_model  # noqa: F401  not part of the solve
    before = high_water()
    times: list[float] = []
    while not times or (sum(times) < 0.1 and len(times) < 5):
        began = time.perf_counter()
        if solver == "cp-sat":
            peak, bound = cp_sat_peak(problem, limit)
        else:
            method = "auto" if solver == "ours" else "dp"
            result = schedule(problem, method, time_limit=limit)
            peak, bound = result.peak, result.lower_bound
        times.append(time.perf_counter() - began)
        if solver != "cp-sat":
            assert check_schedule(problem, result.order) == peak
    return peak, bound, min(times), high_water() - before


def high_water() -> int:
    """Most memory that this process ever held, in KiB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise RuntimeError("no VmHWM in /proc/self/status: memory is only measured on Linux")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=float, default=10, help="seconds for each solve")
    parser.add_argument("--graphs", type=Path, help="folder of JSON graphs")
    parser.add_argument("--families", action="store_true", help="random networks in their place")
    parser.add_argument("--unproven", action="store_true", help="large ones in their place")
    parser.add_argument("--only", default="", help="graphs whose name contains this")
    parser.add_argument("--solvers", default=",".join(SOLVERS))
    arguments = parser.parse_args()
    if arguments.families:
        problems = families()
    elif arguments.unproven:
        problems = unproven()
    else:
        folder = arguments.graphs or next(folder for folder in FOLDERS if folder.is_dir())
        problems = {path.stem: Problem.from_json(path) for path in sorted(folder.glob("*.json"))}
    problems = {name: p for name, p in problems.items() if arguments.only in name}
    solvers = arguments.solvers.split(",")

    head = ["operators", "file order", "op bound", "cut bound", "optimum"]
    head += [f"{solver} {unit}" for solver in solvers for unit in ("ms", "KiB")]
    head += [f"{solver} / ours" for solver in solvers[1:]]
    print(f"{'graph':32}" + "".join(f"{title:>13}" for title in head))
    seconds: dict[str, list[float]] = {solver: [] for solver in solvers}
    closed: dict[str, int] = dict.fromkeys(solvers, 0)
    spawn = multiprocessing.get_context("spawn")
    for name, problem in problems.items():
        results = {}
        for solver in solvers:
            with spawn.Pool(1) as pool:
                results[solver] = pool.apply(solve, (solver, problem, arguments.limit))
        bounds = {bound for _, bound, _, _ in results.values()}
        peaks = {peak for peak, bound, _, _ in results.values() if peak == bound}
        assert len(peaks) <= 1, f"{name}: solvers disagree: {peaks}"
        peak, bound, _, _ = results[solvers[0]]
        row = [str(len(problem.operators)), str(check_schedule(problem, problem.operators))]
        row += [str(operator_bound(problem)), str(cut_bound(problem))]
        row += [str(peak) if peak == bound else f"{max(bounds)}..{peak}"]
        for solver in solvers:
            found, proven, took, grown = results[solver]
            seconds[solver].append(took)
            closed[solver] += found == proven
            mark = "" if found == proven else ">"
            row += [f"{mark}{took * 1e3:.1f}", f"{grown}"]
        for solver in solvers[1:]:
            mark = "" if results[solver][0] == results[solver][1] else ">"
            row.append(f"{mark}{results[solver][2] / results[solvers[0]][2]:.0f}x")
        print(f"{name:32}" + "".join(f"{value:>13}" for value in row), flush=True)
    for solver in solvers:
        took = seconds[solver]
        print(
            f"{solver}: closed {closed[solver]} of {len(took)}, median "
            f"{statistics.median(took) * 1e3:.1f} ms, worst {max(took):.2f} s"
        )
        if solver != solvers[0]:
            pairs = [(a, b) for a, b in zip(took, seconds[solvers[0]], strict=True) if a > 0.1]
            if pairs:
                ratio = statistics.geometric_mean([a / b for a, b in pairs])
                print(
                    f"  over 0.1 s: {ratio:.0f} times the time of ours (geometric mean, at least)"
                )
            faster = sum(a < b for a, b in zip(took, seconds[solvers[0]], strict=True))
            print(f"  faster than ours on {faster}")


if __name__ == "__main__":
    sys.exit(main())
