"""What a worker does: one training, from a task to an outcome."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial

import torch
from torch import nn

from mcugraph.experiments.batches import Batches, Examples, placed
from mcugraph.experiments.data import Arrays, DataSource
from mcugraph.experiments.variations import varied
from mcugraph.formats.torch.devices import checked_device
from mcugraph.nas.inheritance import from_bytes, inherit, to_bytes
from mcugraph.nas.recipe import Recipe
from mcugraph.nas.tasks import TrialTask
from mcugraph.nas.thinning import Thinning
from mcugraph.nas.trials import Errors, Outcome
from mcugraph.prune.task import TrainingTask
from mcugraph.prune.training import TrainingLoop, seeded

# Networks of some thousand weights learn most in a few epochs at ten times the usual rates.
_RATES = {"adamw": 0.02, "sgd": 0.1}
_DECAYS = {"adamw": 0.01, "sgd": 5e-4}
_COMPARED = 64  # examples, of the masked and the slimmed network
_AT_ONCE = 1000  # examples that are judged together


def train(task: TrialTask) -> Outcome:
    """Train a candidate and judge it by the validation data; finalists by the test data, too.

    One thread on a CPU, so that the same task has the same outcome on any worker.

    Raises:
        UsageError: The training diverges, or there is no such device.
        FormatError: The data cannot be read, or does not fit.
    """
    parts = _placed(task.data, task.recipe.device, task.data.version)
    begun = time.monotonic()  # data are read once, and tell nothing of other trainings
    with _one_thread(), seeded(task.seed):
        module = task.space.module(task.arch)
        if task.start is not None:
            inherit(module, from_bytes(task.start))
        module = _fitted(module.to(task.recipe.device), task, parts["train"])
        errors = Errors(
            _error(module, parts["validation"]),
            _error(module, parts["test"]) if task.test else None,
        )
    seconds = time.monotonic() - begun
    return Outcome(errors, task.epochs, seconds, f"process {os.getpid()}", to_bytes(module))


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread on a CPU, and afterwards as many as before: the caller may be in this process."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@lru_cache(maxsize=2)
def _placed(source: DataSource, device: str, version: object) -> dict[str, Examples]:
    """Examples and classes for training, validation and test, on a device.

    Raises:
        UsageError: There is no such device.
    """
    place = checked_device(device, "recipe: device")
    return {
        name: placed(part, place)
        for name, part in source.load()._asdict().items()
        if isinstance(part, Arrays)
    }


def _fitted(module: nn.Module, task: TrialTask, data: Examples) -> nn.Module:
    """The module after some epochs, or a part of one, without the channels that are pruned."""
    examples, recipe = data[0], task.recipe
    vary = partial(varied, shift=recipe.shift, flip=recipe.flip)
    batches = Batches(data, recipe.batch, task.seed, vary)
    steps = max(1, round(task.epochs * len(batches)))
    thinning = Thinning(task, module, steps) if task.widths and task.sparsity else None
    loop = TrainingLoop(
        *(TrainingTask((examples[:1],)), module, batches),
        *(partial(_optimizer, recipe=recipe), None, steps),
    )
    done = 0

    def after_step() -> bool:
        nonlocal done
        if thinning is not None:
            thinning.after(done)
        done += 1
        return done == steps

    while done < steps:
        loop.epoch(after_step)
    return module if thinning is None else thinning.end(examples[:_COMPARED])


def _optimizer(weights: list[nn.Parameter], recipe: Recipe) -> torch.optim.Optimizer:
    rate = recipe.learning_rate or _RATES[recipe.optimizer]
    decay = _DECAYS[recipe.optimizer] if recipe.weight_decay is None else recipe.weight_decay
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(weights, rate, weight_decay=decay, fused=True)
    return torch.optim.SGD(weights, rate, momentum=0.9, weight_decay=decay, fused=True)


def _error(module: nn.Module, data: Examples) -> float:
    """The share of examples that a network classifies wrongly."""
    module.eval()
    with torch.no_grad():
        parts = zip(*(torch.split(part, _AT_ONCE) for part in data), strict=True)
        wrong = sum((module(examples).argmax(1) != classes).sum() for examples, classes in parts)
    return int(wrong) / len(data[1])
