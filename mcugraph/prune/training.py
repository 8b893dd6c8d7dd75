"""A plain training loop that goes on when its model is slimmed."""

import math
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from mcugraph.errors import UsageError
from mcugraph.formats.torch.export import inference
from mcugraph.prune.optimizers import carry_over
from mcugraph.prune.task import TrainingTask

OPTIMIZERS = ("adamw", "sgd")
# The highest learning rates that suit small networks.
RATES = {"adamw": 2e-3, "sgd": 0.05}
_WARM_UP = 0.05  # of all steps
_GLANCE = 50  # steps from one look at an accelerator's loss to the next: each waits for it
_TEMPERATURE = 2.0

Optimizer = str | Callable[[list[torch.nn.Parameter]], torch.optim.Optimizer]


class TrainingLoop:
    """Trains a model, with a learning rate that rises for a moment and falls as a cosine to 0.

    Args:
        task: What it is trained for.
        model: It is trained in place, on the device it is on.
        loader: Training batches.
        optimizer: ``"adamw"``, ``"sgd"`` (with momentum), or a function from parameters to one.
        learning_rate: The highest; None: 0.002 for AdamW, 0.05 for SGD. Not with a function.
        steps: Training steps in all.
        scale: What the learning rate is multiplied by, whoever chose it.

    Raises:
        UsageError: The optimizer is none.
    """

    def __init__(
        self,
        task: TrainingTask,
        model: torch.nn.Module,
        loader: Iterable[Any],
        optimizer: Optimizer,
        learning_rate: float | None,
        steps: int,
        scale: float = 1.0,
    ) -> None:
        self.task, self.model, self.loader = task, model, loader
        self.device = device_of(model)
        self._optimizer = _optimizer(model, optimizer, learning_rate)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer, lambda step: scale * _share(step, steps)
        )
        self._teacher: tuple[torch.nn.Module, float] | None = None

    def replace(self, small: torch.nn.Module) -> None:
        """Go on with what the model was slimmed to."""
        carry_over(self._optimizer, self.model, small)
        self.model = small.train()

    def learn_from(self, teacher: torch.nn.Module, weight: float) -> None:
        """From now on, so much of the loss is how far outputs are from those of a teacher."""
        self._teacher = teacher, weight

    def epoch(self, after_step: Callable[[], bool]) -> float:
        """Once through the training data; returns the mean loss.

        Args:
            after_step: Called after each step; whether the model is no more to be trained.

        Raises:
            UsageError: The loader is empty, or the loss is not finite.
        """
        losses = list[torch.Tensor]()
        self.model.train()
        for given in self.loader:
            batch = self.task.batch(given, "train", self.device)
            self._optimizer.zero_grad()
            loss = self._loss(batch)
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
            self._schedule.step()
            losses.append(loss.detach().reshape(()))
            if loss.is_cpu or len(losses) % _GLANCE == 0:
                _check_finite(float(losses[-1]))
            if after_step():
                break
        if not losses:
            raise UsageError("train is empty")
        found = torch.stack(losses).tolist()
        _check_finite(sum(found))
        return float(np.mean(found))

    def _loss(self, batch: Any) -> torch.Tensor:
        inputs, targets = batch
        outputs = self.task.outputs(self.model, inputs)
        own = self.task.loss_of(outputs, targets)
        if self._teacher is None:
            return own
        teacher, weight = self._teacher
        with inference(teacher), torch.no_grad():
            taught = self.task.outputs(teacher, inputs)
        far = _softened if self.task.classifies else _squared
        return (1 - weight) * own + weight * far(outputs, taught)


def _check_finite(loss: float) -> None:
    if not math.isfinite(loss):
        raise UsageError(
            f"the training loss is {loss}: lower learning_rate, or look at the data and its classes"
        )


def device_of(model: torch.nn.Module) -> torch.device:
    """Where the parameters of a model are."""
    return next((p.device for p in model.parameters()), torch.device("cpu"))


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Meanwhile all random numbers follow from a seed; afterwards they go on as before."""
    python, numpy = random.getstate(), np.random.get_state()
    with torch.random.fork_rng():
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


def _share(step: int, steps: int) -> float:
    """Of the highest learning rate."""
    warm = max(1, round(_WARM_UP * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, steps - warm))))


def _optimizer(
    model: torch.nn.Module, given: Optimizer, rate: float | None
) -> torch.optim.Optimizer:
    parameters = [value for value in model.parameters() if value.requires_grad]
    if not parameters:
        raise UsageError("no parameter of the model requires a gradient")
    if callable(given):
        made = given(parameters)
        if not isinstance(made, torch.optim.Optimizer):
            raise UsageError(f"optimizer has to give an optimizer, not {type(made).__name__}")
        return made
    if given not in OPTIMIZERS:
        raise UsageError(
            f"unknown optimizer {given!r}; expected {' or '.join(OPTIMIZERS)}, or a function of"
            " the parameters"
        )
    rate = RATES[given] if rate is None else rate
    if given == "sgd":
        return torch.optim.SGD(parameters, rate, momentum=0.9, weight_decay=5e-4, nesterov=True)
    return torch.optim.AdamW(parameters, rate)


def _softened(outputs: torch.Tensor, taught: torch.Tensor) -> torch.Tensor:
    """Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network" (2015)."""
    ours, theirs = (F.log_softmax(x / _TEMPERATURE, 1) for x in (outputs, taught))
    count = outputs.numel() // outputs.shape[1]
    far = F.kl_div(ours, theirs, reduction="sum", log_target=True)
    return far * (_TEMPERATURE**2 / count)


def _squared(outputs: Any, taught: Any) -> torch.Tensor:
    """The mean squared difference of all outputs, each tensor counting the same."""
    ours, theirs = (torch.utils._pytree.tree_leaves(x) for x in (outputs, taught))
    parts = [F.mse_loss(a, b) for a, b in zip(ours, theirs, strict=True)]
    return torch.stack(parts).mean()
