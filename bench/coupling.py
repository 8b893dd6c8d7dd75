"""How long it takes from a PyTorch module to its coupled channels, against Torch-Pruning.

    pip install torch-pruning --no-deps
    python bench/coupling.py

Ours is ``mg.from_torch`` and ``mg.widths``; theirs is ``DependencyGraph.build_dependency`` and all
groups that it finds. Medians of interleaved runs. Networks that one of the two fails on have its
error in place of a time.
"""

import argparse
import importlib.util
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from measured.trained import EXAMPLE, NETWORKS

import mcugraph as mg

ROOT = Path(__file__).resolve().parents[1]


def ours(model: torch.nn.Module, inputs: tuple[Any, ...]) -> tuple[float, float]:
    """Seconds to import, and to find the groups."""
    start = time.perf_counter()
    graph = mg.from_torch(model, inputs)
    middle = time.perf_counter()
    mg.widths(graph)
    return middle - start, time.perf_counter() - middle


def theirs(model: torch.nn.Module, inputs: tuple[Any, ...]) -> tuple[float, float]:
    """Seconds to build the dependency graph, and to list its groups."""
    import torch_pruning as tp

    start = time.perf_counter()
    graph = tp.DependencyGraph().build_dependency(model, inputs)
    middle = time.perf_counter()
    list(graph.get_all_groups())
    return middle - start, time.perf_counter() - middle


def networks() -> dict[str, tuple[torch.nn.Module, tuple[Any, ...]]]:
    found: dict[str, tuple[torch.nn.Module, tuple[Any, ...]]] = {}
    spec = importlib.util.spec_from_file_location("models", ROOT / "fixtures/groups/models.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in module.MODELS:
        found[name] = module.build(name)
    for name, make in NETWORKS.items():
        found[name] = make().eval(), (torch.zeros(1, *EXAMPLE),)
    return found


def timed(
    task: Callable[..., tuple[float, float]], model: torch.nn.Module, inputs: tuple[Any, ...]
) -> tuple[float, float] | str:
    try:
        return task(model, inputs)
    except Exception as error:  # whatever another tool comes to grief with
        return type(error).__name__


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    tasks: list[Callable[..., tuple[float, float]]] = [ours]
    if importlib.util.find_spec("torch_pruning") is None:
        print(
            "torch-pruning is not installed: pip install torch-pruning --no-deps", file=sys.stderr
        )
    else:
        tasks.append(theirs)
    print("| network | import | groups | ours | Torch-Pruning | from, to | ratio |")
    print("|---" + "|--:" * 6 + "|")
    for name, (model, inputs) in networks().items():
        runs: list[list[tuple[float, float]]] = [[] for _ in tasks]
        failed: list[str | None] = [None] * len(tasks)
        for turn in range(given.times + 1):
            for index, task in enumerate(tasks):
                result = timed(task, model, inputs)
                if isinstance(result, str):
                    failed[index] = result
                elif turn:  # the first is not counted
                    runs[index].append(result)
        parts = [statistics.median(column) * 1e3 for column in zip(*runs[0], strict=True)]
        mine = statistics.median(map(sum, runs[0])) * 1e3
        other, spread, ratio = "-", "-", "-"
        if len(tasks) > 1 and failed[1]:
            other = failed[1]
        elif len(tasks) > 1:
            taken = [sum(run) * 1e3 for run in runs[1]]
            other, ratio = (
                f"{statistics.median(taken):.0f} ms",
                f"{mine / statistics.median(taken):.2f}",
            )
            spread = f"{min(taken):.0f} to {max(taken):.0f}"
        cells = [f"{value:.0f} ms" for value in (*parts, mine)]
        print(f"| {name} | {' | '.join(cells)} | {other} | {spread} | {ratio} |")


if __name__ == "__main__":
    main()
