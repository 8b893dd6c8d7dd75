"""What groups are worth where nobody says: by what they cost, however a layer is written down."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import nn

import mcugraph as mg


class Halves(nn.Module):
    """A layer, or two halves of it that are joined again."""

    def __init__(self, parts: int) -> None:
        super().__init__()
        self.parts = nn.ModuleList(nn.Conv2d(3, 16 // parts, 3, bias=False) for _ in range(parts))
        self.last = nn.Conv2d(16, 10, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(torch.relu(torch.cat([part(x) for part in self.parts], 1)))


def space_of(model: nn.Module, channels: int = 3) -> mg.Space:
    return mg.widths(mg.from_torch(model, torch.zeros(1, channels, 12, 12)), precision="int8")


def test_parts_have_together_the_share_of_the_layer() -> None:
    whole, parts = space_of(Halves(1)), space_of(Halves(4))
    assert (len(whole.groups), len(parts.groups)) == (1, 4)
    assert parts.shares.sum() == pytest.approx(whole.shares.sum())


def test_a_share_is_what_costs_change_by() -> None:
    space = space_of(nn.Sequential(nn.Conv2d(3, 40, 3), nn.ReLU(), nn.Conv2d(40, 20, 1), nn.ReLU(),
                                   nn.Conv2d(20, 5, 1)))  # fmt: skip
    full = space.full.astype(float)
    for group, share in enumerate(space.shares):
        more = full.copy()
        more[group] *= 1.0001
        grown = [
            np.log(cost(more) / cost(full)) / np.log(1.0001) for cost in (space.size, space.macs)
        ]
        assert share == pytest.approx(np.mean(grown), rel=1e-3)
