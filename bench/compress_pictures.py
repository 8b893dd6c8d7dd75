"""Curves and tables of what the scripts for LeNet have measured.

    python bench/compress_pictures.py FOLDER lenet.jsonl files.jsonl ...

Lines of all files are taken together. It writes ``compression-accuracy.svg`` (Fig. 4(c) of Deutel
et al.), ``compression-rounding.svg`` (Fig. 5) and ``compression-memory.svg`` (Fig. 6) to the
folder, and prints the tables.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from compress_lenet import LEAST, LEFT, QUANTISED
from compress_parts.mnist import EXAMPLE
from compress_parts.networks import Lenet
from matplotlib import pyplot as plt

from mcugraph.compress.deployed_costs import deployed_costs
from mcugraph.formats.torch.importer import from_torch
from mcugraph.storage import Bitmap, Crs, DenseRows

SHOWN = {
    "channels, l1": ("channels, L1", "#1f77b4", "o"),
    "channels, l2": ("channels, L2", "#17becf", "s"),
    "channels, gradient": ("channels, gradient", "#2ca02c", "^"),
    "channels, activation": ("channels, activation", "#9467bd", "v"),
    "channels, random": ("channels, random", "#7f7f7f", "x"),
    "elements, level": ("elements, level", "#d62728", "D"),
    "elements, random": ("elements, random", "#ff7f0e", "+"),
}
LIMITS = {"flash": {"Pico": 2048, "Nano 33": 1024}, "sram": {"Pico, Nano 33": 256}}  # KiB
Curve = dict[float, list[float]]  # share aimed at -> one number a seed


def read(paths: Iterable[Path]) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Trainings; and files by their names. Of several of one name, the last counts."""
    trainings: dict[tuple[Any, ...], dict[str, Any]] = {}
    files: dict[str, dict[str, Any]] = {}
    for path in paths:
        for text in path.read_text().splitlines():
            line = json.loads(text)
            if "way" in line and "error" not in line:
                trainings[line["seed"], line["way"], line["left"]] = line
                for stage, found in line.get("files", {}).items():
                    files[f"{line['seed']}/{line['way']}/{line['left']}/{stage}"] = found
            elif "name" in line:
                files[line["name"]] = line
    return [*trainings.values()], files


def mean(values: list[float]) -> str:
    """Mean and standard deviation of percentages."""
    spread = f" ± {np.std(values, ddof=1):.2f}" if len(values) > 1 else ""
    return f"{round(float(np.mean(values)), 2) + 0.0:.2f}{spread}"


def table(curves: Mapping[str, Curve], shares: Iterable[float]) -> None:
    shares = list(shares)
    print("\n| | " + " | ".join(f"{share:.1%}" for share in shares) + " |")
    print("|---|" + "--:|" * len(shares))
    for name, curve in curves.items():
        cells = [mean(curve[share]) if share in curve else "" for share in shares]
        print(f"| {name} | " + " | ".join(cells) + " |")


def drawn(
    axes: Any, curves: Mapping[str, Curve], shares: Mapping[tuple[str, float], float]
) -> None:
    for name, curve in curves.items():
        way, _, stage = name.partition(": ")
        label, colour, mark = SHOWN[way]
        aims = sorted(curve)
        x = [shares[way, aim] for aim in aims]
        y = [np.mean(curve[aim]) for aim in aims]
        spread = [np.std(curve[aim], ddof=1) if len(curve[aim]) > 1 else 0.0 for aim in aims]
        axes.errorbar(
            *(x, y, spread),
            label=f"{label}: {stage}" if stage else label,
            color=colour,
            marker=mark,
            linestyle="--" if stage == "QAT" else "-",
            markersize=4,
            linewidth=1,
            capsize=2,
        )
    axes.set_xscale("log")
    axes.set_xlabel("parameters that are left")
    axes.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=1))
    axes.grid(linewidth=0.3)


def saved(figure: Any, folder: Path, name: str) -> None:
    figure.tight_layout()
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)


def accuracy(trainings: list[dict[str, Any]], folder: Path) -> dict[int, float]:
    """Relative to the whole network of the same seed."""
    whole = {t["seed"]: t["pruned"] for t in trainings if t["left"] == 1}
    curves: dict[str, Curve] = {way: defaultdict(list) for way in SHOWN}
    shares = {}
    for t in trainings:
        if t["left"] < 1 and t["seed"] in whole:
            curves[t["way"]][t["left"]].append(100 * t["pruned"] / whole[t["seed"]])
            shares[t["way"], t["left"]] = t["share"]
    print("whole: ", {seed: f"{score:.2%}" for seed, score in whole.items()})
    print({name: {a: f"{shares[name, a]:.2%}" for a in curve} for name, curve in curves.items()})
    print({name: {a: len(values) for a, values in curve.items()} for name, curve in curves.items()})
    table(curves, [*LEFT, LEAST])
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.6))
    for axes, low in zip(panels, (0, 95), strict=True):
        drawn(axes, curves, shares)
        axes.set_ylim(low, 100.5)
    panels[0].set_ylabel("accuracy of the whole network's, %")
    panels[0].legend(fontsize=7)
    saved(figure, folder, "compression-accuracy")
    return whole


