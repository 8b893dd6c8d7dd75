"""One training of the pruning benchmark: the seed decides weights and batches, and nothing else."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from pruning_parts.data import Data
from pruning_parts.graphs import Graphed
from pruning_parts.padding import padded, padded_momentum, take_back

WARM_UP = 0.15
# How a network learns from another: the temperature of both, and the share of the loss.
TEMPERATURE, SHARE = 4.0, 0.9


@dataclass(frozen=True)
class Plan:
    """How networks are trained.

    Attributes:
        steps: Of each training, whatever happens to the network in its course.
        batch: Samples of a step.
        rate: The learning rate at its highest: it rises for 15 % of the steps, then falls as half
            a cosine.
        decay: Of the weights.
        graphs: On a GPU, steps are CUDA graphs.
        padded: Networks end their training with channels of zeros that make a GPU faster.
    """

    steps: int = 300
    batch: int = 32
    rate: float = 0.1
    decay: float = 5e-4
    graphs: bool = True
    padded: bool = False

    def rate_at(self, step: int) -> float:
        """The learning rate of a step."""
        done = step / self.steps
        if done < WARM_UP:
            return self.rate * (0.04 + 0.96 * done / WARM_UP)
        return self.rate / 2 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))


def clock(device: torch.device) -> float:
    """Seconds: of a GPU that has done all its work, else of the CPU."""
    if device.type == "cpu":
        return time.process_time()
    torch.cuda.synchronize(device)
    return time.perf_counter()


class Training:
    """A network on its way through all steps of a plan.

    On a GPU it computes in bfloat16, and by CUDA graphs.

    Args:
        model: To train; it may be replaced by a smaller one on the way.
        data: What it learns from.
        plan: How.
        seed: Of the batches.
        teacher: A trained network that it learns from too.
    """

    def __init__(
        self, model: nn.Module, data: Data, plan: Plan, seed: int, teacher: nn.Module | None = None
    ) -> None:
        self.data, self.plan, self.seed, self.teacher = data, plan, seed, teacher
        self.generator, self.held_generator = data.generator(seed), data.generator(seed)
        self.step = 0
        self.on_gpu = data.device.type == "cuda"
        self.model = model.to(data.device, memory_format=torch.channels_last)
        self.optimizer = self.new_optimizer()
        self._graph: tuple[nn.Module, Graphed | None] = self.model, None

    def new_optimizer(self) -> torch.optim.Optimizer:
        """One that remembers nothing yet."""
        return torch.optim.SGD(
            self.model.parameters(),
            self.plan.rate,
            momentum=0.9,
            weight_decay=self.plan.decay,
            nesterov=True,
            fused=not self.on_gpu,
        )

    def until(self, end: int, met: Callable[[], bool] | None = None) -> None:
        """Train up to a step.

        Args:
            end: The number of steps at which to stop.
            met: What happens after each; True: stop there.
        """
        self.model.train()
        find = self._recorded() if self.on_gpu and self.plan.graphs else self._gradients
        while self.step < end:
            for group in self.optimizer.param_groups:
                group["lr"] = self.plan.rate_at(self.step)
            find(*self.data.batch(self.plan.batch, self.generator))
            self.optimizer.step()
            self.step += 1
            if met is not None and met():
                return

    def _recorded(self) -> Graphed:
        """What finds gradients of the model that there is by now."""
        model, found = self._graph
        if found is None or model is not self.model:
            found = Graphed(self._gradients)
            self._graph = self.model, found
        return found

    def _gradients(self, x: Tensor, y: Tensor) -> None:
        self.optimizer.zero_grad()
        with self.precision():
            loss = self._loss(x, y)
        loss.backward()

    def _loss(self, x: Tensor, y: Tensor) -> Tensor:
        found = self.model(x)
        loss = F.cross_entropy(found, y)
        if self.teacher is None:
            return loss
        with torch.no_grad():
            wanted = self.teacher(x)
        soft, target = (F.log_softmax(z.float() / TEMPERATURE, 1) for z in (found, wanted))
        apart = F.kl_div(soft, target, reduction="batchmean", log_target=True)
        return (1 - SHARE) * loss + SHARE * TEMPERATURE**2 * apart

    def precision(self) -> torch.autocast:
        """That of the arithmetic; a graph cannot keep what is cast outside of it."""
        return torch.autocast(
            self.data.device.type, torch.bfloat16, enabled=self.on_gpu, cache_enabled=False
        )

    def finish(self) -> None:
        """Train for the steps that are left."""
        if self.plan.padded:
            self.finish_padded()
        else:
            self.until(self.plan.steps)

    def finish_padded(self) -> None:
        """The same by a copy with channels of zeros."""
        narrow, before = self.model, self.optimizer
        self.model = padded(narrow)
        self.optimizer = self.new_optimizer()
        for parameter, momentum in padded_momentum(before, narrow, self.model):
            self.optimizer.state[parameter]["momentum_buffer"] = momentum
        self.until(self.plan.steps)
        take_back(self.model, narrow)
        self.model = narrow

    def held_loss(self) -> Tensor:
        """The loss of a validation batch; its draw does not change the training's own."""
        x, y = self.data.held(self.plan.batch, self.held_generator)
        with self.precision():
            return F.cross_entropy(self.model(x), y)

    def accuracy(self) -> float:
        """The share of test samples that are classified rightly."""
        x, y = self.data.test
        self.model.eval()
        with torch.no_grad():
            found = torch.cat([self.model(part).argmax(1) for part in x.split(500)])
        return float((found == y).float().mean())
