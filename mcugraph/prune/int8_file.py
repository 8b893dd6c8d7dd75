"""The int8 file of a model: written, run, and held against what was predicted."""

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree

from mcugraph.errors import FormatError
from mcugraph.export.exported import Exported
from mcugraph.export.running import has_tflm, run_litert, run_tflm
from mcugraph.export.to_tflite import export_tflite
from mcugraph.export.tools import one_sample
from mcugraph.formats.torch.export import inference
from mcugraph.prune.outcome import OnTflm
from mcugraph.prune.task import Inputs, TrainingTask

NEEDED = ("litert_torch", "ai_edge_quantizer", "ai_edge_litert")
SAMPLES_ON_TFLM = 64  # its reference kernels are slow


def missing_tool() -> str | None:
    """What of the ``export`` extra is not installed."""
    return next((name.replace("_", "-") for name in NEEDED if find_spec(name) is None), None)


def write_int8(
    task: TrainingTask,
    model: torch.nn.Module,
    loader: Iterable[Any],
    path: Path,
    samples: int,
    budgets: Mapping[str, int] | None = None,
) -> Exported:
    """Export a model, calibrated on samples of a loader.

    Raises:
        FormatError: It cannot be exported.
    """
    calibration = (task.batch(given, "train", "cpu")[0] for given in loader)
    return export_tflite(model, task.examples, path, calibration, samples, budgets=budgets)


class FileModel:
    """An int8 file called like the module that it was made of, run by LiteRT.

    Args:
        path: The file.
        task: What the module takes.
        model: The module, for the structure of its outputs.
    """

    def __init__(self, path: Path, task: TrainingTask, model: torch.nn.Module) -> None:
        self.path = path
        examples = one_sample(task.examples)
        self._size = examples[0].shape[0]
        with inference(model), torch.no_grad():
            _, self._spec = _pytree.tree_flatten(model(*examples))

    def __call__(self, *inputs: torch.Tensor) -> Any:
        """The module's outputs, as the file has them, for a batch."""
        columns = zip(*run_litert(self.path, self.samples(inputs)), strict=True)
        leaves = [torch.from_numpy(np.concatenate(column)) for column in columns]
        return _pytree.tree_unflatten(leaves, self._spec)

    def samples(self, inputs: Inputs) -> list[Inputs]:
        """A batch in the parts that the file takes; a smaller rest is left out."""
        size, count = self._size, len(inputs[0])
        starts = range(0, count - size + 1, size)
        return [tuple(x[start : start + size] for x in inputs) for start in starts]


def run_on_tflm(file: FileModel, exported: Exported, batches: Iterable[Inputs]) -> OnTflm | str:
    """The file in TFLM beside LiteRT, or why it was not run there.

    Args:
        file: The file.
        exported: What was predicted for it.
        batches: Inputs of the model.
    """
    if not has_tflm():
        return "tflite-micro is not installed: the file was not run in TensorFlow Lite Micro"
    every = (sample for inputs in batches for sample in file.samples(inputs))
    samples = list(islice(every, SAMPLES_ON_TFLM))
    try:
        micro = run_tflm(file.path, samples)
    except FormatError as error:
        return str(error)
    lite = run_litert(file.path, samples)
    ours, theirs = (map(np.stack, zip(*found, strict=True)) for found in (micro.results, lite))
    far = max(
        float(np.abs(a - b).max()) / (float(np.abs(b).max()) or 1.0)
        for a, b in zip(ours, theirs, strict=True)
    )
    return OnTflm(micro.head, exported.arena, len(samples), far)
