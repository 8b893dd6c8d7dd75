"""A model as its quantised file: what that scores, and what it takes, deployed."""

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from mcugraph.compress.deployed_costs import DeployedCosts, deployed_costs
from mcugraph.compress.pruning_methods import CompressionWork
from mcugraph.errors import FormatError, GraphError
from mcugraph.export.to_tflite import export_tflite
from mcugraph.formats.loader import load
from mcugraph.formats.torch.importer import from_torch
from mcugraph.prune.int8_file import FileModel


def filed(
    work: CompressionWork,
    model: torch.nn.Module,
    scheme: str,
    path: Path,
    samples: int,
    notes: list[str],
) -> tuple[float, DeployedCosts | None]:
    """Write the file of a model; what it scores in LiteRT, and what it takes.

    Args:
        work: It has the data.
        model: On the CPU.
        scheme: As of ``quantise``.
        path: The file.
        samples: How many training samples the ranges of activations are measured on.
        notes: They get what it cannot be run by, and why.

    Raises:
        FormatError: The model cannot be exported.
    """
    batches: Iterable[Any] = (
        work.task.batch(given, "train", "cpu")[0] for given in work.loaders.train
    )
    # Of pruned networks few values count: none is cut off.
    exported = export_tflite(
        model, work.examples, path, batches, samples, scheme=scheme, ranges="whole"
    )
    notes += exported.profile.tflm_refusals
    score = work.task.score(FileModel(path, work.task, model), work.loaders.test, "test", "cpu")
    try:
        return score, deployed_costs(load(path))
    except GraphError as error:
        notes.append(str(error))
        return score, None


def costs_of(
    model: torch.nn.Module, examples: tuple[torch.Tensor, ...], notes: list[str]
) -> DeployedCosts | None:
    """What a module takes, deployed with floats; None: ``notes`` get why that is not known."""
    try:
        return deployed_costs(from_torch(copy.deepcopy(model).cpu().eval(), examples))
    except (GraphError, FormatError) as error:
        notes.append(f"with floats, {error}")
        return None
