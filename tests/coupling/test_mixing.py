"""Operators that mix channels, held against masking: a masked channel has to be as good as none."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.slimming.kept import Kept
from mcugraph.slimming.slimmer import slim
from mcugraph.space.space import Space

torch = pytest.importorskip("torch")
nn = torch.nn
F = torch.nn.functional

Build = Callable[..., Space]


class Around(nn.Module):
    """Two convolutions, a function of images between them, and a third that reads the rest."""

    def __init__(self, between: Callable[[Any], Any]) -> None:
        super().__init__()
        self.a, self.norm, self.b = nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8), nn.Conv2d(8, 6, 1)
        self.between, self.c = between, nn.Conv2d(6, 2, 1)

    def forward(self, x: Any) -> Any:
        return self.c(F.relu(self.b(self.between(self.norm(self.a(x))))))


def across(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function that takes the channels for a length."""
    return lambda x: function(x.flatten(2).transpose(1, 2)).transpose(1, 2).view(x.shape)


# Functions of (batch, 8, 4, 4), and what is said of those that hold their channels.
HELD = {
    "softmax": (lambda x: F.softmax(x, 1), "softmax over channels"),
    "softmax_from_the_end": (lambda x: F.softmax(x, -3), "softmax over channels"),
    "log_softmax": (lambda x: F.log_softmax(x, 1), "log_softmax over channels"),
    "softmin": (lambda x: F.softmin(x, 1), "softmax over channels"),
    "softmax_of_half": (
        lambda x: torch.cat([F.softmax(x[:, :4], 1), F.softmax(x[:, 4:], 1)], 1),
        "softmax over channels",
    ),
    "gate": (lambda x: x * F.softmax(x.mean((2, 3), keepdim=True), 1), "softmax over channels"),
    "softmax_over_flattened": (
        lambda x: F.softmax(x.flatten(1), 1).view(x.shape),
        "softmax over channels",
    ),
    "cumsum": (lambda x: torch.cumsum(x, 1), "cumsum runs over channels"),
    "cumprod": (lambda x: torch.cumprod(x, 1), "cumprod runs over channels"),
    "logcumsumexp": (lambda x: torch.logcumsumexp(x, 1), "log_cumsum_exp runs over channels"),
    "mean": (lambda x: x * x.mean(1, keepdim=True), "channels are reduced together"),
    "max": (lambda x: x * x.amax(1, keepdim=True), "channels are reduced together"),
    "prod": (lambda x: x + x.prod(1, keepdim=True), "channels are reduced together"),
    "std": (lambda x: x / x.std(1, keepdim=True), "channels are reduced together"),
    "logsumexp": (lambda x: x - x.logsumexp(1, keepdim=True), "channels are reduced together"),
    "argmax": (lambda x: x * x.argmax(1, keepdim=True), "no rule"),
    "sort": (lambda x: x.sort(1)[0], "no rule"),
    "topk": (lambda x: x.topk(8, 1)[0], "no rule"),
    "average_pool": (across(lambda x: F.avg_pool1d(x, 3, 1, 1)), "pooled together"),
    "max_pool": (across(lambda x: F.max_pool1d(x, 3, 1, 1)), "pooled together"),
    "adaptive_pool": (across(lambda x: F.adaptive_avg_pool1d(x, 8)), "pooled together"),
}
# Functions that keep their channels, each for itself or so that zeros do not count.
FREE = {
    "softmax_over_space": lambda x: F.softmax(x, -1),
    "softmax_of_branches": lambda x: (F.softmax(torch.stack([x, 2 * x]), 0) * x).sum(0),
    "cumsum_over_space": lambda x: torch.cumsum(x, 2),
    "mean_over_space": lambda x: x - x.mean((2, 3), keepdim=True),
    "instance_norm": lambda x: F.instance_norm(x),
    "pool": lambda x: F.avg_pool2d(x, 3, 1, 1),
}
AVERAGED = {
    "layer_norm": lambda x: F.layer_norm(x, x.shape[1:]),
    "rms_norm": lambda x: F.rms_norm(x.permute(0, 2, 3, 1), (8,)).permute(0, 3, 1, 2),
    "group_norm": lambda x: F.group_norm(x, 2),
    "written_layer_norm": lambda x: (x - x.mean(1, keepdim=True)) / (x.std(1, keepdim=True) + 1e-6),
    "written_variance": lambda x: (
        (x - x.mean(1, keepdim=True)) * (x.var(1, keepdim=True, correction=0) + 1e-6).rsqrt()
    ),
    "written_rms_norm": lambda x: x * (x * x).mean(1, keepdim=True).add(1e-6).rsqrt(),
}


