"""One training of the pruning benchmark: the seed decides weights and batches, and nothing else."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from pruning_data import Data
from torch import Tensor, nn

WARM_UP = 0.15


@dataclass(frozen=True)
class Plan:
    """How networks are trained.

    Attributes:
        steps: Of each training, whatever happens to the network in its course.
        batch: Samples of a step.
        rate: The learning rate at its highest: it rises for 15 % of the steps, then falls as half
            a cosine.
        decay: Of the weights.
    """

    steps: int = 300
    batch: int = 32
    rate: float = 0.1
    decay: float = 5e-4

    def rate_at(self, step: int) -> float:
        """The learning rate of a step."""
        done = step / self.steps
        if done < WARM_UP:
            return self.rate * (0.04 + 0.96 * done / WARM_UP)
        return self.rate / 2 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))


class Training:
    """A network on its way through all steps of a plan.

    Args:
        model: To train; it may be replaced by a smaller one on the way.
        data: What it learns from.
        plan: How.
        seed: Of the batches.
    """

    def __init__(self, model: nn.Module, data: Data, plan: Plan, seed: int) -> None:
        self.data, self.plan, self.seed = data, plan, seed
        self.generator = torch.Generator().manual_seed(seed)
        self.held_generator = torch.Generator().manual_seed(seed)
        self.step = 0
        self.model = model.to(data.example.device, memory_format=torch.channels_last)
        self.optimizer = self.new_optimizer()

    def new_optimizer(self) -> torch.optim.Optimizer:
        """One that remembers nothing yet."""
        return torch.optim.SGD(
            self.model.parameters(),
            self.plan.rate,
            momentum=0.9,
            weight_decay=self.plan.decay,
            nesterov=True,
            fused=True,
        )

    def until(self, end: int, after: Callable[[], None] | None = None) -> None:
        """Train up to a step.

        Args:
            end: The number of steps at which to stop.
            after: What happens after each.
        """
        self.model.train()
        while self.step < end:
            for group in self.optimizer.param_groups:
                group["lr"] = self.plan.rate_at(self.step)
            x, y = self.data.batch(self.plan.batch, self.generator)
            self.optimizer.zero_grad()
            F.cross_entropy(self.model(x), y).backward()
            self.optimizer.step()
            self.step += 1
            if after is not None:
                after()

    def finish(self) -> None:
        """Train for the steps that are left."""
        self.until(self.plan.steps)

    def held_loss(self) -> Tensor:
        """The loss of a validation batch; its draw does not change the training's own."""
        x, y = self.data.held(self.plan.batch, self.held_generator)
        return F.cross_entropy(self.model(x), y)

    def accuracy(self) -> float:
        """The share of test samples that are classified rightly."""
        x, y = self.data.test
        self.model.eval()
        with torch.no_grad():
            found = torch.cat([self.model(part).argmax(1) for part in x.split(500)])
        return float((found == y).float().mean())
