"""The pruning benchmark with many seeds, whose networks are trained side by side.

    python bench/pruning_stacked.py --data fashion=fashion_mnist.npz --seeds 24 --jobs 4
    python bench/pruning.py --results pruning.jsonl --tables

A line of results for each seed, like those of ``pruning.py``. On a GPU if there is one.
"""

import argparse
import json
import math
import time
import traceback
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from pruning_parts.data import LOADERS
from pruning_parts.networks import NETWORKS
from pruning_parts.runs import TRIPLES, Job, budgets, loaded, space_of
from pruning_parts.stacked_ways import WAYS, Group
from pruning_parts.training import Plan

# The networks of each data set; the last two were kept back from all choices.
USED = {
    "fashion": ("mobilenet", "resnet", "ds_cnn", "branching", "squeezenet", "plain"),
    "speech": ("ds_cnn",),
}


@dataclass(frozen=True)
class Work:
    """Trainings that are done side by side.

    Attributes:
        data, network, method, triple: As of a ``Job``.
        seeds: One training each.
        steps, batch: Of each training.
        path: Of the data.
        states: A folder for whole networks.
        graphs: On a GPU, steps are recorded.
        end: The time at which none begins any more.
    """

    data: str
    network: str
    method: str
    triple: str
    seeds: tuple[int, ...]
    steps: int
    batch: int
    path: str
    states: Path
    graphs: bool
    end: float

    def jobs(self) -> list[Job]:
        """One a seed."""
        return [Job(self.data, self.network, s, self.method, self.triple) for s in self.seeds]


def perform(work: Work) -> list[dict[str, Any]]:
    """Train; a row of results for each seed, none after the end."""
    if time.time() > work.end:
        return []
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    data = loaded(work.data, work.path, device)
    space, jobs = space_of(work.data, work.network, data), work.jobs()
    limits = budgets(jobs[0], space)
    trained = (work.steps, work.batch, work.seeds[0], len(work.seeds))
    states = work.states / f"{work.data}-{work.network}-{'-'.join(map(str, trained))}.pt"
    plan = Plan(work.steps, work.batch, graphs=work.graphs)
    group = Group(work.network, data, plan, work.seeds, space, limits, states)
    start = time.monotonic()
    WAYS[work.method](group)
    accuracies = group.stack.accuracies()
    shared = {
        "budgets": limits,
        "met_at": group.met_at,
        "seconds": (time.monotonic() - start) / len(jobs),
        "device": str(device),
        "steps": work.steps,
        "batch": work.batch,
        "dropped": group.dropped,
    }
    rows = zip(jobs, accuracies, group.widths, group.costs, strict=True)
    return [
        {**asdict(job), "widths": widths, "accuracy": accuracy, **costs, **shared}
        for job, accuracy, widths, costs in rows
    ]


def run_all(works: Sequence[Work], path: Path, processes: int) -> None:
    """Do all that is not in the results yet; what fails is told and left out."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    done = {Job.of(json.loads(line)) for line in lines}
    missing = [work for work in works if not done.issuperset(work.jobs())]
    pool = ProcessPoolExecutor(processes, get_context("spawn"))
    with path.open("a", encoding="utf-8") as file, pool:
        running = {pool.submit(perform, work): work for work in missing}
        for ended in as_completed(running):
            if error := ended.exception():
                print(running[ended], *traceback.format_exception(error), flush=True)
                continue
            file.writelines(json.dumps(row) + "\n" for row in ended.result())
            file.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", nargs="+", metavar="NAME=FILE", help=f"of {', '.join(LOADERS)}")
    parser.add_argument("--results", type=Path, default=Path("pruning.jsonl"))
    parser.add_argument("--states", type=Path, default=Path("states"))
    parser.add_argument("--networks", nargs="+", choices=NETWORKS)
    parser.add_argument("--triples", nargs="+", choices=TRIPLES, default=list(TRIPLES))
    parser.add_argument("--methods", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--first", type=int, default=0, help="seed")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--jobs", type=int, default=1, help="stacks at a time")
    parser.add_argument("--seconds", type=float, default=math.inf, help="none begins after")
    parser.add_argument("--eager", action="store_true", help="on a GPU: without CUDA graphs")
    given = parser.parse_args()
    given.states.mkdir(parents=True, exist_ok=True)
    paths = dict(entry.split("=", 1) for entry in given.data)
    seeds = tuple(range(given.first, given.first + given.seeds))
    works = [
        Work(
            data,
            network,
            method,
            triple,
            seeds,
            given.steps,
            given.batch,
            paths[data],
            given.states,
            not given.eager,
            time.time() + given.seconds,
        )
        for method in given.methods
        for data in paths
        for network in USED[data]
        if network in (given.networks or USED[data])
        for triple in ([""] if method == "unpruned" else given.triples)
    ]
    run_all(works, given.results, given.jobs)


if __name__ == "__main__":
    main()
