"""Networks that mix tokens: their hidden units lie beside the channels."""

from collections.abc import Callable
from functools import partial

import pytest

torch = pytest.importorskip("torch")
Tensor = torch.Tensor
nn = torch.nn
F = torch.nn.functional

from support.channel_classes import IMAGE, TOKENS, Build, members, tied  # noqa: E402


class Mixer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patch, self.norm = nn.Conv2d(3, 8, 4, 4), nn.LayerNorm(8)
        self.token1, self.token2 = nn.Linear(16, 10), nn.Linear(10, 16)
        self.channel1, self.channel2 = nn.Linear(8, 12), nn.Linear(12, 8)
        self.out = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        y = self.norm(x).transpose(1, 2)
        x = x + self.token2(F.gelu(self.token1(y))).transpose(1, 2)
        x = x + self.channel2(F.gelu(self.channel1(x)))
        return self.out(x.mean(1))


def test_mixer(space_of: Build) -> None:
    space = space_of(Mixer(), IMAGE)
    stream = tied(8, "patch", "channel2")
    assert set(space.channel_classes) == stream | tied(10, "token1") | tied(12, "channel1")
    assert set(space.refused) == {"token2", "out"}
    assert "no channel can be taken out of" in space.refused["token2"]
    assert members(space, "token1") == {
        ("token1.weight", 0, 1, "makes"),
        ("token1.bias", 0, 1, "follows"),
        ("token2.weight", 1, 1, "reads"),
    }
    # 8 channels of 16 tokens through 10 units and back; 16 tokens of 8 channels through 12.
    full = dict(zip((group.name for group in space.groups), space.full, strict=True))
    w = [full[name] - (name == "token1") for name in full]
    assert space.macs(space.full) - space.macs(w) == 2 * 8 * 16


class ConvMixer(nn.Module):
    """Tokens mixed by a convolution that takes them for channels."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.out = nn.Linear(6, 8), nn.Linear(8, 3)
        self.token1, self.token2 = nn.Conv1d(5, 7, 1), nn.Conv1d(7, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        return self.out((x + self.token2(F.relu(self.token1(x)))).mean(1))


def test_mixer_of_convolutions(space_of: Build) -> None:
    space = space_of(ConvMixer(), TOKENS)
    assert set(space.channel_classes) == tied(8, "embed") | tied(7, "token1")
    assert members(space, "token1") == {
        ("token1.weight", 0, 1, "makes"),
        ("token1.bias", 0, 1, "follows"),
        ("token2.weight", 1, 1, "reads"),
    }


class OneUnit(nn.Module):
    """A mixer of tokens with a single hidden unit, which no change of labels gives away."""

    def __init__(self, layer: Callable[[int, int], nn.Module], turned: bool) -> None:
        super().__init__()
        self.embed, self.out, self.turned = nn.Linear(6, 8), nn.Linear(8, 3), turned
        self.token1, self.token2 = layer(5, 1), layer(1, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        y = x.transpose(1, 2) if self.turned else x
        y = self.token2(F.relu(self.token1(y)))
        return self.out((x + (y.transpose(1, 2) if self.turned else y)).mean(1))


@pytest.mark.parametrize("turned", [True, False])
def test_a_single_unit_of_tokens(space_of: Build, turned: bool) -> None:
    layer = nn.Linear if turned else partial(nn.Conv1d, kernel_size=1)
    space = space_of(OneUnit(layer, turned), TOKENS)
    assert set(space.channel_classes) == tied(8, "embed") | tied(1, "token1")


class Gated(nn.Module):
    """A gate over tokens (gMLP, arXiv:2105.08050): its units are the tokens themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.tokens, self.out = nn.Linear(6, 8), nn.Linear(5, 5), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        u, v = self.embed(x).chunk(2, -1)
        return self.out(u * self.tokens(v.transpose(1, 2)).transpose(1, 2))


def test_gate_over_tokens(space_of: Build) -> None:
    space = space_of(Gated(), TOKENS)
    assert set(space.channel_classes) == {
        frozenset({("embed", i), ("embed", i + 4)}) for i in range(4)
    }
    assert "no channel can be taken out of" in space.refused["tokens"]


class ScaledUnits(nn.Module):
    """Hidden units of tokens with a scale each."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.rand(7))
        self.embed, self.out = nn.Linear(6, 8), nn.Linear(8, 3)
        self.tokens, self.back = nn.Linear(5, 7), nn.Linear(7, 5)

    def forward(self, x: Tensor) -> Tensor:
        units = F.relu(self.tokens(self.embed(x).transpose(1, 2)))
        return self.out(self.back(units * self.scale).transpose(1, 2))


def test_a_scale_of_hidden_units_of_tokens(space_of: Build) -> None:
    space = space_of(ScaledUnits(), TOKENS)
    assert set(space.channel_classes) == tied(8, "embed") | tied(7, "tokens")
    assert ("scale", 0, 1, "follows") in members(space, "tokens")


class FlatMixer(nn.Module):
    """Channels and hidden units of tokens on one axis."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.tokens, self.out = nn.Linear(6, 8), nn.Linear(5, 7), nn.Linear(56, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.tokens(self.embed(x).transpose(1, 2))).flatten(1))


def test_units_that_share_an_axis_with_channels(space_of: Build) -> None:
    space = space_of(FlatMixer(), TOKENS)
    assert set(space.channel_classes) == tied(8, "embed")
    assert "channels and tokens" in space.refused["tokens"]


class ThreeAxes(nn.Module):
    """Units that mix columns, and others that mix rows, beside the channels."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.columns, self.rows = nn.Conv2d(3, 4, 1), nn.Linear(16, 6), nn.Linear(16, 5)
        self.back, self.out = nn.Linear(5, 16), nn.Conv2d(4, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.columns(self.a(x))).transpose(2, 3)
        return self.out(self.back(F.relu(self.rows(y))))


def test_a_tensor_with_channels_along_three_axes(space_of: Build) -> None:
    """Two of them can be told apart; the first units stay."""
    space = space_of(ThreeAxes(), IMAGE)
    assert set(space.channel_classes) == tied(4, "a") | tied(5, "rows")
    assert "channels lie along three axes" in space.refused["columns"]


class GatedUnits(nn.Module):
    """Hidden units of tokens, all of a channel times what another layer makes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.gate, self.out = nn.Linear(6, 8), nn.Linear(6, 8), nn.Linear(8, 3)
        self.tokens, self.back = nn.Linear(5, 7), nn.Linear(7, 5)

    def forward(self, x: Tensor) -> Tensor:
        units = F.relu(self.tokens(self.embed(x).transpose(1, 2)))
        units = units * self.gate(x).mean(1)[..., None]
        return self.out(self.back(units).transpose(1, 2))


def test_units_beside_channels_that_have_none(space_of: Build) -> None:
    space = space_of(GatedUnits(), TOKENS)
    assert set(space.channel_classes) == tied(8, "embed", "gate") | tied(7, "tokens")
    assert ("back.weight", 1, 1, "reads") in members(space, "tokens")
