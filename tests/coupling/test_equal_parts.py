"""Groups of norms and convolutions: parts of which equally many channels stay."""

from collections.abc import Callable
from itertools import product

import pytest

from mcugraph.slimming.slimmer import slim

torch = pytest.importorskip("torch")
Tensor = torch.Tensor
nn = torch.nn
F = torch.nn.functional

from support.channel_classes import IMAGE, Build, equal, members, names, tied  # noqa: E402


class GroupNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.norm = nn.Conv2d(3, 12, 3, padding=1), nn.GroupNorm(3, 12)
        self.b, self.out = nn.Conv2d(12, 6, 3), nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.b(F.relu(self.norm(self.a(x))))))


def test_group_norm(space_of: Build) -> None:
    space = space_of(GroupNorm(), IMAGE)
    assert set(space.channel_classes) == tied(12, "a") | tied(6, "b")
    assert names(space) == [("a", 4, 1), ("a#2", 4, 1), ("a#3", 4, 1), ("b", 6, 1)]
    assert equal(space) == {frozenset({("a",), ("a#2",), ("a#3",)})}


class GroupNormOverParts(nn.Module):
    """8 channels in groups of 3: the groups of the norm are not the layers that made them."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 5, 3, padding=1), nn.Conv2d(3, 7, 3, padding=1)
        self.norm, self.out = nn.GroupNorm(2, 12), nn.Conv2d(12, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.norm(torch.cat([self.a(x), self.b(x)], 1)))


def test_group_norm_over_a_concatenation(space_of: Build) -> None:
    space = space_of(GroupNormOverParts(), IMAGE)
    assert names(space) == [("a", 5, 1), ("b", 1, 1), ("b#2", 6, 1)]
    assert equal(space) == {frozenset({("a", "b"), ("b#2",)})}
    assert space.round([2.1, 1, 4.9]).tolist() == [3, 1, 4]
    assert space.feasible([3, 1, 4])
    assert not space.feasible([2, 1, 4])
    assert not space.feasible([2.5, 1, 3.5])


class GroupNormOfTwins(nn.Module):
    """Both groups of the norm hold the same channels."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.norm = nn.Conv2d(3, 6, 3, padding=1), nn.GroupNorm(2, 12)
        self.out = nn.Conv2d(12, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        return self.out(self.norm(torch.cat([y, y], 1)))


def test_parts_that_are_the_same_bind_nothing(space_of: Build) -> None:
    space = space_of(GroupNormOfTwins(), IMAGE)
    assert names(space) == [("a", 6, 1)]
    assert space.equal == ()
    assert all(space.feasible([width]) for width in range(1, 7))


class GroupNormOfInput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.norm = nn.Conv2d(3, 3, 3, padding=1), nn.GroupNorm(2, 6)
        self.out = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.norm(torch.cat([x, self.a(x)], 1)))


def test_a_part_that_has_to_stay_holds_the_other(space_of: Build) -> None:
    space = space_of(GroupNormOfInput(), IMAGE)
    assert space.round([1]).tolist() == [3]


class Grouped(nn.Module):
    def __init__(self, groups: int) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 12, 3, padding=1), nn.Conv2d(12, 24, 3, groups=groups)
        self.out = nn.Conv2d(24, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.b(F.relu(self.a(x)))))


@pytest.mark.parametrize("groups", [2, 3, 4])
def test_grouped_convolution(space_of: Build, groups: int) -> None:
    space = space_of(Grouped(groups), IMAGE)
    assert set(space.channel_classes) == tied(12, "a") | tied(24, "b")
    parts = {name: [name, *(f"{name}#{i}" for i in range(2, groups + 1))] for name in "ab"}
    assert equal(space) == {frozenset((part,) for part in parts[name]) for name in "ab"}
    for part in parts["a"]:  # each lies along the one axis that the weights have
        assert ("b.weight", 1, 1, "reads") in members(space, part)
    for part in parts["b"]:
        assert ("b.weight", 0, 1, "makes") in members(space, part)