def rounding(trainings: list[dict[str, Any]], files: dict[str, Any], folder: Path) -> None:
    """What rounding costs, in points of accuracy, beside the same network with floats."""
    curves: dict[str, Curve] = defaultdict(lambda: defaultdict(list))
    shares = {(t["way"], t["left"]): t["share"] for t in trainings}
    for name, found in files.items():
        seed, way, left, stage = name.split("/")
        plain = next(
            t["pruned"]
            for t in trainings
            if (str(t["seed"]), t["way"], str(t["left"])) == (seed, way, left)
        )
        told = f"{way}: {'PPQ' if stage == 'pruned' else 'QAT'}"
        curves[told][float(left)].append(100 * (found["scores"]["quantised"] - plain))
    ordered = {name: curves[name] for name in sorted(curves)}
    print(
        {name: {a: len(values) for a, values in curve.items()} for name, curve in ordered.items()}
    )
    table(ordered, [1.0, *LEFT, LEAST])
    figure, axes = plt.subplots(figsize=(6, 3.4))
    drawn(axes, ordered, shares)
    axes.set_ylabel("accuracy of int8 less that of floats, points")
    axes.legend(fontsize=7)
    saved(figure, folder, "compression-rounding")


def memory(files: dict[str, Any], folder: Path) -> None:
    """Flash and SRAM, in KiB: curves by the formulas of storage, marks as deployed."""
    lefts = np.geomspace(0.003, 1, 60)
    figure, (flash, sram) = plt.subplots(1, 2, figsize=(9, 3.6))
    whole = Lenet()
    for bits, style in ((32, "-"), (8, "--")):
        sizes = [by_formula(whole, left, bits) / 1024 for left in lefts]
        numbers = "floats" if bits == 32 else "int8"
        flash.plot(lefts, sizes, color="#d62728", linestyle=style, label=f"elements, {numbers}")
        channel = [by_formula(Lenet(left**0.5), 1, bits) / 1024 for left in lefts]
        flash.plot(lefts, channel, color="#1f77b4", linestyle=style, label=f"channels, {numbers}")
    for axes, what in ((flash, "flash"), (sram, "sram")):
        for way in QUANTISED:
            for numbers, fill in (("floats", None), ("int8", "none")):
                points = sorted(
                    (found["left"] / 1_199_882, found[numbers][what] / 1024)
                    for name, found in files.items()
                    if name.split("/")[1] == way
                )
                label, colour, mark = SHOWN[way]
                axes.plot(
                    *zip(*points, strict=True),
                    color=colour,
                    marker=mark,
                    markersize=4,
                    linewidth=0.8 if what == "sram" else 0,
                    markerfacecolor=fill or colour,
                    label=f"{label.partition(',')[0]}, {numbers}" if what == "sram" else None,
                )
        for board, limit in LIMITS[what].items():
            axes.axhline(limit, color="black", linestyle=":", linewidth=1)
            places = axes.get_yaxis_transform()
            axes.text(0.02, limit, board, fontsize=7, va="bottom", transform=places)
        axes.set(xscale="log", yscale="log", xlabel="parameters that are left")
        axes.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=1))
        axes.set_ylabel(f"{what.upper() if what == 'sram' else what}, KiB")
        axes.grid(linewidth=0.3)
        axes.legend(fontsize=7)
    saved(figure, folder, "compression-memory")


def by_formula(model: torch.nn.Module, left: float, bits: int) -> int:
    """Bytes of weights and biases, each layer in the form that takes the fewest."""
    total = 0
    for value in model.parameters():
        if value.dim() < 2:
            total += value.numel() * 4
            continue
        rows, columns = len(value), value[0].numel()
        nonzero = round(left * value.numel())
        total += min(f.bytes(rows, columns, nonzero, bits) for f in (DenseRows(), Crs(), Bitmap()))
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("lines", type=Path, nargs="+")
    given = parser.parse_args()
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "0", "font.size": 8})
    trainings, files = read(given.lines)
    accuracy(trainings, given.folder)
    rounding(trainings, files, given.folder)
    memory(files, given.folder)
    whole = deployed_costs(from_torch(Lenet().eval(), EXAMPLE))
    print("\nwhole, floats:", whole.flash, whole.sram)


if __name__ == "__main__":
    main()
