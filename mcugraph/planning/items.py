"""Blocks as the solvers see them: numbered items, and how far apart two of them have to lie."""

from collections.abc import Callable, Sequence
from functools import reduce
from math import gcd

from mcugraph.planning.arena import ArenaProblem
from mcugraph.planning.choices import Choice, Shares
from mcugraph.planning.sections import meetings, sections
from mcugraph.planning.spans import Span
from mcugraph.records import dataclass

KeepOn = Callable[[int], None]  # raises to stop; takes bytes that are taken, about

_MEETING = 160  # bytes that two items take which are needed at a common time


@dataclass(frozen=True, slots=True)
class Items:
    """What is placed as one: a block, or a chain of blocks that take over each other's memory.

    Sizes are in units: their greatest common divisor. Blocks without bytes are left out.

    Attributes:
        members: For each item, its blocks by number.
        spans: For each item, how much it needs when; spans do not overlap in time. One may need
            nothing: it only says what does not reach across the item's offset.
        height: The largest size of each item.
        fixed: The offset that an item has to get; -1: any.
        sections: What is needed together, in order of time: for each section, (item, size). An
            item is in sections that follow each other.
        apart: For each item, (other, above, below) for every other item that is needed at a
            common time: the other starts at least ``above`` units higher, or at least ``below``
            units lower.
        unit: Bytes in a unit.
        choice: Which blocks take over the memory of which.
    """

    members: tuple[tuple[int, ...], ...]
    spans: tuple[tuple[Span, ...], ...]
    height: tuple[int, ...]
    fixed: tuple[int, ...]
    sections: tuple[tuple[tuple[int, int], ...], ...]
    apart: tuple[tuple[tuple[int, int, int], ...], ...]
    unit: int
    choice: Choice

    def arena(self, offsets: Sequence[int]) -> int:
        """Units of the arena that holds every item at its offset."""
        return max((o + h for o, h in zip(offsets, self.height, strict=True)), default=0)

    def clash(self) -> bool:
        """Whether two items with fixed offsets overlap."""
        if max(self.fixed, default=-1) < 0:
            return False
        return any(
            self.fixed[i] >= 0
            and self.fixed[j] >= 0
            and self.fixed[i] - below < self.fixed[j] < self.fixed[i] + above
            for i, row in enumerate(self.apart)
            for j, above, below in row
        )

    def item_offsets(self, offsets: Sequence[int]) -> list[int] | None:
        """Offsets of items from those of all blocks, in bytes; None: blocks of one lie apart."""
        if any(offsets[number] != offsets[row[0]] for row in self.members for number in row):
            return None
        return [offsets[row[0]] // self.unit for row in self.members]

    def block_offsets(self, problem: ArenaProblem, offsets: Sequence[int]) -> list[int]:
        """Offsets of all blocks of the problem, in bytes, from those of the items."""
        found = [block.offset or 0 for block in problem.blocks]
        for chain, offset in zip(self.members, offsets, strict=True):
            for number in chain:
                found[number] = offset * self.unit
        return found


def items_of(problem: ArenaProblem, choice: Choice, keep_on: KeepOn = lambda memory: None) -> Items:
    """The items of a problem, where the pairs of ``choice`` take over each other's memory.

    There are as many meetings as pairs of items, at the most: ``keep_on`` is asked about all
    of them before the first, and then now and then.
    """
    needed = problem.spans()
    sizes = [size for row in needed for _, _, size in row]
    offsets = [block.offset or 0 for block in problem.blocks if block.size]
    unit = reduce(gcd, [*sizes, *offsets], 0) or problem.alignment
    members = _chains(problem, choice)
    spans: list[tuple[Span, ...]] = []
    for chain in members:
        parts: list[Span] = []
        for number in chain:
            for lower, upper, size in needed[number]:
                begin = max(lower, parts[-1][1]) if parts else lower
                if upper > begin:
                    parts.append((begin, upper, size // unit))
        spans.append(tuple(parts))
    fixed = [-1] * len(members)
    for i, chain in enumerate(members):
        for number in chain:
            offset = problem.blocks[number].offset
            fixed[i] = fixed[i] if offset is None else offset // unit
    together, apart = _meetings(spans, keep_on)
    return Items(
        members,
        tuple(spans),
        tuple(max(size for _, _, size in parts) for parts in spans),
        tuple(fixed),
        together,
        apart,
        unit,
        choice,
    )


def best_items(
    problem: ArenaProblem, shares: Shares, keep_on: KeepOn = lambda memory: None
) -> Items:
    """The items of a problem where what can be saved is; blocks that are fixed do not clash."""
    items = items_of(problem, shares.best(), keep_on)
    return items_of(problem, shares.least(), keep_on) if items.clash() else items


def _chains(problem: ArenaProblem, choice: Choice) -> tuple[tuple[int, ...], ...]:
    following = dict(choice)
    later = set(following.values())
    chains = []
    for start, block in enumerate(problem.blocks):
        if start in later or not block.size:
            continue
        chain = [start]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        chains.append(tuple(chain))
    return tuple(chains)


def _meetings(
    spans: Sequence[Sequence[Span]], keep_on: KeepOn
) -> tuple[tuple[tuple[tuple[int, int], ...], ...], tuple[tuple[tuple[int, int, int], ...], ...]]:
    """The sections of items, and how far apart those have to lie that meet in one."""
    parts = [(i, span) for i, row in enumerate(spans) for span in row]
    times = [(lo, hi) for _, (lo, hi, _) in parts]
    memory = meetings(times) * _MEETING
    keep_on(memory)
    met: list[list[tuple[int, int, int]]] = [[] for _ in spans]
    together = []
    for members, new in sections(times):
        here = [(parts[m][0], parts[m][1][2]) for m in members]
        before = len(here) - len(new)  # what is new comes last
        for at in range(before, len(here)):
            keep_on(memory)
            i, size = here[at]
            row = met[i]
            for j, other in here[:at]:
                row.append((j, size, other))
                met[j].append((i, other, size))
        together.append(tuple(here))
    if len(parts) == len(spans):  # each of one span, so two of them meet once
        return tuple(together), tuple(map(tuple, met))
    return tuple(together), tuple(_farthest(i, row) for i, row in enumerate(met))


def _farthest(i: int, met: Sequence[tuple[int, int, int]]) -> tuple[tuple[int, int, int], ...]:
    """How far an item has to lie from each other one, by all times that they meet."""
    above: dict[int, int] = {}
    below: dict[int, int] = {}
    for j, size, other in met:
        if j != i:
            above[j] = max(above.get(j, 0), size)
            below[j] = max(below.get(j, 0), other)
    return tuple((j, size, below[j]) for j, size in above.items())