def build(between: Callable[[Any], Any]) -> tuple[nn.Module, torch.Tensor]:
    torch.manual_seed(0)
    model = Around(between).eval()
    model.norm.running_mean.normal_()
    return model, torch.randn(1, 3, 4, 4)


def difference(model: Any, space: Space, x: torch.Tensor) -> float:
    """How far the slimmed model is from the one with half of the first channels masked."""
    group = next(entry for entry in space.groups if any(("a", 0) in c for c in entry.classes))
    keep = {
        entry.name: list(range(0, entry.width, 2))
        for entry in space.groups
        if entry.width == group.width
    }
    kept = Kept.of(space, keep).remains
    gone = ~kept.mask(space.labelling.layers["a"])
    small = slim(model, keep, x, space=space)
    with torch.no_grad():
        wanted = small(x)
        handles = [
            model.norm.register_forward_hook(lambda m, i, out: out * mask),
            model.b.register_forward_pre_hook(lambda m, args: (args[0] * mask,)),
        ]
        mask = torch.from_numpy(np.where(gone, 0.0, 1.0)).float().view(1, -1, 1, 1)
        found = model(x)
        for handle in handles:
            handle.remove()
    return float((wanted - found).abs().max() / found.abs().max())


@pytest.mark.parametrize("name", HELD)
def test_channels_that_count_though_they_are_0_have_to_stay(name: str, space_of: Build) -> None:
    between, reason = HELD[name]
    model, x = build(between)
    space = space_of(model, x)
    assert {layer for classes in space.channel_classes for layer, _ in classes} == {"b"}
    assert reason in space.refused["a"]


@pytest.mark.parametrize("name", FREE)
def test_channels_that_do_not_count_once_they_are_0(name: str, space_of: Build) -> None:
    model, x = build(FREE[name])
    space = space_of(model, x)
    assert difference(model, space, x) < 1e-5
    assert not space.averaged


@pytest.mark.parametrize("name", AVERAGED)
def test_averages_over_channels_are_named(name: str, space_of: Build) -> None:
    model, x = build(AVERAGED[name])
    space = space_of(model, x)
    assert len(space.averaged) == (2 if name in ("written_layer_norm", "written_variance") else 1)
    assert all(group.startswith("a") for groups in space.averaged.values() for group in groups)
    assert "a" not in space.refused
    # Halves of two groups of a norm go, and what is left is not what masking makes.
    assert difference(model, space, x) > 1e-3


def test_neighbours_are_no_part_of_what_stays(space_of: Build) -> None:
    model, x = build(nn.LocalResponseNorm(3))
    space = space_of(model, x)
    assert {layer for classes in space.channel_classes for layer, _ in classes} == {"b"}


@pytest.mark.parametrize("last", [[], [nn.BatchNorm2d(4)], [nn.ReLU(), nn.Conv2d(4, 3, 1)]])
def test_channels_beside_hidden_units_at_the_end(last: list[nn.Module], space_of: Build) -> None:
    """An output with channels along two axes: both have to stay."""
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Linear(8, 6), *last)
    space = space_of(model, torch.randn(1, 3, 8, 8))
    assert [group.width for group in space.groups] == ([4] if len(last) == 2 else [])
    flash = mg.profile(space.graph).flash
    assert space.size(space.full) == flash.weights + flash.biases
