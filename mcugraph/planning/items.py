"""Blocks as the solvers see them: numbered items, and how far apart two of them have to lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import gcd

from mcugraph.planning.arena import ArenaProblem

Span = tuple[int, int, int]  # from, to (excluded), size


@dataclass(frozen=True, slots=True)
class Items:
    """What is placed as one: a block, or a chain of blocks that take over each other's memory.

    Sizes are in units: their greatest common divisor.

    Attributes:
        members: For each item, its blocks by number.
        spans: For each item, how much it needs when; spans do not overlap in time.
        height: The largest size of each item.
        fixed: The offset that an item has to get; -1: any.
        apart: For each item, (other, above, below) for every other item that is needed at a
            common time: the other starts at least ``above`` units higher, or at least ``below``
            units lower.
        unit: Bytes in a unit.
    """

    members: tuple[tuple[int, ...], ...]
    spans: tuple[tuple[Span, ...], ...]
    height: tuple[int, ...]
    fixed: tuple[int, ...]
    apart: tuple[tuple[tuple[int, int, int], ...], ...]
    unit: int

    def arena(self, offsets: Sequence[int]) -> int:
        """Units of the arena that holds every item at its offset."""
        return max((o + h for o, h in zip(offsets, self.height, strict=True)), default=0)


def items_of(problem: ArenaProblem) -> Items:
    """The items of a problem."""
    sizes = [problem.aligned(block.size) for block in problem.blocks]
    offsets = [block.offset or 0 for block in problem.blocks]
    unit = reduce(gcd, [*sizes, *offsets], 0) or problem.alignment
    members = _chains(problem)
    spans: list[tuple[Span, ...]] = []
    for chain in members:
        parts: list[Span] = []
        for number in chain:
            block = problem.blocks[number]
            begin = parts[-1][1] if parts else block.lower
            if block.upper > begin:
                parts.append((begin, block.upper, sizes[number] // unit))
        spans.append(tuple(parts))
    fixed = [-1] * len(members)
    for i, chain in enumerate(members):
        for number in chain:
            offset = problem.blocks[number].offset
            fixed[i] = fixed[i] if offset is None else offset // unit
    return Items(
        members,
        tuple(spans),
        tuple(max(size for _, _, size in parts) for parts in spans),
        tuple(fixed),
        _apart(spans),
        unit,
    )


def _chains(problem: ArenaProblem) -> tuple[tuple[int, ...], ...]:
    following = dict(problem.shares)
    starts = set(range(len(problem.blocks))) - set(following.values())
    chains = []
    for start in sorted(starts):
        chain = [start]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        chains.append(tuple(chain))
    return tuple(chains)


def _apart(spans: Sequence[Sequence[Span]]) -> tuple[tuple[tuple[int, int, int], ...], ...]:
    """By a sweep over time."""
    events = sorted((lo, hi, size, i) for i, parts in enumerate(spans) for lo, hi, size in parts)
    need: list[dict[int, int]] = [{} for _ in spans]  # item -> other -> distance if it is below
    active: list[tuple[int, int, int]] = []
    for lo, hi, size, i in events:
        active = [entry for entry in active if entry[0] > lo]
        for _, other_size, j in active:
            if i != j:
                need[i][j] = max(need[i].get(j, 0), size)
                need[j][i] = max(need[j].get(i, 0), other_size)
        active.append((hi, size, i))
    return tuple(
        tuple((j, above, need[j][i]) for j, above in row.items()) for i, row in enumerate(need)
    )


def clash(items: Items) -> tuple[int, int] | None:
    """Two items with fixed offsets that overlap; None where there are none."""
    for i, row in enumerate(items.apart):
        for j, above, below in row:
            a, b = items.fixed[i], items.fixed[j]
            if i < j and a >= 0 and b >= 0 and a - below < b < a + above:
                return i, j
    return None
