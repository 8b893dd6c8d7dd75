"""LeNet of Deutel et al. (2023) on MNIST: accuracy against what is left, by heuristic and number.

    python bench/compress_lenet.py train mnist.npz lenet --device cuda --workers 4 --minutes 8

``train`` compresses LeNet by each heuristic to each share of its parameters, in processes side by
side, and writes a line of JSON each to ``lenet.jsonl`` and the weights of the ways that are
quantised later to ``lenet.zip``; it ends by itself when the minutes are over.
"""

import argparse
import json
import time
import traceback
import zipfile
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import torch
from compress_lenet_files import measured
from compress_parts.mnist import EXAMPLE, loaded, packed, unpacked
from compress_parts.networks import Lenet

from mcugraph.compress.pruning_methods import (
    ChannelPruning,
    CompressionWork,
    ElementPruning,
    PruningMethod,
    trained_rounded,
)
from mcugraph.compress.training_options import Training
from mcugraph.experiments.batches import Batches
from mcugraph.experiments.worker_pool import WorkerPool
from mcugraph.prune.training import seeded

ELEMENTS = ("level", "random")
CHANNELS = ("l1", "l2", "gradient", "activation", "random")
QUANTISED = ("elements, level", "channels, l1")
LEFT = (0.5, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005)
LEAST = 0.003  # of channels alone: one of eighteen
_HELD = 2048  # training images that gradients and activations of heuristics are taken on
_PART = 64  # images whose values stay in a CPU's cache


class Job(NamedTuple):
    """One training."""

    data: str
    seed: int
    way: str
    left: float
    epochs: int
    qat_epochs: int
    batch: int
    learning_rate: float
    device: str
    samples: int
    tested: int
    exported: bool
    bfloat16: bool


def method_of(way: str, left: float) -> PruningMethod:
    kind, _, heuristic = way.partition(", ")
    if kind == "elements":
        return ElementPruning(1 - left, "agp", {"heuristic": heuristic})
    # Of LeNet, parameters go as the square of the widths.
    return ChannelPruning(1 - left**0.5, "agp", {"salience": heuristic})


def worked(job: Job) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What a worker does: a line, and weights by stage."""
    try:
        return trained(job)
    except Exception:
        traceback.print_exc()  # the pool hands on the message alone
        raise


def trained(job: Job) -> tuple[dict[str, Any], dict[str, bytes]]:
    torch.set_num_threads(1)
    torch.backends.cudnn.benchmark = True
    begun = time.monotonic()
    x, y, x_test, y_test = loaded(job.data, job.device, job.samples, job.tested)
    training = Training(
        Batches((x, y), job.batch, job.seed),
        Batches((x_test, y_test), 1000),
        Batches((x[:_HELD], y[:_HELD]), 512),
        epochs=job.epochs,
        optimizer="sgd",
        learning_rate=job.learning_rate,
        forward=in_bfloat16 if job.bfloat16 else None,
        device=job.device,
        seed=job.seed,
        report=lambda line: None,
    )
    torch.manual_seed(job.seed)
    method, kept = method_of(job.way, job.left), {}
    with seeded(job.seed):
        work = CompressionWork(Lenet().to(job.device), EXAMPLE, training)
        whole = count(work.model)
        model = method.train(work)
        line = {**job._asdict(), "data": Path(job.data).stem, "pruned": work.score(model)}
        line["share"] = count(model) / whole
        line["widths"] = [len(value) for value in model.parameters() if value.dim() > 1]
        line["seconds"] = time.monotonic() - begun
        if job.way in QUANTISED:
            kept["pruned"] = packed(model)
        if job.qat_epochs:
            model = trained_rounded(method, work, model, job.qat_epochs, "int8")
            line["rounded"], kept["rounded"] = work.score(model), packed(model)
            line["qat_seconds"] = time.monotonic() - begun - line["seconds"]
    if job.exported:
        line["files"] = {
            stage: measured(unpacked(data), Path(job.data), job.tested, [])
            for stage, data in kept.items()
        }
    return line, kept


def in_bfloat16(model: Any, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Outputs of a batch, in parts: while LeNet trains on a CPU, of products in bfloat16.

    Rounding in the loop, which makes it another class, takes floats alone.
    """
    (x,) = inputs
    with torch.autocast("cpu", torch.bfloat16, enabled=model.training and type(model) is Lenet):
        return torch.cat([model(part).float() for part in torch.split(x, _PART)])


