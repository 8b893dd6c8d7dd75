"""Placement in a given sequence, and the sequences to try."""

from collections.abc import Callable, Iterable, Sequence
from random import Random

from mcugraph.planning.items import Items


def first_fit(
    items: Items, sequence: Iterable[int], keep_on: Callable[[], None] = lambda: None
) -> list[int]:
    """Offsets in units: each item at the lowest place that those before it leave."""
    offsets = list(items.fixed)
    for i in sequence:
        keep_on()
        if offsets[i] < 0:
            offsets[i] = lowest(items, offsets, i)
    return offsets


def lowest(items: Items, offsets: Sequence[int], i: int) -> int:
    """The lowest offset at which an item meets none that has one already."""
    blocked = [
        (offsets[j] - above, offsets[j] + below)
        for j, above, below in items.apart[i]
        if offsets[j] >= 0
    ]
    blocked.sort()
    offset = 0
    for low, high in blocked:
        if offset <= low:
            break
        if high > offset:
            offset = high
    return offset


def by_size(items: Items) -> list[int]:
    """The largest first, then the longest needed."""
    length = [sum(hi - lo for lo, hi, _ in parts) for parts in items.spans]
    return sorted(range(len(items.height)), key=lambda i: (-items.height[i], -length[i], i))


def by_time(items: Items) -> list[int]:
    """As they come to be needed: what a simple allocator does while the network runs."""
    return sorted(range(len(items.height)), key=lambda i: (items.spans[i][0][0], i))


def by_area(items: Items) -> list[int]:
    """The largest product of size and time first."""
    area = [sum((hi - lo) * size for lo, hi, size in parts) for parts in items.spans]
    return sorted(range(len(items.height)), key=lambda i: (-area[i], i))


def by_length(items: Items) -> list[int]:
    """The longest needed first, then the largest."""
    length = [sum(hi - lo for lo, hi, _ in parts) for parts in items.spans]
    return sorted(range(len(items.height)), key=lambda i: (-length[i], -items.height[i], i))


def by_crowd(items: Items) -> list[int]:
    """Those needed while most memory is live first: they have the least choice."""
    crowd = [0] * len(items.height)
    for members in items.sections:
        level = sum(size for _, size in members)
        for i, _ in members:
            crowd[i] = max(crowd[i], level)
    return sorted(range(len(crowd)), key=lambda i: (-crowd[i], -items.height[i], i))


SEQUENCES: tuple[Callable[[Items], list[int]], ...] = (
    by_size, by_area, by_length, by_crowd, by_time
)  # fmt: skip


# How much room an item takes up, by exponents of its size, its time and the number of others that
# are needed with it; what is large is placed first.
_MEASURES = (
    (0.05, 1.0, 0.0), (0.05, 0.0, 1.0), (1.0, 0.5, 0.0), (0.05, 0.5, 0.5), (0.3, 0.5, 0.5)
)  # fmt: skip
_NOISES = (0.05, 0.2, 0.5)


def ranks(items: Items, turn: int, random: Random) -> list[float]:
    """A rank of each item, the least first; the first turns are without chance."""
    measure, noise = turn, 0.0
    if turn >= len(_MEASURES):
        measure, noise = random.randrange(len(_MEASURES)), random.choice(_NOISES)
    by_height, by_length, by_degree = _MEASURES[measure]
    return [
        -(height**by_height)
        * (spans[-1][1] - spans[0][0]) ** by_length
        * (1 + len(near)) ** by_degree
        * (1 + noise * random.random())
        for height, spans, near in zip(items.height, items.spans, items.apart, strict=True)
    ]
