"""The runs of the pruning benchmark: which there are, what one does, the file of results."""

import json
import math
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from torch import nn

import mcugraph as mg
from mcugraph.errors import UsageError
from mcugraph.space.space import Space
from pruning_parts.data import LOADERS, Data
from pruning_parts.methods import Case, widths_of
from pruning_parts.networks import NETWORKS
from pruning_parts.training import Plan, Training
from pruning_parts.ways import METHODS, WITH_WHOLE

COSTS = ("peak", "size", "macs")
# Methods whose widths are there from the start of a training.
FROM_SCRATCH = ("uniform", "at once", "at once, absolute", "retrained")
# Budgets as fractions of what the whole network costs, in the order of COSTS.
TRIPLES = {"balanced": (0.5, 0.3, 0.3), "sram": (0.3, 0.6, 0.6), "flash": (0.9, 0.12, 0.5)}
# Those of the paper's Table 3 (CIFAR-10), in bytes and multiply-accumulates.
PUBLISHED = {"vgg16": (62_500, 184_000, 22_200_000), "resnet18": (76_800, 191_000, 28_800_000)}


@dataclass(frozen=True)
class Job:
    """One training.

    Attributes:
        data: The name of the data set.
        network: The name of the network.
        seed: Of weights and batches.
        method: How it meets its budgets; "retrained": it has the given widths from the start.
        triple: The name of its budgets; "" without any.
        widths: Of a retrained network.
    """

    data: str
    network: str
    seed: int
    method: str
    triple: str = ""
    widths: tuple[int, ...] = ()

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Job":
        """The job that a line of results is of."""
        names = ("data", "network", "seed", "method", "triple")
        widths = tuple(row["widths"]) if row["method"] == "retrained" else ()
        return cls(*(row[name] for name in names), widths)


@dataclass(frozen=True)
class Setting:
    """What all runs share.

    Attributes:
        paths: Where data lie.
        plan: Of a training.
        device: That trains.
        threads: Of the CPU, for each run.
        models: A folder for trained networks; None: they are not kept.
    """

    paths: tuple[tuple[str, str], ...]
    plan: Plan
    device: str = "cpu"
    threads: int = 1
    models: Path | None = None

    def kept(self, job: Job) -> Path | None:
        """Where the trained network of a job is kept."""
        widths = "_".join(map(str, job.widths))
        said = (job.data, job.network, job.method, job.triple, str(job.seed), widths)
        name = "-".join(part for part in said if part)
        return None if self.models is None else self.models / f"{name}.pt"


