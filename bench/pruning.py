"""Ways to make a network fit the same budgets, side by side: accuracy, costs, time.

    python bench/pruning.py --data fashion=fashion_mnist.npz speech=speech_commands.npz --jobs 2
    python bench/pruning.py --data fashion=fashion_mnist.npz --networks resnet --seeds 2
    python bench/pruning.py --overhead
    python bench/pruning.py --gpu --data cifar=cifar10_webp.npz --models FOLDER --jobs 4

Each run is one line of the file of results; what is there is not done again. Needs
``pip install -e '.[torch]' torch-pruning scipy``.
"""

import argparse
import math
import time
from dataclasses import replace
from pathlib import Path

import torch
from pruning_parts.data import LOADERS
from pruning_parts.networks import NETWORKS
from pruning_parts.overhead import overhead, overhead_on
from pruning_parts.runs import TRIPLES, Results, Setting, pruned_jobs, retrained_jobs, run_all
from pruning_parts.tables import Table
from pruning_parts.training import Plan
from pruning_parts.ways import METHODS, WITH_WHOLE

# The networks of each data set.
USED = {
    "fashion": ("mobilenet", "resnet", "ds_cnn", "branching"),
    "speech": ("ds_cnn",),
    "cifar": ("vgg16", "resnet18"),
}
# 80 epochs of 47,952 images.
ON_GPU = Plan(steps=7500, batch=512, rate=0.4, padded=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--data", nargs="+", default=[], metavar="NAME=FILE", help=f"of {', '.join(LOADERS)}"
    )
    parser.add_argument("--results", type=Path, default=Path("pruning.jsonl"))
    parser.add_argument("--networks", nargs="+", choices=NETWORKS)
    parser.add_argument("--triples", nargs="+", choices=TRIPLES, default=list(TRIPLES))
    parser.add_argument(
        "--methods", nargs="+", choices=[*METHODS, *WITH_WHOLE], default=list(METHODS)
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, help="of a training")
    parser.add_argument("--batch", type=int, help="samples of a step")
    parser.add_argument("--decay", type=float, help="of the weights")
    parser.add_argument("--models", type=Path, help="a folder to keep trained networks in")
    parser.add_argument("--seconds", type=float, default=math.inf, help="no run begins after")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time, one thread each")
    parser.add_argument("--no-retraining", action="store_true", help="leave out retrained widths")
    parser.add_argument("--tables", action="store_true", help="only print what is in the results")
    parser.add_argument("--overhead", action="store_true", help="only what a pruner takes of time")
    parser.add_argument("--gpu", action="store_true", help="large networks, published budgets")
    parser.add_argument("--eager", action="store_true", help="on a GPU: without CUDA graphs")
    arguments = parser.parse_args()
    if arguments.overhead:
        if arguments.gpu:
            print_overhead_on_gpu(arguments.networks or USED["cifar"], plan_of(arguments))
        else:
            print_overhead(arguments.networks or USED["fashion"])
        return
    results = Results(arguments.results)
    if not arguments.tables:
        measure(arguments, results)
    print_tables(Table(results.rows))


def measure(arguments: argparse.Namespace, results: Results) -> None:
    paths = dict(entry.split("=", 1) for entry in arguments.data)
    networks = [
        (data, network)
        for data in paths
        for network in USED[data]
        if network in (arguments.networks or USED[data])
    ]
    triples, device = arguments.triples, "cpu"
    if arguments.gpu:
        triples, device = ["published"], gpu()
    if arguments.models:
        arguments.models.mkdir(parents=True, exist_ok=True)
    setting = Setting(tuple(paths.items()), plan_of(arguments), device, models=arguments.models)
    seeds = range(arguments.seeds)
    jobs = list(pruned_jobs(networks, triples, arguments.methods, seeds))
    end = time.monotonic() + arguments.seconds
    run_all(jobs, setting, results, arguments.jobs, arguments.seconds)
    if not arguments.no_retraining:
        jobs, left = list(retrained_jobs(results.rows)), end - time.monotonic()
        run_all(jobs, setting, results, arguments.jobs, left)


def plan_of(arguments: argparse.Namespace) -> Plan:
    """How networks are trained: as asked for, as is usual here otherwise."""
    plan = ON_GPU if arguments.gpu else Plan()
    said = {name: getattr(arguments, name) for name in ("steps", "batch", "decay")}
    given = {name: value for name, value in said.items() if value is not None}
    return replace(plan, **given, graphs=not arguments.eager)


def gpu() -> str:
    """A GPU; the CPU where there is none, which is good for trying only."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def print_tables(table: Table) -> None:
    parts = []
    for ours in ("at once", "default"):
        if ours in table.methods:
            others = [name for name in table.methods if name != ours]
            parts += [table.against(ours, table.rivals()), table.pooled(ours, others)]
    if {"both", "resources"} <= set(table.methods):
        parts.append(table.against("both", ["resources"]))
    parts += [table.budgets(), table.detailed()]
    print("\n\n".join("\n".join(part) for part in parts))


def print_overhead(networks: list[str]) -> None:
    for size, plan in ((14, Plan()), (28, Plan(batch=128))):
        print(f"images of {size} x {size}, batches of {plan.batch}\n")
        print(
            "| network | budgets | a plain step | steps of pruning | more time in them"
            " | whole run by that of the whole network | the same, at once |"
        )
        print("|---|---|--:|--:|--:|--:|--:|")
        for network in networks:
            print(overhead(network, "sram", size, plan, rounds=3), flush=True)
        print()


def print_overhead_on_gpu(networks: list[str], plan: Plan) -> None:
    print(f"on {gpu()}, images of 32 x 32, batches of {plan.batch}\n")
    print(
        "| network | a plain step | steps of pruning | more time in them | making the pruner"
        " | slimming |"
    )
    print("|---|--:|--:|--:|--:|--:|")
    for network in networks:
        print(overhead_on(gpu(), network, plan), flush=True)


if __name__ == "__main__":
    main()
