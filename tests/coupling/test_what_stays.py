"""Channels that have to stay, and what is said of them."""

import pytest

torch = pytest.importorskip("torch")
Tensor = torch.Tensor
nn = torch.nn
F = torch.nn.functional

from support.channel_classes import IMAGE, TOKENS, Build, tied  # noqa: E402


class Gate(nn.Module):
    """One channel that is multiplied with all others."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.gate = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 1, 3, padding=1)
        self.out = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.a(x))
        return self.out(x * torch.sigmoid(self.gate(x)))


def test_one_channel_over_many(space_of: Build) -> None:
    space = space_of(Gate(), IMAGE)
    assert set(space.channel_classes) == tied(6, "a")
    assert "broadcast over many" in space.refused["gate"]


class PlusInput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 3, 3, padding=1)
        self.c, self.out = nn.Conv2d(3, 5, 1), nn.Conv2d(5, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.c(x + self.b(F.relu(self.a(x)))))


def test_tied_to_an_input(space_of: Build) -> None:
    space = space_of(PlusInput(), IMAGE)
    assert set(space.channel_classes) == tied(8, "a") | tied(5, "c")
    assert "tied to an input" in space.refused["b"]


class Computed(nn.Module):
    """A layer whose weights the code works out of others."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.rand(6, 4))
        self.a, self.b, self.out = nn.Linear(6, 4), nn.Linear(6, 5), nn.Linear(6, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.out(F.relu(F.linear(self.a(x), 2 * self.w + 1))), self.b(x)


def test_weights_that_are_computed_stay(space_of: Build) -> None:
    space = space_of(Computed(), TOKENS)
    assert space.channel_classes == ()
    assert "is computed by the model's code, and cannot be cut" in space.refused["a"]


class Sorted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.out = nn.Linear(6, 8), nn.Linear(8, 5), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.b(self.a(x).sort(-1)[0]))


def test_an_operator_without_a_rule_is_named(space_of: Build) -> None:
    space = space_of(Sorted(), TOKENS)
    assert set(space.channel_classes) == tied(5, "b")
    assert "sort has no rule" in space.refused["a"]


class Nothing(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)


def test_a_network_without_widths(space_of: Build) -> None:
    space = space_of(Nothing(), IMAGE)
    assert space.groups == ()
    assert space.peak(space.full) == 2 * 4 * IMAGE.numel()
    assert space.macs(space.full) == space.size(space.full) == 0
    assert space.round([]).tolist() == []


class Sum(nn.Module):
    """Two layers whose channels are united before what they make turns out to be an output."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.a(x) + self.b(x)


def test_each_layer_that_stays_says_why(space_of: Build) -> None:
    assert space_of(Sum(), IMAGE).refused == dict.fromkeys("ab", "an output of the graph")