class ShuffledGroups(nn.Module):
    """Channels of two halves lie in turn before a convolution of two groups."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 16, 1), nn.Conv2d(16, 6, 1, groups=2)
        self.out = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.b(F.channel_shuffle(F.relu(self.a(x)), 2))))


def test_groups_of_shuffled_channels(space_of: Build) -> None:
    """A group keeps its channels only if as many of it stay in each half."""
    torch.manual_seed(0)
    model, x = ShuffledGroups().eval(), torch.rand(1, 3, 4, 4)
    space = space_of(model, x)
    quarters = {frozenset(("a", 4 * q + i) for i in range(4)): q for q in range(4)}
    parts = [frozenset().union(*group.classes) for group in space.groups]
    assert sorted(quarters[part] for part in parts if part in quarters) == [0, 1, 2, 3]

    def allowed(widths: tuple[int, ...]) -> bool:
        w = [
            widths[quarters[p]] if p in quarters else n
            for p, n in zip(parts, space.full, strict=True)
        ]
        return all(not (e.matrix(len(w)) @ (w - space.full)).any() for e in space.equal)

    every_width = product(range(1, 5), repeat=4)
    assert [w for w in every_width if allowed(w)] == [(n, n, n, n) for n in range(1, 5)]
    kept = {group.name: [1, 3] for group in space.groups if group.name.startswith("a")}
    small = slim(model, kept, x, space=space)
    mask = torch.tensor([0.0, 1.0, 0.0, 1.0] * 4).view(1, -1, 1, 1)
    model.a.register_forward_hook(lambda m, i, out: out * mask)
    torch.testing.assert_close(small(x), model(x))


CUTS = {
    "chunk": ((0, 8), (8, 16), lambda x: x.chunk(2, 1)),
    "slices": ((0, 8), (8, 16), lambda x: (x[:, :8], x[:, 8:])),
    "overlapping": ((0, 8), (4, 12), lambda x: (x[:, :8], x[:, 4:12])),
}


class ShuffledPieces(nn.Module):
    """Channels of two halves lie in turn before they are cut into pieces."""

    def __init__(self, cut: Callable[[Tensor], tuple[Tensor, Tensor]]) -> None:
        super().__init__()
        self.cut, self.a, self.out = cut, nn.Conv2d(3, 16, 1), nn.Conv2d(6, 2, 1)
        self.b, self.c = nn.Conv2d(8, 6, 1), nn.Conv2d(8, 6, 1)

    def forward(self, x: Tensor) -> Tensor:
        one, other = self.cut(F.channel_shuffle(F.relu(self.a(x)), 2))
        return self.out(F.relu(self.b(one)) * F.relu(self.c(other)))


def in_turn(channels: list[int]) -> list[int]:
    half = len(channels) // 2
    return [c for pair in zip(channels[:half], channels[half:], strict=True) for c in pair]


@pytest.mark.parametrize("name", CUTS)
def test_pieces_of_shuffled_channels(name: str, space_of: Build) -> None:
    """Those widths go at which what is left of each piece is a piece of whole rounds, too."""
    *pieces, cut = CUTS[name]
    torch.manual_seed(0)
    model, x = ShuffledPieces(cut).eval(), torch.rand(1, 3, 4, 4)
    space = space_of(model, x)
    whole = in_turn(list(range(16)))
    parts = [sorted(i for c in g.classes for layer, i in c if layer == "a") for g in space.groups]

    def left(widths: tuple[int, ...]) -> list[int]:
        return sorted(i for part, n in zip(parts, widths, strict=True) for i in part[:n])

    def holds(kept: list[int]) -> bool:
        if len(kept) % 2:
            return False
        shuffled = in_turn(kept)
        for start, stop in pieces:
            wanted = [i for i in whole[start:stop] if i in kept]
            before = sum(i in kept for i in whole[:start])
            if len(wanted) % 2 or shuffled[before : before + len(wanted)] != wanted:
                return False
        return True

    allowed = []
    for widths in product(*(range(1, len(part) + 1) or [0] for part in parts)):
        w = [n if part else g.width for n, part, g in zip(widths, parts, space.groups, strict=True)]
        found = all(not (e.matrix(len(w)) @ (w - space.full)).any() for e in space.equal)
        assert found == holds(left(widths)), widths
        allowed += [widths] * found
    uneven = next(widths for widths in allowed if len(set(widths)) > 2)
    keep = {
        g.name: range(n) for g, n, part in zip(space.groups, uneven, parts, strict=True) if part
    }
    small = slim(model, keep, x, space=space)
    mask = torch.tensor([float(i in left(uneven)) for i in range(16)]).view(1, -1, 1, 1)
    model.a.register_forward_hook(lambda m, i, out: out * mask)
    torch.testing.assert_close(small(x), model(x))


class ShuffledAlone(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.out = nn.Conv2d(3, 8, 1), nn.Conv2d(4, 6, 1), nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        one, other = F.channel_shuffle(F.relu(self.a(x)), 1).chunk(2, 1)
        return self.out(F.relu(self.b(one + other)))


def test_a_shuffle_of_one_group_changes_nothing(space_of: Build) -> None:
    space = space_of(ShuffledAlone(), IMAGE)
    assert set(space.channel_classes) == tied(4, "a", ("a", 4)) | tied(6, "b")
    assert space.equal == ()


def test_groups_of_two_channels(space_of: Build) -> None:
    """Any number of widths that have to be alike binds, however few channels each has."""
    space = space_of(Grouped(6), IMAGE)
    assert {frozenset((f"a#{i}" if i > 1 else "a",) for i in range(1, 7))} <= equal(space)
