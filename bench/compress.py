"""Compression of the networks of Deutel et al. (2023), Table 1, without training.

    python bench/compress.py

Weights and biases in flash, peak SRAM and MACs of the untrained networks at the paper's compression
rates, and which boards they fit. ``compress_lenet.py`` trains one of them.
"""

from typing import Any

import torch
from compress_parts.networks import Alexnet, Lenet, Resnet

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


if __name__ == "__main__":
    sizes()
