"""Exact search: is there a plan with an arena of so many units?

Items are placed from the bottom up: each at the height of what lies below it (the *skyline*) at
some time at which it is needed. Every plan can be let down until it has that form, and its
offsets then never fall in the order of placement. At each time, what is still to come has to fit
above the skyline, so a gap below a placed item is paid for out of the *slack* there. Items that
find a place whatever happens to the others are set aside first, and what does not meet in time
is searched apart.
"""

from collections.abc import Callable, Iterable

from mcugraph.planning.items import Items
from mcugraph.planning.placing import lowest

_Undo = tuple[int, list[tuple[int, int]], list[tuple[int, int, int]]]


def fits(items: Items, capacity: int, keep_on: Callable[[], None]) -> list[int] | None:
    """Offsets of a plan within ``capacity`` units; None: proven that there is none.

    Args:
        items: What to place; what has a fixed offset clashes with nothing.
        capacity: Units of the arena.
        keep_on: Called at every placement; raises to stop the search.
    """
    hard, easy = _peel(items, capacity)
    offsets = list(items.fixed)
    for part in _independent(items, hard):
        found = _Descent(items, part, capacity).run(keep_on)
        if found is None:
            return None
        for i in part:
            offsets[i] = found[i]
    for i in reversed(easy):
        offsets[i] = lowest(items, offsets, i)
    return offsets


def _peel(items: Items, capacity: int) -> tuple[list[int], list[int]]:
    """The items to search, and those that fit in at last, the first to place at the end.

    An item fits in if those around it, wherever they lie, cannot block all of its offsets.
    """
    left = set(range(len(items.height)))
    blocked = [sum(above + below - 1 for _, above, below in row) for row in items.apart]

    def fits_in(i: int) -> bool:
        height = items.height[i]
        return items.fixed[i] < 0 and (not height or blocked[i] <= capacity - height)

    easy: list[int] = []
    pending = [i for i in left if fits_in(i)]
    while pending:
        i = pending.pop()
        if i not in left:
            continue
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


class _Descent:
    """Depth first, one group of items."""

    def __init__(self, items: Items, part: Iterable[int], capacity: int) -> None:
        self.items = items
        self.part = list(part)
        self.fixed = items.fixed
        inside = set(self.part)
        self.near = {i: [e for e in items.apart[i] if e[0] in inside] for i in self.part}
        self.sections = _within(items, inside)
        self.home: dict[int, list[tuple[int, int]]] = {i: [] for i in self.part}
        for s, members in enumerate(self.sections):
            for i, size in members.items():
                self.home[i].append((s, size))
        self.slack = [capacity - sum(members.values()) for members in self.sections]
        self.skyline = [0] * len(self.sections)
        self.floor = dict.fromkeys(self.part, 0)  # the lowest offset that is still possible
        self.offsets: dict[int, int] = {}
        self.twin = self._twins()

    def _twins(self) -> dict[int, int]:
        """Item -> the one just like it that has to be placed before."""
        last: dict[object, int] = {}
        twin = {}
        for i in self.part:
            if self.fixed[i] < 0:
                key = self.items.spans[i]
                if key in last:
                    twin[i] = last[key]
                last[key] = i
        return twin

    def run(self, keep_on: Callable[[], None]) -> dict[int, int] | None:
        if min(self.slack, default=0) < 0:
            return None
        levels = [iter(self._candidates(0, -1))]
        undo: list[_Undo] = []
        while levels:
            keep_on()
            chosen = next(levels[-1], None)
            if chosen is None:
                levels.pop()
                if undo:
                    self._take_back(undo.pop())
                continue
            offset, i = chosen
            undo.append(self._put(i, offset))
            if len(self.offsets) == len(self.part):
                return self.offsets
            levels.append(iter(self._candidates(offset, i)))
        return None

    def _candidates(self, last: int, before: int) -> list[tuple[int, int]]:
        """(offset, item) of what may be placed next, the best first; none if this is hopeless."""
        placed, floor, fixed, height = self.offsets, self.floor, self.fixed, self.items.height
        lowest_top = None  # what could be let down below this line has to be placed first
        found = []
        for i in self.part:
            if i in placed:
                continue
            at, wanted = floor[i], fixed[i]
            if wanted >= 0:
                if at > wanted or wanted < last:
                    return []
                at = wanted
            else:
                top = at + height[i]
                if lowest_top is None or top < lowest_top:
                    lowest_top = top
            if (at > last or (at == last and i > before)) and self.twin.get(i, i) in (i, *placed):
                found.append((at, i))
        if lowest_top is not None:
            if lowest_top <= last:
                return []
            found = [entry for entry in found if entry[0] < lowest_top]
        if not self._hopeful(last):
            return []
        slack, skyline = self.slack, self.skyline
        found = [
            (at, i) for at, i in found if all(at - skyline[s] <= slack[s] for s, _ in self.home[i])
        ]
        found.sort(key=lambda entry: (entry[0], -height[entry[1]], -len(self.home[entry[1]])))
        return found

    def _hopeful(self, last: int) -> bool:
        """Whether every time can still hold all that is to come."""
        placed, floor, fixed = self.offsets, self.floor, self.fixed
        for members, base, slack in zip(self.sections, self.skyline, self.slack, strict=True):
            limit = base + slack
            if (
                last <= limit
                and all(i in placed or max(floor[i], fixed[i]) > limit for i in members)
                and not all(i in placed for i in members)
            ):
                return False
            if last > limit and not all(i in placed for i in members):
                return False
        return True

    def _put(self, i: int, offset: int) -> _Undo:
        self.offsets[i] = offset
        floors = []
        for j, above, _ in self.near[i]:
            if j not in self.offsets and self.floor[j] < offset + above:
                floors.append((j, self.floor[j]))
                self.floor[j] = offset + above
        lines = []
        for s, size in self.home[i]:
            lines.append((s, self.skyline[s], self.slack[s]))
            self.slack[s] -= offset - self.skyline[s]
            self.skyline[s] = offset + size
        return i, floors, lines

    def _take_back(self, undo: _Undo) -> None:
        i, floors, lines = undo
        del self.offsets[i]
        for j, value in floors:
            self.floor[j] = value
        for s, skyline, slack in lines:
            self.skyline[s], self.slack[s] = skyline, slack


def _within(items: Items, part: set[int]) -> list[dict[int, int]]:
    """The sections as far as some items are concerned: item -> size."""
    found: dict[tuple[tuple[int, int], ...], None] = {}
    for members in items.sections:
        found[tuple(entry for entry in members if entry[0] in part)] = None
    found.pop((), None)
    return [dict(members) for members in found]
