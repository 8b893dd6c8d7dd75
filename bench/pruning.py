"""Ways to make a network fit the same budgets, side by side: accuracy, costs, time.

    python bench/pruning.py --data fashion_mnist.npz
    python bench/pruning.py --data fashion_mnist.npz --networks residual --seeds 1
    python bench/pruning.py --data fashion_mnist.npz --overhead

The data are arrays x_train, y_train, x_test, y_test of images and labels, as bytes. Needs
``pip install -e '.[torch]' torch-pruning``.
"""

import argparse
import copy
import json
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from pruning_networks import NETWORKS
from torch import Tensor, nn

import mcugraph as mg
from mcugraph.prune import OneShot, Pruner, carry_over

INPUT = torch.zeros(1, 1, 28, 28)
# One triple for each network, as fractions of what the whole one costs.
BUDGETS = {"peak": 0.5, "size": 0.3, "macs": 0.3}
BATCH, RATE = 128, 0.1
OPTIONS = {"interval": 10, "max_step": 0.05}


@dataclass
class Data:
    """Training, validation and test images, normalised, with labels."""

    train: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]

    @classmethod
    def load(cls, path: Path, count: int, device: str) -> "Data":
        with np.load(path) as arrays:
            x, y = arrays["x_train"], arrays["y_train"]
            test = arrays["x_test"], arrays["y_test"]
        order = np.random.default_rng(0).permutation(len(x))
        held, used = order[:2048], order[2048:][:count]
        mean, deviation = x.mean() / 255, x.std() / 255

        def tensors(x: Any, y: Any) -> tuple[Tensor, Tensor]:
            images = (torch.from_numpy(x).float()[:, None] / 255 - mean) / deviation
            return images.to(device), torch.from_numpy(y).long().to(device)

        return cls(tensors(x[used], y[used]), tensors(x[held], y[held]), tensors(*test))


@dataclass
class Run:
    """One network in training; the seed decides its weights and its batches."""

    network: str
    data: Data
    epochs: int
    seed: int
    model: nn.Module = field(init=False)

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        self.model = NETWORKS[self.network]().to(self.data.train[0].device)
        self.generator = torch.Generator().manual_seed(self.seed)
        self.steps_per_epoch = len(self.data.train[0]) // BATCH
        self.optimizer = torch.optim.SGD(
            self.model.parameters(), RATE, momentum=0.9, weight_decay=5e-4, nesterov=True
        )
        steps = self.epochs * self.steps_per_epoch
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, RATE, steps)

    def replace(self, model: nn.Module) -> None:
        """Go on with a smaller model; the optimizer starts anew at the rate that is due."""
        self.model = model
        for group in self.optimizer.param_groups:
            group["params"] = list(model.parameters())
        self.optimizer.state.clear()

    def train(self, epochs: int, step: Callable[[], None] | None = None) -> None:
        x, y = self.data.train
        self.model.train()
        for _ in range(epochs):
            order = torch.randperm(len(x), generator=self.generator).to(x.device)
            for batch in order.split(BATCH)[: self.steps_per_epoch]:
                self.optimizer.zero_grad()
                F.cross_entropy(self.model(x[batch]), y[batch]).backward()
                self.optimizer.step()
                self.schedule.step()
                if step is not None:
                    step()
                    self.model.train()

    def loss(self) -> Tensor:
        """The task loss of a validation batch."""
        x, y = self.data.validation
        batch = torch.randint(len(x), (BATCH,), generator=self.generator).to(x.device)
        return F.cross_entropy(self.model(x[batch]), y[batch])

    def accuracy(self) -> float:
        x, y = self.data.test
        self.model.eval()
        with torch.no_grad():
            found = torch.cat([self.model(part).argmax(1) for part in x.split(1000)])
        return float((found == y).float().mean())


Budgets = dict[str, int]


def unpruned(run: Run, budgets: Budgets) -> None:
    run.train(run.epochs)


