"""What a worker does: one training, from a task to an outcome."""

import math
import os
import time
from functools import lru_cache

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from mcugraph.errors import UsageError
from mcugraph.experiments.data import Arrays, DataSource
from mcugraph.formats.torch.devices import checked_device
from mcugraph.nas.inheritance import from_bytes, inherit, to_bytes
from mcugraph.nas.recipe import Recipe
from mcugraph.nas.tasks import TrialTask
from mcugraph.nas.thinning import Thinning
from mcugraph.nas.trials import Errors, Outcome

Examples = tuple[torch.Tensor, torch.Tensor]  # and their classes

# Networks of some thousand weights learn most in a few epochs at ten times the usual rates.
_RATES = {"adamw": 0.02, "sgd": 0.1}
_DECAYS = {"adamw": 0.01, "sgd": 5e-4}
_WARM_UP = 0.05  # of all steps
_COMPARED = 64  # examples, of the masked and the slimmed network
_AT_ONCE = 1000  # examples that are judged together
_LOOKED = 20  # steps between two looks at the loss: a look makes a GPU wait


def train(task: TrialTask) -> Outcome:
    """Train a candidate and judge it by the validation data; finalists by the test data, too.

    One thread on a CPU, so that the same task has the same outcome on any worker.

    Raises:
        UsageError: The training diverges, or there is no such device.
        FormatError: The data cannot be read, or does not fit.
    """
    torch.set_num_threads(1)
    parts = _placed(task.data, task.recipe.device)
    begun = time.monotonic()  # data are read once, and tell nothing of other trainings
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(task.seed)
        module = task.space.module(task.arch)
        if task.start is not None:
            inherit(module, from_bytes(task.start))
        module = _fitted(module.to(task.recipe.device), task, parts["train"])
    errors = Errors(
        _error(module, parts["validation"]), _error(module, parts["test"]) if task.test else None
    )
    seconds = time.monotonic() - begun
    return Outcome(errors, task.epochs, seconds, f"process {os.getpid()}", to_bytes(module))


@lru_cache(maxsize=2)
def _placed(source: DataSource, device: str) -> dict[str, Examples]:
    """Examples and classes for training, validation and test, on a device.

    Raises:
        UsageError: There is no such device.
    """
    place = checked_device(device, "recipe: device")
    return {
        name: (torch.from_numpy(part.examples).to(place), torch.from_numpy(part.classes).to(place))
        for name, part in source.load()._asdict().items()
        if isinstance(part, Arrays)
    }


def _fitted(module: nn.Module, task: TrialTask, data: Examples) -> nn.Module:
    """The module after some epochs, or a part of one, without the channels that are pruned."""
    recipe = task.recipe
    examples, classes = data
    each = -(-len(classes) // recipe.batch)
    steps = max(1, round(task.epochs * each))
    optimizer = _optimizer(module, recipe)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps))
    order = torch.Generator().manual_seed(task.seed)
    thinning = Thinning(task, module, steps) if task.widths and task.sparsity else None
    module.train()
    loss = None
    for step in range(steps):
        if step % each == 0:
            shuffled = torch.randperm(len(classes), generator=order).to(classes.device)
        chosen = shuffled[step % each * recipe.batch :][: recipe.batch]
        if len(chosen) < 2 and len(classes) > 1:
            continue  # of one example, a batch norm knows nothing
        batch = _varied(examples[chosen], recipe, order)
        optimizer.zero_grad()
        loss = F.cross_entropy(module(batch), classes[chosen])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        if step % _LOOKED == 0:
            _check_finite(loss)
        if thinning is not None:
            thinning.after(step)
    if loss is not None:
        _check_finite(loss)
    return module if thinning is None else thinning.end(examples[:_COMPARED])


def _check_finite(loss: torch.Tensor) -> None:
    if not math.isfinite(float(loss.detach())):
        raise UsageError("the training diverges: its loss is not finite")


def _optimizer(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    rate = recipe.learning_rate or _RATES[recipe.optimizer]
    decay = _DECAYS[recipe.optimizer] if recipe.weight_decay is None else recipe.weight_decay
    weights = list(module.parameters())
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(weights, rate, weight_decay=decay, fused=True)
    return torch.optim.SGD(weights, rate, momentum=0.9, weight_decay=decay, fused=True)


def _rate(step: int, steps: int) -> float:
    """The learning rate of a step, as a share of the highest: it rises, and falls as a cosine."""
    rising = max(1.0, _WARM_UP * steps)
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(steps - rising, 1)))


def _varied(batch: torch.Tensor, recipe: Recipe, order: torch.Generator) -> torch.Tensor:
    """A batch, shifted and mirrored as the recipe says."""
    axes = range(2, batch.ndim)
    if recipe.shift and batch.ndim > 2:
        far = recipe.shift
        padded = F.pad(batch, [far] * (2 * len(axes)), mode="constant")
        offsets = torch.randint(0, 2 * far + 1, (len(axes),), generator=order)
        for axis, offset in zip(axes, offsets.tolist(), strict=True):
            padded = padded.narrow(axis, offset, batch.shape[axis])
        batch = padded
    if recipe.flip and batch.ndim > 2 and torch.rand((), generator=order) < 0.5:
        batch = batch.flip(-1)
    return batch


def _error(module: nn.Module, data: Examples) -> float:
    """The share of examples that a network classifies wrongly."""
    module.eval()
    with torch.no_grad():
        parts = zip(*(torch.split(part, _AT_ONCE) for part in data), strict=True)
        wrong = sum((module(examples).argmax(1) != classes).sum() for examples, classes in parts)
    return int(wrong) / len(data[1])
