"""A small task and small networks, to prune while they train."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from mcugraph.prune import Pruner


def unit(i: int, o: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(i, o, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(o),
        nn.ReLU(),
    )


class Chain(nn.Module):
    """Layers one after the other; the memory peaks where the second's result is padded."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = unit(1, 12), unit(12, 16), unit(16, 24, stride=2)
        self.fc = nn.Linear(24, 4)

    def forward(self, x: Any) -> Any:
        return self.fc(self.c(self.b(self.a(x))).mean((2, 3)))


class Branching(nn.Module):
    """Branches that wait for each other: one operator alone holds less than all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = unit(1, 12)
        self.ways = nn.ModuleList([nn.Sequential(unit(12, 8), unit(8, 12)) for _ in range(3)])
        self.fc = nn.Linear(12, 4)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        y = torch.cat([way(x)[:, :4] for way in self.ways], 1)
        return self.fc((x + y).mean((2, 3)))


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.a, self.b = unit(1, 12), unit(12, 16), unit(16, 12)
        self.fc = nn.Linear(12, 4)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        return self.fc((x + self.b(self.a(x))).mean((2, 3)))


INPUT = torch.zeros(1, 1, 10, 10)


def task(count: int = 256, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Images with a bright stripe, whose direction and place is the class."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(4, (count,), generator=generator)
    x = 0.5 * torch.randn(count, 1, 10, 10, generator=generator)
    for image, label in zip(x, y.tolist(), strict=True):
        stripe = 2 if label % 2 else 7
        (image[0, stripe] if label < 2 else image[0, :, stripe]).add_(2)
    return x, y


def train(
    model: nn.Module,
    pruner: Pruner | None,
    steps: int,
    seed: int = 0,
    after: Callable[[int], None] | None = None,
    optimizer: Any = None,
) -> None:
    """Plain training; the pruner steps along."""
    x, y = task()
    generator = torch.Generator().manual_seed(seed)
    optimizer = optimizer or torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)
    model.train()
    for step in range(steps):
        batch, held = torch.randint(len(x), (2, 32), generator=generator)
        optimizer.zero_grad()
        F.cross_entropy(model(x[batch]), y[batch]).backward()
        optimizer.step()
        if pruner is not None:
            pruner.step(lambda held=held: F.cross_entropy(model(x[held]), y[held]))
        if after is not None:
            after(step)
