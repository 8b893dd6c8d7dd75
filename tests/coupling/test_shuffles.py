"""Channels that are cut after a shuffle: which of them may go, by trying all sets."""

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import pytest

from mcugraph.space.space import Space

torch = pytest.importorskip("torch")
Tensor = torch.Tensor
nn = torch.nn
F = torch.nn.functional

Build = Callable[..., Space]
Shares = list[list[int]]


class Shuffled(nn.Module):
    """A layer of some channels, shuffled, then cut: by the code, or by the groups of a layer."""

    def __init__(self, channels: int, parts: int, sizes: list[int], grouped: bool) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, channels, 1)
        self.shuffle, self.sizes = nn.ChannelShuffle(parts), sizes
        self.grouped = grouped
        count = len(sizes) if grouped else 1
        given = [channels] if grouped else sizes
        self.heads = nn.ModuleList(nn.Conv2d(size, 2 * count, 1, groups=count) for size in given)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        x = self.shuffle(F.relu(self.a(x)))
        pieces = (x,) if self.grouped else torch.split(x, self.sizes, 1)
        return tuple(head(piece) for head, piece in zip(self.heads, pieces, strict=True))


def shuffled(channels: list[int], parts: int) -> list[int]:
    return np.array(channels).reshape(parts, -1).T.ravel().tolist()


def cut(line: list[int], sizes: list[int]) -> Shares:
    return [piece.tolist() for piece in np.split(np.array(line), np.cumsum(sizes)[:-1])]


def kept_sets(space: Space, channels: int) -> Iterator[tuple[list[int], bool]]:
    """Every set of channels, none of its groups empty, and whether the space allows it."""
    classes = [c for g in space.groups for c in g.classes if "a" in dict(c)]
    assert sorted(i for c in classes for _, i in c) == list(range(channels))
    for chosen in product([False, True], repeat=channels):
        widths = [sum(chosen[i] for c in g.classes for _, i in c) for g in space.groups]
        if all(widths):
            yield [i for i in range(channels) if chosen[i]], bool(space.feasible(widths))


@pytest.mark.parametrize(
    ("channels", "parts", "sizes", "grouped"),
    [
        (8, 2, [4, 4], False),
        (8, 2, [2, 6], False),
        (8, 2, [2, 4, 2], False),
        (8, 2, [3, 5], False),
        (8, 2, [1, 7], False),
        (12, 2, [5, 7], False),
        (9, 3, [4, 5], False),
        (12, 3, [6, 6], False),
        (8, 2, [4, 4], True),
        (12, 2, [4, 4, 4], True),
        (12, 3, [6, 6], True),
    ],
)
def test_what_is_cut_holds_what_it_held(
    channels: int, parts: int, sizes: list[int], grouped: bool, space_of: Build
) -> None:
    """The code shuffles what is left in as many parts, and cuts off as many as are left of each."""
    space = space_of(Shuffled(channels, parts, sizes, grouped), torch.zeros(1, 3, 4, 4))
    before = cut(shuffled(list(range(channels)), parts), sizes)
    allowed = 0
    for kept, feasible in kept_sets(space, channels):
        left = [set(piece) & set(kept) for piece in before]
        lengths = [len(piece) for piece in left]
        even = len({sum(i * parts // channels == part for i in kept) for part in range(parts)}) == 1
        if grouped:
            even &= len(set(lengths)) == 1
        right = even and list(map(set, cut(shuffled(kept, parts), lengths))) == left
        assert right or not feasible
        # In the midst of a round, what is left of the parts may differ by one, which is not looked
        # for: the widths that are allowed differ as they do from the beginning.
        rounds = [list(np.cumsum(part) % parts) for part in (lengths, sizes)]
        assert feasible or not right or any(map(any, rounds))
        allowed += feasible
    assert allowed > 1 or any(np.cumsum(sizes) % parts)
