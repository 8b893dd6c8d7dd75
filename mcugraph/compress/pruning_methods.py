"""What is pruned while a model trains: single weights, channels, or nothing more."""

from abc import ABC, abstractmethod
from typing import Any

import torch

from mcugraph.compress.element_schedules import AGP, ElementSchedule
from mcugraph.compress.mask_conventions import has_masks, masks_from
from mcugraph.compress.sparsifier import Sparsifier
from mcugraph.compress.study_options import SCHEDULES
from mcugraph.compress.training_options import Training
from mcugraph.errors import UsageError
from mcugraph.prune.phases import Phases
from mcugraph.prune.pruner import Pruner
from mcugraph.prune.rounded import Rounded
from mcugraph.prune.schedules import Gradual, OneShot
from mcugraph.prune.training import TrainingLoop, device_of

_SHARE = 0.5  # of all steps, until all is pruned
_UPDATES = 20  # until then


class PruningMethod(ABC):
    """What is pruned.

    Attributes:
        sparsifier: What keeps masks on weights; None: nothing does.
    """

    name: str | None = None
    sparsifier: Sparsifier | None = None

    @abstractmethod
    def train(self, work: "CompressionWork") -> torch.nn.Module:
        """Train a model of one's own, and prune it; returns what is left."""

    def attach(self, model: torch.nn.Module) -> None:
        """Keep masks on another model with the same parameters."""
        if self.sparsifier is not None:
            self.sparsifier.attach(model)

    def keep(self) -> None:
        """Keep masks after a step of the optimizer."""
        if self.sparsifier is not None:
            self.sparsifier.apply()


class ElementPruning(PruningMethod):
    """Single weights; arguments as of ``elements``."""

    name = "elements"

    def __init__(
        self, sparsity: Any, schedule: str | ElementSchedule, options: dict[str, Any]
    ) -> None:
        self._sparsity, self._schedule, self._options = sparsity, schedule, options

    def train(self, work: "CompressionWork") -> torch.nn.Module:
        """As ``PruningMethod`` says."""
        schedule = self._schedule
        if isinstance(schedule, str):
            steps = _pruning_steps(schedule, work)
            every = max(1, steps // _UPDATES)
            schedule = OneShot(at=steps) if schedule == "one-shot" else AGP(0, steps, every)
        options = {"seed": work.training.seed, "example_inputs": work.examples, **self._options}
        sparsifier = Sparsifier(work.model, self._sparsity, schedule=schedule, **options)
        self.sparsifier = sparsifier

        def after_step() -> bool:
            sparsifier.step()
            return False

        for number in range(work.training.epochs):
            loss = work.loop.epoch(after_step)
            work.say(number, loss, f"{sparsifier.sparsity:.2%} of weights are zero")
        return sparsifier.finish()


class KeptZeros(PruningMethod):
    """Nothing but what is zero already."""

    def train(self, work: "CompressionWork") -> torch.nn.Module:
        """As ``PruningMethod`` says."""
        if masks_from(work.model):
            self.sparsifier = Sparsifier(work.model, 0.0)
        return work.model


class ChannelPruning(PruningMethod):
    """Whole channels; arguments as of ``structural``, the heuristic among the options."""

    name = "structure"

    def __init__(self, sparsity: Any, schedule: str, options: dict[str, Any]) -> None:
        self._sparsity, self._schedule, self._options = sparsity, schedule, options

    def train(self, work: "CompressionWork") -> torch.nn.Module:
        """As ``PruningMethod`` says."""
        if has_masks(work.model):
            raise UsageError(
                "channels of a model with masks on single weights: without_masks(model) makes "
                "plain zeros of them, which a training does not keep"
            )
        steps = _pruning_steps(self._schedule, work)
        one_shot = self._schedule == "one-shot"
        schedule = (
            OneShot(self._sparsity, at=steps)
            if one_shot
            else Gradual(self._sparsity, begin=0, steps=steps)
        )
        given = {"seed": work.training.seed, "interval": max(1, steps // _UPDATES)}
        options = {**given, **self._options}
        budgets = options.pop("budgets", None)
        examples = tuple(value.to(device_of(work.model)) for value in work.examples)
        pruner = Pruner(work.model, examples, budgets, schedule=schedule, **options)
        phases = Phases(
            *(work.task, pruner, work.loop, work.loaders, work.training.report),
            steps,
            lambda small: True,
        )
        if not work.training.epochs:
            pruner.step(lambda: work.task.loss(work.model, work.held_batch()))
            pruner.enforce()
            return pruner.slim()
        return phases.run(work.training.epochs)


class CompressionWork:
    """A model of one's own while it is compressed.

    Args:
        model: It is trained where it is.
        example_inputs: Its inputs.
        training: On what, and for how long.
    """

    def __init__(self, model: torch.nn.Module, example_inputs: Any, training: Training) -> None:
        self.training, self.task, self.loaders = (
            training,
            training.task(example_inputs),
            training.loaders(),
        )
        self.examples = self.task.examples
        self.model = model
        self.loop = TrainingLoop(
            *(self.task, model, training.train, training.optimizer, training.learning_rate),
            max(1, training.epochs * self.loaders.steps),
        )

    def held_batch(self) -> Any:
        """A batch to take a loss of."""
        return self.task.batch(self.loaders.first("validate"), "validate", self.loop.device)

    def say(self, number: int, loss: float, more: str) -> None:
        """Report an epoch."""
        self.training.report(f"epoch {number + 1}: loss {loss:.4g}; {more}")

    def score(self, model: Any) -> float:
        """The metric of a model on the test data."""
        return self.task.score(model, self.loaders.test, "test", self.loop.device)


def _pruning_steps(schedule: str, work: CompressionWork) -> int:
    """After how many training steps all is pruned."""
    if schedule not in SCHEDULES:
        raise UsageError(f"unknown schedule {schedule!r}; expected one of {', '.join(SCHEDULES)}")
    return max(1, round(_SHARE * work.training.epochs * work.loaders.steps))


def trained_rounded(
    method: PruningMethod, work: CompressionWork, model: torch.nn.Module, epochs: int, scheme: str
) -> torch.nn.Module:
    """The model after some epochs with rounding, its masks kept.

    Args:
        method: It has pruned the model.
        work: What it did so with.
        model: What is left.
        epochs: How many.
        scheme: As of ``quantise``.
    """
    training = work.training
    rounded = Rounded(
        *(work.task, model, work.loaders, epochs, training.optimizer, training.learning_rate),
        scheme,
    )
    method.attach(rounded.prepared)

    def after_step() -> bool:
        method.keep()
        return False

    for number in range(epochs):
        work.say(number, rounded.loop.epoch(after_step), "with rounding")
    final = rounded.finish()
    method.attach(final)
    return final