class Results:
    """One JSON line a run, so that what is done stays done.

    Args:
        path: Of the file; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        self.rows: list[dict[str, Any]] = [json.loads(line) for line in lines]

    def missing(self, jobs: Sequence[Job]) -> list[Job]:
        done = {Job.of(row) for row in self.rows}
        return [job for job in dict.fromkeys(jobs) if job not in done]

    def add(self, row: dict[str, Any]) -> None:
        self.rows.append(row)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def pruned_jobs(
    networks: Sequence[tuple[str, str]],
    triples: Sequence[str],
    methods: Sequence[str],
    seeds: Sequence[int],
) -> Iterator[Job]:
    """All methods of a seed before the next seed; the whole network once a seed."""
    for seed in seeds:
        for method in methods:
            for data, network in networks:
                for triple in [""] if method == "unpruned" else triples:
                    yield Job(data, network, seed, method, triple)


def retrained_jobs(rows: Sequence[dict[str, Any]]) -> Iterator[Job]:
    """The widths of each run from new weights, where no run has them so; once a seed."""

    def trained(row: dict[str, Any]) -> tuple[Any, ...]:
        return row["data"], row["network"], row["seed"], tuple(row["widths"])

    done = {trained(row) for row in rows if row["method"] in FROM_SCRATCH}
    for row in rows:
        data, network, seed, widths = trained(row)
        if row["method"] != "unpruned" and 0 not in widths and trained(row) not in done:
            yield Job(data, network, seed, "retrained", widths=widths)


def run_all(
    jobs: Sequence[Job],
    setting: Setting,
    results: Results,
    processes: int,
    seconds: float = math.inf,
) -> None:
    """Do what is missing and keep it, some at a time; what fails is told and left out.

    Args:
        jobs: What to do.
        setting: How.
        results: Where it is kept.
        processes: How many at a time.
        seconds: After so many, and where they would not do for another as long as the longest, no
            job begins.
    """
    missing = results.missing(jobs)
    end, longest = time.monotonic() + seconds, 0.0
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        running: dict[Future[dict[str, Any]], tuple[Job, float]] = {}
        while missing or running:
            while missing and len(running) < processes:
                job = missing.pop(0)
                running[pool.submit(perform, job, setting)] = job, time.monotonic()
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                job, begun = running.pop(done)
                longest = max(longest, time.monotonic() - begun)
                if error := done.exception():
                    print(
                        f"{job}: failed", *traceback.format_exception(error), sep="\n", flush=True
                    )
                else:
                    results.add(done.result())
            if time.monotonic() + longest > end:
                missing = []


def perform(job: Job, setting: Setting) -> dict[str, Any]:
    """A training from its start to its end: accuracy, widths, costs of the model itself, time."""
    warnings.filterwarnings("ignore")
    torch.set_num_threads(setting.threads)
    torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32 = True, False
    data = loaded(job.data, dict(setting.paths)[job.data], setting.device)
    whole = space_of(job.data, job.network, data)
    limits = budgets(job, whole)

    def make() -> nn.Module:
        torch.manual_seed(job.seed)
        return new_network(job.network, data)

    def trained() -> nn.Module:
        model = make()
        kept = setting.kept(replace(job, method="unpruned", triple="", widths=()))
        if kept is None:
            raise UsageError(f"{job.method} needs the whole network, trained before: use --models")
        model.load_state_dict(torch.load(kept, weights_only=True))
        return model

    case = Case(Training(make(), data, setting.plan, job.seed), make, whole, limits, trained)
    if job.method == "retrained":
        case.restart(job.widths)
        case.training.finish()
    else:
        {**METHODS, **WITH_WHOLE}[job.method](case)
    seconds = case.seconds
    accuracy = case.training.accuracy()
    widths = job.widths or tuple(int(w) for w in widths_of(case.model, whole))
    model = case.model.cpu()
    if kept := setting.kept(job):
        torch.save(model.state_dict(), kept)
    return {
        **asdict(job),
        "widths": widths,
        "accuracy": accuracy,
        "budgets": limits,
        **measured(model, data.example.cpu()),
        "met_at": case.met_at,
        "seconds": seconds,
        "met_seconds": case.met_seconds,
        "device": str(data.device),
    }


def new_network(name: str, data: Data) -> nn.Module:
    """A network for the inputs and the classes of a data set."""
    return NETWORKS[name](data.example.shape[1], data.classes)


def budgets(job: Job, whole: Space) -> dict[str, int]:
    """The budgets of a job: fractions of the whole network's costs, or published ones."""
    if not job.triple:
        return {}
    if job.triple == "published":
        return dict(zip(COSTS, PUBLISHED[job.network], strict=True))
    costs = (whole.peak, whole.size, whole.macs)
    parts = zip(COSTS, costs, TRIPLES[job.triple], strict=True)
    return {name: int(cost(whole.full) * share) for name, cost, share in parts}


def measured(model: nn.Module, example: torch.Tensor) -> dict[str, int]:
    """What a model costs as int8, counted on the model itself."""
    found = mg.profile(mg.from_torch(model, example), precision="int8").to_dict()
    flash = found["flash"]
    return {
        "peak": found["memory"]["peak"],
        "size": flash["weights"] + flash["biases"],
        "macs": found["macs"],
    }


@cache
def loaded(name: str, path: str, device: str) -> Data:
    return LOADERS[name](Path(path), device)


_SPACES: dict[tuple[str, str], Space] = {}


def space_of(data_name: str, network: str, data: Data) -> Space:
    """The widths of a network, made once."""
    key = data_name, network
    if key not in _SPACES:
        graph = mg.from_torch(new_network(network, data), data.example.cpu())
        _SPACES[key] = mg.widths(graph, precision="int8")
    return _SPACES[key]
