"""A published figure of a plan that overlaps, beside ours for networks of that kind.

    python bench/published.py [--verify]

The networks are written as int8 TFLite files with random weights, which takes the extra ``export``:
memory does not depend on them. Published is what Blacker et al., "Diagonal Memory Optimisation"
(arXiv:2010.01668), say of MobileNet v1 0.25 128 with 8 bits: 96 KB before, 64 KB after. For the
other networks there is no published figure here, since none could be checked.
"""

import argparse
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

import mcugraph as mg
from mcugraph.prune import export_tflite

PUBLISHED = {("v1", 0.25, 128): (96, 64)}  # kilobytes of 1,024 bytes, before and after
NETWORKS = (
    ("v1", 0.25, 96),
    ("v1", 0.25, 128),
    ("v1", 0.25, 160),
    ("v1", 0.25, 224),
    ("v1", 0.5, 128),
    ("v1", 1.0, 128),
)
WAYS: dict[str, dict[str, Any]] = {
    "any": {},
    "reference": {"kernels": "reference"},
    "+ splits": {"kernels": "reference", "split": True},
    "cmsis-nn + splits, 10 % slower": {
        "kernels": "cmsis-nn",
        "split": True,
        "allow_slower": 0.1,
    },
}


class Padded(nn.Module):
    """A convolution of 3 x 3 and stride 2, padded as TFLite does: at the end only."""

    def __init__(self, i: int, o: int, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(i, o, 3, 2, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(nn.functional.pad(x, (0, 1, 0, 1)))


def window(i: int, o: int, stride: int, groups: int = 1) -> nn.Module:
    if stride == 2:
        return Padded(i, o, groups)
    return nn.Conv2d(i, o, 3, 1, 1, groups=groups)


class MobileNetV1(nn.Module):
    """Howard et al., arXiv:1704.04861, without batch norm, which is folded on devices."""

    BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5,
              (1024, 2), (1024, 1))  # fmt: skip

    def __init__(self, alpha: float, classes: int = 1000) -> None:
        super().__init__()
        i = int(32 * alpha)
        layers: list[nn.Module] = [window(3, i, 2), nn.ReLU6()]
        for width, stride in self.BLOCKS:
            o = int(width * alpha)
            layers += [window(i, i, stride, i), nn.ReLU6(), nn.Conv2d(i, o, 1), nn.ReLU6()]
            i = o
        self.features = nn.Sequential(*layers)
        self.fc = nn.Linear(i, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.features(x).mean((2, 3)))


def write(network: tuple[str, float, int], folder: Path) -> Path:
    _, alpha, size = network
    torch.manual_seed(0)
    path = folder / f"{network}.tflite"
    image = torch.randn(1, 3, size, size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        export_tflite(MobileNetV1(alpha).eval(), image, path, [torch.randn(4, 3, size, size)])
    return path


def row(network: tuple[str, float, int], folder: Path, verify: bool) -> Sequence[str]:
    kind, alpha, size = network
    path = write(network, folder)
    memory = mg.profile(path).memory
    cells = [f"MobileNet {kind} {alpha:g} {size}", f"{memory.tflm_arena:,}"]
    for options in WAYS.values():
        checked = verify and options.get("kernels") != "cmsis-nn"
        began = perf_counter()
        found = mg.optimize(path, folder / "new.tflite", verify=checked, **options)
        seconds = perf_counter() - began
        after = found.after
        cells.append(f"{after.tflm_arena:,} + {after.tflm_persistent:,} ({seconds:.1f} s)")
    told = PUBLISHED.get(network)
    cells.append("-" if told is None else f"{told[0] * 1024:,} -> {told[1] * 1024:,}")
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--verify", action="store_true", help="compare outputs in TFLM's wheel")
    options = parser.parse_args()
    header = ("network", "head before", *WAYS, "published head")
    print("| " + " | ".join(header) + " |")
    print("|---|" + "---:|" * (len(header) - 1))
    with tempfile.TemporaryDirectory() as folder:
        for network in NETWORKS:
            cells = row(network, Path(folder), options.verify)
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
