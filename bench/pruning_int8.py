"""What the slim networks of a pruning benchmark come to as int8 files, run by LiteRT.

    python bench/pruning_int8.py --data cifar=cifar10_webp.npz --results FILE --models FOLDER

Needs ``pip install -e '.[export]'``.
"""

import argparse
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from pruning_parts.data import Data
from pruning_parts.methods import narrow
from pruning_parts.runs import COSTS, Job, Results, Setting, loaded, new_network, space_of
from pruning_parts.training import Plan

from mcugraph.export.running import run_litert
from mcugraph.prune import export_tflite

# Of the training data, to choose scales by.
CALIBRATION = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", nargs="+", required=True, metavar="NAME=FILE")
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    paths = dict(entry.split("=", 1) for entry in arguments.data)
    setting = Setting(tuple(paths.items()), Plan(), models=arguments.models)
    print("| network | method | seed | float, % | int8, % | peak | size | MACs | arena |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|")
    for row in Results(arguments.results).rows:
        kept = setting.kept(Job.of(row))
        if kept is not None and kept.exists() and row["triple"]:
            data = loaded(row["data"], paths[row["data"]], "cpu")
            print(line(row, torch.load(kept, weights_only=True), data), flush=True)


def line(row: dict[str, Any], weights: dict[str, torch.Tensor], data: Data) -> str:
    """A run's accuracy with floats and with int8, and its costs as the file has them."""
    space = space_of(row["data"], row["network"], data)
    model = narrow(new_network(row["network"], data), row["widths"], space, data.example)
    model.load_state_dict(weights)
    x, y = data.test
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        calibration = data.train[0][:CALIBRATION].split(1)
        exported = export_tflite(model.eval(), data.example, path, calibration, CALIBRATION)
        found = run_litert(path, [(sample,) for sample in x.split(1)])
    right = np.mean(
        [int(scores.argmax()) == int(label) for (scores,), label in zip(found, y, strict=True)]
    )
    figures = [exported.figures[name] for name in COSTS] + [exported.arena]
    costs = " | ".join("" if figure is None else f"{figure:,}" for figure in figures)
    name = f"{row['network']} | {row['method']} | {row['seed']}"
    return f"| {name} | {100 * row['accuracy']:.2f} | {100 * right:.2f} | {costs} |"


if __name__ == "__main__":
    main()
