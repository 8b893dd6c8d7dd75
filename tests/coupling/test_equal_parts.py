"""Groups of norms and convolutions: parts of which equally many channels stay."""

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