def count(model: torch.nn.Module) -> int:
    return sum(int(value.count_nonzero()) for value in model.parameters())


def jobs_of(given: argparse.Namespace) -> Iterator[Job]:
    """Those of a file, or whole seeds one after the other, what is quantised first."""
    named = given.jobs.read_text().splitlines() if given.jobs else list(whole_seeds(given))
    for name in named:
        seed, way, left = name.split("/")
        yield Job(
            *(str(given.data), int(seed), way, float(left), given.epochs),
            given.qat_epochs if way in QUANTISED else 0,
            *(given.batch, given.learning_rate, given.device, given.samples, given.tested),
            *(given.files, given.bfloat16),
        )


def whole_seeds(given: argparse.Namespace) -> Iterator[str]:
    every, others = given.left.split(","), (given.other_left or given.left).split(",")
    ways = [*QUANTISED, *(f"channels, {name}" for name in CHANNELS[1:]), "elements, random"]
    chosen = [way for way in ways if given.ways in ("all", way) or way in given.ways.split(";")]
    for seed in range(given.first_seed, given.first_seed + given.seeds):
        for way in chosen:
            for left in (
                ["1", *every] if way == QUANTISED[0] else every if way in QUANTISED else others
            ):
                if float(left) > LEAST or way.startswith("channels"):
                    yield f"{seed}/{way}/{left}"


def train(given: argparse.Namespace) -> None:
    end = time.monotonic() + given.minutes * 60
    told, weights, room = given.out.with_suffix(".jsonl"), given.out.with_suffix(".zip"), given.room
    waiting, under_way = list(jobs_of(given)), dict[Future[Any], Job]()
    print(f"{len(waiting)} trainings", flush=True)
    with closing(WorkerPool(given.workers)) as pool:
        while (waiting or under_way) and time.monotonic() < end:
            while waiting and len(under_way) < given.workers:
                job = waiting.pop(0)
                under_way[pool.submit(worked, job)] = job
            done, _ = wait(under_way, max(0.0, end - time.monotonic()), FIRST_COMPLETED)
            for future in done:
                job = under_way.pop(future)
                try:
                    line, kept = future.result()
                except Exception as error:
                    line, kept = {**job._asdict(), "error": str(error)}, {}
                size = sum(map(len, kept.values()))
                if job.left <= given.keep_left and size <= room:
                    room -= size
                    for stage, data in kept.items():
                        name = f"{job.seed}/{job.way}/{job.left}/{stage}.npz"
                        with zipfile.ZipFile(weights, "a") as file:
                            file.writestr(name, data)
                with told.open("a") as stream:
                    stream.write(json.dumps(line) + "\n")
                said = line.get("error") or f"{line['pruned']:.2%} {line.get('rounded', 0):.2%}"
                print(job.seed, job.way, job.left, said, line.get("seconds"), flush=True)
    print(f"{len(waiting) + len(under_way)} not done", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train")
    training.add_argument("data", type=Path)
    training.add_argument("out", type=Path)
    training.add_argument("--left", default=",".join(map(str, [*LEFT, LEAST])))
    training.add_argument("--other-left", default="", help="for ways that are not quantised")
    training.add_argument("--files", action="store_true", help="write int8 files, too")
    training.add_argument("--ways", default="all", help="all, or some of them, by semicolons")
    training.add_argument("--jobs", type=Path, help="a file of lines like 0/channels, l1/0.05")
    training.add_argument("--first-seed", type=int, default=0)
    training.add_argument("--seeds", type=int, default=3)
    training.add_argument("--epochs", type=int, default=20)
    training.add_argument("--qat-epochs", type=int, default=2)
    training.add_argument("--batch", type=int, default=256)
    training.add_argument("--learning-rate", type=float, default=0.05)
    training.add_argument("--samples", type=int, default=60_000)
    training.add_argument("--tested", type=int, default=10_000)
    training.add_argument("--device", default="cpu")
    training.add_argument("--bfloat16", action="store_true", help="of products, on a CPU")
    training.add_argument("--workers", type=int, default=1)
    training.add_argument("--minutes", type=float, default=600.0)
    training.add_argument("--keep-left", type=float, default=1.0, help="weights of these")
    training.add_argument("--room", type=int, default=7_000_000, help="bytes for weights")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
