"""Exact search: is there a plan with an arena of so many units?

Items that find a place whatever happens to the others are set aside first, and what does not meet
in time is searched apart. How the rest is searched is in ``descent``.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from mcugraph.planning.descent import Descent
from mcugraph.planning.items import Items
from mcugraph.planning.placing import lowest
from mcugraph.planning.sides import Sides

_SIDES = 4  # placements of a search by valleys that take as long as a try of one by sides
_SIDES_QUOTA = 1000  # tries, where a search by valleys follows that takes as long as it takes


class Fitting:
    """Whether items fit into an arena, found out in as many attempts as it takes.

    Attributes:
        offsets: Of a plan, in units, once there is one.
        impossible: Whether it is proven that there is none.
    """

    def __init__(
        self, items: Items, capacity: int, keep_on: Callable[[], None] = lambda: None
    ) -> None:
        self._items, self._capacity = items, capacity
        hard, self._easy = _peel(items, capacity, keep_on)
        self._parts = [_Part(items, part, capacity) for part in _independent(items, hard)]
        self._found: dict[int, int] = {}
        self.offsets: list[int] | None = None
        self.impossible = False

    def attempt(
        self, rank: Sequence[float], quota: int | None, keep_on: Callable[[], None]
    ) -> bool:
        """Search on; whether the question is settled.

        Args:
            rank: Of the items that may lie at one place, the one with the least is tried first.
            quota: Placements to try in each part that has no plan yet; None: as many as it takes.
            keep_on: Called now and then; raises to stop the search.
        """
        left = []
        for part in self._parts:
            found = part.attempt(rank, quota, keep_on)
            self._found.update(found or {})
            if part.impossible:
                self.impossible = True
                return True
            if found is None:
                left.append(part)
        self._parts = left
        if left:
            return False
        offsets = list(self._items.fixed)
        for i, offset in self._found.items():
            offsets[i] = offset
        for i in reversed(self._easy):
            offsets[i] = lowest(self._items, offsets, i)
        self.offsets = offsets
        return True


class _Part:
    """What meets, directly or through others.

    Attributes:
        impossible: Whether it is proven that it does not fit.
    """

    def __init__(self, items: Items, part: list[int], capacity: int) -> None:
        self._items, self._part, self._capacity = items, part, capacity
        # Where items grow, outputs lie over inputs: rows of items, in which sides decide.
        growing = any(a[2] < b[2] for i in part for a, b in pairwise(items.spans[i]))
        self._sides = Sides(items, part, capacity) if growing else None
        self.impossible = False

    def attempt(
        self, rank: Sequence[float], quota: int | None, keep_on: Callable[[], None]
    ) -> dict[int, int] | None:
        """The offset of each item, if a plan is found."""
        for search, tries in self._searches(rank, quota):
            if search.run(tries, keep_on):
                return search.offset
            if search.complete:
                self.impossible = True
                break
        return None

    def _searches(
        self, rank: Sequence[float], quota: int | None
    ) -> Iterator[tuple[Sides | Descent, int | None]]:
        if self._sides is not None:
            yield self._sides, _SIDES_QUOTA if quota is None else quota // _SIDES
        yield Descent(self._items, self._part, self._capacity, rank), quota


def fits(items: Items, capacity: int, keep_on: Callable[[], None]) -> list[int] | None:
    """Offsets of a plan within ``capacity`` units; None: proven that there is none.

    Args:
        items: What to place; what has a fixed offset clashes with nothing.
        capacity: Units of the arena.
        keep_on: Called now and then; raises to stop the search.
    """
    fitting = Fitting(items, capacity, keep_on)
    fitting.attempt([-height for height in items.height], None, keep_on)
    return fitting.offsets


def _peel(items: Items, capacity: int, keep_on: Callable[[], None]) -> tuple[list[int], list[int]]:
    """The items to search, and those that fit in at last, the first to place at the end.

    An item fits in if those around it, wherever they lie, cannot block all of its offsets.
    """
    left = set(range(len(items.height)))
    blocked = [sum(above + below - 1 for _, above, below in row) for row in items.apart]

    def fits_in(i: int) -> bool:
        return items.fixed[i] < 0 and blocked[i] <= capacity - items.height[i]

    easy: list[int] = []
    pending = [i for i in left if fits_in(i)]
    while pending:
        i = pending.pop()
        if i not in left:
            continue
        keep_on()
        left.remove(i)
        easy.append(i)
        for j, above, below in items.apart[i]:
            if j in left:
                blocked[j] -= above + below - 1
                if fits_in(j):
                    pending.append(j)
    return sorted(left), easy


def _independent(items: Items, chosen: list[int]) -> list[list[int]]:
    """The chosen items in groups that do not meet."""
    left = set(chosen)
    groups = []
    for start in chosen:
        if start not in left:
            continue
        left.remove(start)
        group, at = [start], 0
        while at < len(group):
            near = [j for j, _, _ in items.apart[group[at]] if j in left]
            left.difference_update(near)
            group += near
            at += 1
        groups.append(sorted(group))
    return sorted(groups, key=len)
