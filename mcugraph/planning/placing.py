"""Placement in a given sequence, the sequences to try, and how to learn from one that fails."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import Random

from mcugraph.planning.items import Items


def first_fit(items: Items, sequence: Iterable[int]) -> list[int]:
    """Offsets in units: each item at the lowest place that those before it leave."""
    offsets = list(items.fixed)
    for i in sequence:
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


def learn(
    items: Items,
    sequence: Sequence[int],
    goal: int,
    tries: int,
    seed: int,
    keep_on: Callable[[], None],
) -> list[int] | None:
    """Offsets of an arena of ``goal`` units at most; None where none was found.

    Items are placed in sequence, each at its lowest place. One that ends above the goal goes
    back in front of an item that stood in its way, and the placement starts again from there.

    Args:
        items: What to place.
        sequence: The first sequence to try.
        goal: Units of the arena.
        tries: Placements to try.
        seed: Of the random choices.
        keep_on: Called at every try; raises to stop.
    """
    random = Random(seed)
    order = [i for i in sequence if items.fixed[i] < 0]
    offsets = list(items.fixed)
    begin = 0  # what stands before this position in the sequence keeps its place
    for _ in range(tries):
        keep_on()
        for i in order[begin:]:
            offsets[i] = -1
        failed = -1
        for position in range(begin, len(order)):
            i = order[position]
            offsets[i] = lowest(items, offsets, i)
            if offsets[i] + items.height[i] > goal:
                failed = position
                break
        if failed < 0:
            return offsets
        i = order[failed]
        near = {j for j, _, _ in items.apart[i]}
        before = [p for p in range(failed) if order[p] in near]
        if not before:
            return None
        begin = before[0] if random.random() < 0.1 else random.choice(before)
        del order[failed]
        order.insert(begin, i)
    return None


def exchange(
    items: Items,
    sequence: Sequence[int],
    goal: int,
    tries: int,
    seed: int,
    keep_on: Callable[[], None],
) -> Iterator[list[int]]:
    """Offsets of smaller and smaller arenas, by local search in the sequence of placement.

    Two items that hold up the highest one, from beside it or from below, change places in the
    sequence; what does not make the arena larger is kept. The idea is that of the hill climb in
    the compiler Vela.

    Args:
        items: What to place.
        sequence: The first sequence.
        goal: Units of the arena at which to stop.
        tries: Placements without a smaller arena after which to stop.
        seed: Of the random choices.
        keep_on: Called at every try; raises to stop.
    """
    random = Random(seed)
    order = [i for i in sequence if items.fixed[i] < 0]
    offsets = first_fit(items, order)
    yield offsets
    arena, stuck = items.arena(offsets), 0
    while arena > goal and stuck < tries and len(order) > 1:
        keep_on()
        stuck += 1
        place = {i: p for p, i in enumerate(order)}
        near = _holding(items, offsets, place)
        first, second = sorted(random.sample(near, 2)) if len(near) > 1 else (0, len(order) - 1)
        trial = list(order)
        trial[first], trial[second] = trial[second], trial[first]
        tried = list(offsets)
        for i in trial[first:]:
            tried[i] = -1
        for i in trial[first:]:
            tried[i] = lowest(items, tried, i)
            if tried[i] + items.height[i] > arena:
                break
        else:
            order, offsets = trial, tried
            reached = items.arena(offsets)
            if reached < arena:
                arena, stuck = reached, 0
                yield offsets


def _holding(items: Items, offsets: Sequence[int], place: Mapping[int, int]) -> list[int]:
    """Positions of the highest item, of what is needed with it, and of what those lie on."""
    ends = [offset + height for offset, height in zip(offsets, items.height, strict=True)]
    top = ends.index(max(ends))
    pending = [top, *(j for j, _, _ in items.apart[top])]
    found = set(pending)
    while pending:
        i = pending.pop()
        for j, _, below in items.apart[i]:
            if offsets[i] and offsets[j] + below == offsets[i] and j not in found:
                found.add(j)
                pending.append(j)
                break
    return sorted(place[i] for i in found if i in place)
