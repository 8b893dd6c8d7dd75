"""Compression of the networks of Deutel et al. (2023), Table 1.

    python bench/compress.py sizes
    python bench/compress.py lenet DATA.npz --samples 10000 --epochs 5 --rates 0.9,0.99

``sizes`` tells weights and biases in flash, peak SRAM and MACs of the untrained networks at the
paper's compression rates, and which boards they fit. ``lenet`` trains LeNet by each heuristic and
rate, from new weights, and prints accuracy against what is left.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from compress_networks import Alexnet, Lenet, Resnet

from mcugraph.compress import Training, elements, structural
from mcugraph.formats.torch.importer import from_torch
from mcugraph.profiler import profile
from mcugraph.storage import Bitmap, Crs, DenseRows

# Flash and SRAM of the paper's boards, Table 2, in bytes.
BOARDS = {"Pico": (2 << 20, 256 << 10), "Nano 33": (1 << 20, 256 << 10)}
NETWORKS: dict[str, tuple[Any, tuple[int, ...], tuple[float, ...]]] = {
    "LeNet": (Lenet, (1, 1, 28, 28), (0.0, 0.95, 0.97, 0.9918, 0.997)),
    "AlexNet": (Alexnet, (1, 3, 32, 32), (0.0, 0.959, 0.982, 0.996)),
    "ResNet": (Resnet, (1, 3, 32, 32), (0.0, 0.932, 0.987, 0.996)),
}
WAYS = {
    "elements, level": (elements, "level"),
    "elements, random": (elements, "random"),
    "channels, L1": (structural, "l1"),
    "channels, L2": (structural, "l2"),
    "channels, gradient": (structural, "gradient"),
    "channels, activation": (structural, "activation"),
    "channels, random": (structural, "random"),
}


def parameters(model: torch.nn.Module) -> int:
    return sum(value.numel() for value in model.parameters())


def scaled(network: Any, left: float) -> torch.nn.Module:
    """All widths by one factor, so that just so many of the parameters are left."""
    whole = parameters(network())
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        if parameters(network(middle)) > left * whole:
            high = middle
        else:
            low = middle
    return network(low)


def stored(model: torch.nn.Module, left: float, bits: int) -> tuple[int, int]:
    """Bytes of weights with zeros in each layer alike, and biases, by the cheapest form."""
    forms, total, kept = (DenseRows(), Crs(), Bitmap()), 0, 0
    for value in model.parameters():
        if value.dim() < 2:
            total += value.numel() * 4
            kept += value.numel()
            continue
        rows, columns = len(value), value[0].numel()
        nonzero = round(left * value.numel())
        total += min(form.bytes(rows, columns, nonzero, bits) for form in forms)
        kept += nonzero
    return total, kept


def fits(flash: int, sram: int) -> str:
    found = [name for name, (most, memory) in BOARDS.items() if flash <= most and sram <= memory]
    return ", ".join(found) or "none"


def sizes() -> None:
    print("| network | pruned | parameters left | numbers | flash, B | SRAM, B | MACs | fits |")
    print("|---|---|--:|---|--:|--:|--:|---|")
    for name, (network, shape, rates) in NETWORKS.items():
        for rate in rates:
            small = scaled(network, 1 - rate) if rate else network()
            graph = from_torch(small.eval(), torch.zeros(shape))
            for precision in (None, "int8"):
                found = profile(graph, precision=precision)
                flash = found.flash.weights + found.flash.biases
                told = f"{parameters(small) / parameters(network()):.2%}"
                row(name, "channels", told, precision, flash, found.memory.peak, found.macs)
            if not rate:
                continue
            whole = network().eval()
            graph = from_torch(whole, torch.zeros(shape))
            for precision, bits in ((None, 32), ("int8", 8)):
                found = profile(graph, precision=precision)
                flash, kept = stored(whole, 1 - rate, bits)
                told = f"{kept / parameters(whole):.2%}"
                row(name, "elements", told, precision, flash, found.memory.peak, found.macs)


def row(
    name: str, way: str, left: str, precision: str | None, flash: int, sram: int, macs: int
) -> None:
    numbers = precision or "float"
    print(
        f"| {name} | {way} | {left} | {numbers} | {flash:,} | {sram:,} | {macs:,} "
        f"| {fits(flash, sram)} |",
        flush=True,
    )


def batches(path: Path, samples: int, tested: int, size: int, seed: int) -> tuple[Any, list[Any]]:
    with np.load(path) as data:
        arrays = [data[name] for name in ("x_train", "y_train", "x_test", "y_test")]
    chosen = np.random.default_rng(seed).permutation(len(arrays[0]))[:samples]
    train = Shuffled(images(arrays[0][chosen]), classes(arrays[1][chosen]), size, seed)
    test = images(arrays[2][:tested]).split(1000), classes(arrays[3][:tested]).split(1000)
    return train, list(zip(*test, strict=True))


def images(values: Any) -> torch.Tensor:
    return ((torch.from_numpy(values).float() / 255) - 0.1307).unsqueeze(1) / 0.3081


def classes(values: Any) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.int64))


class Shuffled:
    """Batches of tensors, in a new order each time."""

    def __init__(self, x: torch.Tensor, y: torch.Tensor, size: int, seed: int) -> None:
        self.x, self.y, self.size = x, y, size
        self._order = torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        return -(-len(self.x) // self.size)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for chosen in torch.randperm(len(self.x), generator=self._order).split(self.size):
            yield self.x[chosen], self.y[chosen]


def lenet(given: argparse.Namespace) -> None:
    rates = [float(rate) for rate in given.rates.split(",")]
    torch.set_num_threads(1)
    print("| way | to go | seed | parameters left | float | int8 | flash, B | SRAM, B | CPU, s |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for seed in range(given.seeds):
        for rate, name in ((rate, name) for rate in rates for name in WAYS):
            if not rate and name != "elements, level":
                continue
            begun = time.process_time()
            train, test = batches(given.data, given.samples, given.tested, 48, seed)
            torch.manual_seed(seed)
            model = Lenet()
            training = Training(
                *(train, test),
                epochs=given.epochs,
                optimizer="sgd",
                learning_rate=0.01,
                seed=seed,
                report=lambda line: print(line, file=sys.stderr),
            )
            way, heuristic = WAYS[name]
            wanted = rate if way is elements else 1 - (1 - rate) ** 0.5
            result = way(model, torch.zeros(1, 1, 28, 28), training, wanted, heuristic=heuristic)
            assert result.after is not None
            scores = result.scores
            print(
                f"| {name if rate else 'nothing pruned'} | {rate:.1%} | {seed} | {result.left:.2%} "
                f"| {scores['pruned']:.2%} | {scores['quantised']:.2%} | {result.after.flash:,} "
                f"| {result.after.sram:,} | {time.process_time() - begun:.0f} |",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sizes")
    training = commands.add_parser("lenet")
    training.add_argument("data", type=Path)
    training.add_argument("--samples", type=int, default=60_000)
    training.add_argument("--tested", type=int, default=10_000)
    training.add_argument("--epochs", type=int, default=20)
    training.add_argument("--rates", default="0,0.9,0.95,0.99")
    training.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    if given.command == "sizes":
        sizes()
    else:
        lenet(given)


if __name__ == "__main__":
    main()