def uniform(run: Run, budgets: Budgets) -> None:
    """All layers narrower by one factor from the start."""
    pruner = Pruner(run.model, example(run), budgets, schedule=OneShot(), salience="random")
    pruner.enforce()
    small = pruner.slim()
    torch.manual_seed(run.seed)
    for module in small.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    run.replace(small)
    run.train(run.epochs)


def one_shot(run: Run, budgets: Budgets) -> None:
    """Half of the training, then the least L1 norms of all layers go by one factor."""
    run.train(run.epochs // 2)
    pruner = Pruner(run.model, example(run), budgets, schedule=OneShot(), salience="l1")
    pruner.enforce()
    run.replace(pruner.slim())
    run.train(run.epochs - run.epochs // 2)


def torch_pruning(run: Run, budgets: Budgets) -> None:
    """The same with Torch-Pruning, L1 norms over groups, at the largest ratio that fits."""
    import torch_pruning as tp

    def pruned(ratio: float) -> nn.Module:
        model = copy.deepcopy(run.model)
        tp.pruner.MagnitudePruner(
            model,
            example(run),
            importance=tp.importance.GroupMagnitudeImportance(p=1),
            pruning_ratio=ratio,
            ignored_layers=[model.fc],
        ).step()
        return model

    run.train(run.epochs // 2)
    low, high = 0.0, 0.95
    while high - low > 0.005:
        middle = (low + high) / 2
        costs = measured(pruned(middle))
        met = all(costs[name] <= budgets[name] for name in budgets)
        low, high = (low, middle) if met else (middle, high)
    run.replace(pruned(high))
    run.train(run.epochs - run.epochs // 2)


def learned(**options: Any) -> Callable[[Run, Budgets], None]:
    def method(run: Run, budgets: Budgets) -> None:
        pruner = Pruner(run.model, example(run), budgets, seed=run.seed, **OPTIONS, **options)
        run.train(run.epochs, lambda: void(pruner.step(run.loss)))
        run.model = pruner.slim(over_budget=True)

    return method


def early(run: Run, budgets: Budgets) -> None:
    """Slimmed in mid-training, as soon as the masks hardly change."""
    pruner = Pruner(run.model, example(run), budgets, seed=run.seed, **OPTIONS)

    def step() -> None:
        if run.model is pruner.model:
            pruner.step(run.loss)
            if pruner.settled(tolerance=0.02, updates=3):
                run.model = pruner.slim()
                carry_over(run.optimizer, pruner.model, run.model)

    run.train(run.epochs, step)
    if run.model is pruner.model:
        run.model = pruner.slim(over_budget=True)


METHODS: dict[str, Callable[[Run, Budgets], None]] = {
    "unpruned": unpruned,
    "uniform widths": uniform,
    "L1 one-shot": one_shot,
    "Torch-Pruning": torch_pruning,
    "task loss only": learned(objective="task"),
    "resources only": learned(objective="resources"),
    "both, operator bound": learned(peak_by="operator_bound"),
    "both, exact peak": learned(),
    "both, early termination": early,
}


def void(_: Any) -> None:
    return None


def example(run: Run) -> Tensor:
    return INPUT.to(next(run.model.parameters()).device)


def measured(model: nn.Module) -> dict[str, int]:
    """What a model costs as int8, counted on the model itself."""
    device = next(model.parameters()).device
    found = mg.profile(mg.from_torch(model, INPUT.to(device)), precision="int8").to_dict()
    flash = found["flash"]
    return {
        "peak": found["memory"]["peak"],
        "size": flash["weights"] + flash["biases"],
        "macs": found["macs"],
    }


def budgets_of(network: str) -> Budgets:
    whole = measured(NETWORKS[network]())
    return {name: int(whole[name] * fraction) for name, fraction in BUDGETS.items()}


def compare(network: str, arguments: argparse.Namespace, data: Data) -> list[dict[str, Any]]:
    """One row a method and a seed; the methods of a seed one after the other."""
    budgets, rows = budgets_of(network), []
    for seed in range(arguments.seeds):
        for name in ["unpruned", *[m for m in arguments.methods if m != "unpruned"]]:
            run = Run(network, data, arguments.epochs, seed)
            start = time.perf_counter()
            METHODS[name](run, budgets)
            seconds = time.perf_counter() - start
            costs = measured(run.model)
            met = {key: costs[key] <= budgets[key] for key in budgets}
            row = {"network": network, "method": name, "seed": seed, "seconds": seconds,
                   "accuracy": run.accuracy(), "budgets": budgets, "met": met, **costs}  # fmt: skip
            rows.append(row)
            print(json.dumps(row), flush=True)
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Means over the seeds as Markdown."""
    network, budgets = rows[0]["network"], rows[0]["budgets"]
    plain = {row["seed"]: row["seconds"] for row in rows if row["method"] == "unpruned"}
    limits = ", ".join(f"{name} {limit:,}" for name, limit in budgets.items())
    lines = [f"**{network}**, budgets: {limits}", ""]
    lines.append("| method | accuracy, % | size | peak | MACs | budgets met | time |")
    lines.append("|---|--:|--:|--:|--:|--:|--:|")
    for method in dict.fromkeys(row["method"] for row in rows):
        mine = [row for row in rows if row["method"] == method]
        accuracy = [100 * row["accuracy"] for row in mine]
        spread = statistics.stdev(accuracy) if len(mine) > 1 else float("nan")
        costs = [
            f"{statistics.mean(row[k] for row in mine):,.0f}" for k in ("size", "peak", "macs")
        ]
        met = sum(all(row["met"].values()) for row in mine)
        ratio = statistics.mean(row["seconds"] / plain[row["seed"]] for row in mine)
        cells = [method, f"{statistics.mean(accuracy):.1f} ± {spread:.1f}", *costs]
        lines.append("| " + " | ".join([*cells, f"{met} of {len(mine)}", f"{ratio:.2f}"]) + " |")
    return "\n".join(lines)


def overhead(network: str, data: Data, rounds: int = 6) -> str:
    """The time of training steps with a pruner at its defaults, against plain ones.

    Twenty steps and one update, by turns with twenty plain steps; the fastest of several rounds
    of each. Once with an update that learns widths, and once with the budgets met.
    """
    learning, met = [], []
    for seconds, budgets in ((learning, budgets_of(network)), (met, {"macs": 10**12})):
        plain, pruned = Run(network, data, 10, 0), Run(network, data, 10, 0)
        pruner = Pruner(pruned.model, example(pruned), budgets)
        for run, step in (
            (plain, None),
            (pruned, lambda r=pruned, p=pruner: p.step(r.loss)),
        ) * rounds:
            x, y = run.data.train
            start = time.perf_counter()
            for _ in range(pruner.interval):
                batch = torch.randint(len(x), (BATCH,))
                run.optimizer.zero_grad()
                F.cross_entropy(run.model(x[batch]), y[batch]).backward()
                run.optimizer.step()
                if step is not None:
                    step()
            seconds.append(time.perf_counter() - start)
    shares = [min(s[1::2]) / min(s[::2]) - 1 for s in (learning, met)]
    return f"| {network} | {shares[0]:+.1%} | {shares[1]:+.1%} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path, required=True, help="images and labels as .npz")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--images", type=int, default=12_800, help="training images an epoch")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--overhead", action="store_true", help="only the time of a training step")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    data = Data.load(arguments.data, arguments.images, arguments.device)
    if arguments.overhead:
        print("| network | while widths are learned | once budgets are met |\n|---|--:|--:|")
        print("\n".join(overhead(network, data) for network in arguments.networks))
        return
    tables = [table(compare(network, arguments, data)) for network in arguments.networks]
    print("\n\n".join(["", *tables]))


if __name__ == "__main__":
    main()
