"""The two parts of a training to budgets: masks until they are met, then the slimmed model."""

from collections.abc import Callable

import torch

from mcugraph.prune.outcome import Epoch
from mcugraph.prune.pruner import Pruner
from mcugraph.prune.rounded import Rounded
from mcugraph.prune.task import Loaders, TrainingTask, endless
from mcugraph.prune.training import Optimizer, TrainingLoop


class Phases:
    """A training through both.

    Args:
        task: What the model is trained for.
        pruner: Of the loop's model.
        loop: It trains.
        loaders: Training and validation data.
        report: Takes a line an epoch.
        limit: Training steps after which the budgets are met at the latest; 0: before the first.
        when_slimmed: Called with the slimmed model, before it is trained on; whether to go on.
    """

    def __init__(
        self,
        task: TrainingTask,
        pruner: Pruner,
        loop: TrainingLoop,
        loaders: Loaders,
        report: Callable[[str], None],
        limit: int,
        when_slimmed: Callable[[torch.nn.Module], bool],
    ) -> None:
        self.task, self.pruner, self.loop = task, pruner, loop
        self.loaders, self.report, self.limit = loaders, report, limit
        self.when_slimmed = when_slimmed
        self.slimmed = False
        self.epochs: list[Epoch] = []
        self._held = endless(loaders.validate)
        self._steps = 0

    def run(self, epochs: int) -> torch.nn.Module:
        """Train for so many epochs, or as long as ``when_slimmed`` wants; returns the model."""
        ended = self.limit == 0 and self._slim()

        def after_step() -> bool:
            nonlocal ended
            ended = not self.slimmed and self._step()
            return ended

        while not ended and len(self.epochs) < epochs:
            loss = self.loop.epoch(after_step)
            phase = "fine-tuning" if self.slimmed else "pruning"
            self._note(self.loop.model, phase, loss)
        return self.loop.model

    def round_on(
        self, small: torch.nn.Module, epochs: int, optimizer: Optimizer, rate: float | None
    ) -> torch.nn.Module:
        """Train on with the rounding of int8; returns the model without it."""
        rounded = Rounded(self.task, small, self.loaders, epochs, optimizer, rate)
        for _ in range(epochs):
            loss = rounded.loop.epoch(lambda: False)
            self._note(rounded.prepared, "rounding", loss)
        return rounded.finish()

    def _step(self) -> bool:
        """One step of the pruner; whether the training ends."""
        self._steps += 1
        self.pruner.step(self._loss)
        if self._steps < self.limit and not self.pruner.met:
            return False
        return self._slim()

    def _slim(self) -> bool:
        """Go on with the slimmed model; whether the training ends."""
        if not self.pruner.met:
            self.pruner.enforce()
        small = self.pruner.slim()
        self.loop.replace(small)
        self.slimmed = True
        return not self.when_slimmed(small)

    def _loss(self) -> torch.Tensor:
        batch = self.task.batch(next(self._held), "validate", self.loop.device)
        return self.task.loss(self.loop.model, batch)

    def _note(self, model: torch.nn.Module, phase: str, loss: float) -> None:
        score = self.task.score(model, self.loaders.validate, "validate", self.loop.device)
        number = len(self.epochs) + 1
        self.epochs.append(Epoch(number, phase, loss, score))
        line = f"epoch {number}: {phase}, loss {loss:.4g}, {self.task.metric} {score:.4g}"
        self.report(f"{line}; {self.pruner.progress()}" if phase == "pruning" else line)
