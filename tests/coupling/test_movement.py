"""Channels that are shuffled, cut, joined and flattened: classes worked out by hand."""

import pytest

torch = pytest.importorskip("torch")
Tensor = torch.Tensor
nn = torch.nn
F = torch.nn.functional

from support.channel_classes import IMAGE, TOKENS, Build, every, members, names, tied  # noqa: E402


class PixelShuffle(nn.Module):
    def __init__(self, down: bool) -> None:
        super().__init__()
        self.down = down
        self.a = nn.Conv2d(3, 5 if down else 20, 3, padding=1)
        self.b = nn.Conv2d(20 if down else 5, 6, 3, padding=1)
        self.out = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        move = F.pixel_unshuffle if self.down else F.pixel_shuffle
        return self.out(F.relu(self.b(F.relu(move(self.a(x), 2)))))


def test_pixel_shuffle(space_of: Build) -> None:
    space = space_of(PixelShuffle(down=False), IMAGE)
    assert set(space.channel_classes) == every(4, 5, "a") | tied(6, "b")
    assert names(space) == [("a", 5, 4), ("b", 6, 1)]
    assert members(space, "a") == {
        ("a.weight", 0, 4, "makes"),
        ("a.bias", 0, 4, "follows"),
        ("b.weight", 1, 1, "reads"),
    }


def test_pixel_unshuffle(space_of: Build) -> None:
    space = space_of(PixelShuffle(down=True), IMAGE)
    assert set(space.channel_classes) == tied(5, "a") | tied(6, "b")
    assert ("b.weight", 1, 4, "reads") in members(space, "a")


class Thirds(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 12, 3, padding=1), nn.Conv2d(4, 5, 1)
        self.out = nn.Conv2d(5, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        first, second, third = self.a(x).chunk(3, 1)
        return self.out(self.b(first * torch.sigmoid(second) + third))


def test_chunks_that_meet(space_of: Build) -> None:
    space = space_of(Thirds(), IMAGE)
    assert set(space.channel_classes) == tied(4, "a", ("a", 4), ("a", 8)) | tied(5, "b")


class Flips(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(8, 5, 1)
        self.out = nn.Conv2d(5, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.a(x)
        return self.out(F.relu(self.b(torch.cat([x, x.flip(1)], 1))))


def test_concatenation_with_itself(space_of: Build) -> None:
    space = space_of(Flips(), IMAGE)
    assert set(space.channel_classes) == tied(4, "a") | tied(5, "b")
    assert ("b.weight", 1, 2, "reads") in members(space, "a")


class PartOfItself(nn.Module):
    """Some of the channels are multiplied with themselves; all are read alike otherwise."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count, self.a, self.out = count, nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.a(x))
        part = x[..., : self.count]
        return (part @ part.transpose(1, 2)) @ self.out(x)


@pytest.mark.parametrize("count", [4, 1])
def test_channels_that_only_activations_tell_apart(count: int, space_of: Build) -> None:
    """What some of them take for a moment depends on which ones are left."""
    space = space_of(PartOfItself(count), TOKENS)
    assert set(space.channel_classes) == tied(8, "a")
    assert names(space) == [("a", count, 1), ("a#2", 8 - count, 1)]


class Pooled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.fc, self.out = nn.Conv2d(3, 5, 3), nn.Linear(20, 6), nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.adaptive_avg_pool2d(F.relu(self.a(x)), 2)
        return self.out(F.relu(self.fc(x.flatten(1))))


def test_adaptive_pool_and_flatten(space_of: Build) -> None:
    space = space_of(Pooled(), IMAGE)
    assert set(space.channel_classes) == tied(5, "a") | tied(6, "fc")
    assert ("fc.weight", 1, 4, "reads") in members(space, "a")
