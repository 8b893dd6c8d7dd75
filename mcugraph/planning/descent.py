"""A search for places, valley by valley.

Items are placed from the bottom up. At each time, that is in each section, the *level* says how
high the arena is filled; what is below it is taken or wasted:

    level   4  . . . .|===|. . .
            3  . . . .| c |. .|=====|
            2  |======|===|. .|  d  |
            1  |  a   |b  |. .|=====|
            0  |======|===|___|=====|
               sections   valley

Every plan can be let down until each item rests on the bottom or on another one. So take a valley,
sections of one level between higher ones, and one section in it. Either one of the items that fit
into the valley, and are needed in the section, lies right there, or the level of the section can be
raised: to that of the lower side of the valley, or of the flattest item that may be put beside.
Valleys do not wait for each other; the one with the fewest ways to go on comes first, so a section
that must be filled without a gap decides what lies there before anything else is tried.

An item may need nothing in a section: no other one there reaches across its offset, but both may
lie at one place (an output and an input with a lead of 0). Such a one is *thin* there, and wants to
be placed first, since nothing comes below the level. Hence where an item may lie in a valley, what
is thin beside it may lie there before it, and what is thin beside that one. And an item that rests
on a thin one without touching it lies where that does: on whatever it or the next of such a row
really rests on, unless the last of them has a fixed offset. So thin parts raise no level but there.

A level may rise only as far as what is still to come fits above it. That is asked of every set of
items in a section whose places are bounded from below by what was placed in other sections.
"""

from collections.abc import Callable, Sequence

from mcugraph.planning.items import Items

_NONE = -1
_LOOK = 64  # placements between two looks at the limits; fewer of more items, which take longer

# Item or none, section to raise if there is none, new level or place.
_Option = tuple[int, int, int]


class Descent:
    """Depth first, one group of items.

    Attributes:
        offset: Of what is placed so far.
        complete: Whether all was tried, so that no plan is a proof.
    """

    def __init__(
        self, items: Items, part: Sequence[int], capacity: int, rank: Sequence[float]
    ) -> None:
        self.fixed, self.height, self.rank = items.fixed, items.height, rank
        self.capacity = capacity
        inside = set(part)
        sections = _within(items, inside)
        self.size = sections
        self.here = [set(members) for members in sections]  # what is still to come
        self.level = [0] * len(sections)
        # Units that may still be wasted in each section.
        self.slack = [capacity - sum(members.values()) for members in sections]
        self.first: dict[int, int] = {}
        self.last: dict[int, int] = {}
        for s, members in enumerate(sections):
            for i in members:
                self.first.setdefault(i, s)
                self.last[i] = s
        self.near = {i: [e for e in items.apart[i] if e[0] in inside] for i in part}
        self.flat = {i: min(size for _, _, size in items.spans[i] if size) for i in part}
        self.thin = {i for i in part if any(not size for _, _, size in items.spans[i])}
        self.floor = {i: max(items.fixed[i], 0) for i in part}  # the lowest offset still possible
        # Of items that are just alike only one is tried at a place.
        self.kind = {i: (items.spans[i], items.fixed[i]) for i in part}
        # Items with fixed offsets, which others lie below or above: (item, above, below).
        self.walls = {i: [e for e in self.near[i] if self.fixed[e[0]] >= 0] for i in part}
        # What may lie at the same place as an item, if it is placed before.
        self.under = {i: [j for j, _, below in self.near[i] if not below] for i in part}
        self.offset: dict[int, int] = {}
        self.complete = False
        self._left = len(inside)
        # What to put back, in order: (floor, item, old), (level, section, old, old slack) or
        # (placed, item, 0).
        self._trail: list[tuple[str, int, int, int]] = []

    def run(self, quota: int | None, keep_on: Callable[[], None]) -> bool:
        """Whether a plan was found, within so many placements; None: as many as it takes."""
        if min(self.slack, default=0) < 0 or not all(map(self._fits, self.floor)):
            self.complete = True
            return False
        stack = [(0, self._options(), 0)]
        tried, look = 0, max(1, _LOOK * _LOOK // max(_LOOK, len(self.floor)))
        while stack:
            mark, options, at = stack.pop()
            self._undo(mark)
            if at == len(options):
                continue
            stack.append((mark, options, at + 1))
            if tried == quota:
                return False
            tried += 1
            if tried % look == 1 % look:
                keep_on()
            if self._take(options[at]):
                if not self._left:
                    return True
                stack.append((len(self._trail), self._options(), 0))
        self.complete = True
        return False

    def _fits(self, i: int) -> bool:
        """Whether an item still can lie somewhere."""
        floor, fixed = self.floor[i], self.fixed[i]
        return floor + self.height[i] <= self.capacity and not 0 <= fixed < floor

    def _options(self) -> list[_Option]:
        """All ways to go on at one section of one valley; of the valleys, the one with fewest."""
        level, here = self.level, self.here
        best: list[_Option] = []
        fewest: tuple[int, int] | None = None
        outside = self.capacity + 1  # the side of a valley where nothing is needed any more
        end = -1
        while end + 1 < len(level):
            begin = end = end + 1
            if not here[begin]:
                continue
            low = level[begin]
            while end + 1 < len(level) and here[end + 1] and level[end + 1] == low:
                end += 1
            left = level[begin - 1] if begin and here[begin - 1] else outside
            right = level[end + 1] if end + 1 < len(level) and here[end + 1] else outside
            if left < low or right < low:
                continue
            s = min(range(begin, end + 1), key=self.slack.__getitem__)
            options = self._options_at(s, begin, end, min(left, right))
            if options is not None:
                rank = (len(options), self.slack[s])
                if fewest is None or rank < fewest:
                    best, fewest = options, rank
                    if len(options) <= 1:
                        break
        return best

    def _options_at(self, s: int, begin: int, end: int, rim: int) -> list[_Option] | None:
        """All ways to go on at section ``s`` of a valley from ``begin`` to ``end``.

        None: An item with a fixed offset lies next there, and waits for other valleys.
        """
        low = self.level[s]
        inside = self._inside(self.here[s], low, begin, end)
        raised = rim
        for i in self.here[s]:
            if self.fixed[i] == low:
                forced = self._inside({i}, low, begin, end)
                return [(j, s, low) for j in forced] if forced else None
            if self.fixed[i] > low:
                raised = min(raised, self.fixed[i])
        chosen: dict[object, int] = {}
        for i in sorted(inside, key=self.rank.__getitem__):
            chosen.setdefault(self.kind[i], i)
        options = [(i, s, low) for i in chosen.values()]
        if self.slack[s]:
            for beside in self.here[begin : end + 1]:
                for i in beside:
                    first, last = self.first[i], self.last[i]
                    if s < first or last < s:
                        wall = self.fixed[i] >= 0
                        if wall or (begin <= first and last <= end):
                            at = self.fixed[i] if wall else low
                            touched = at if at > low and i in self.thin else at + self.flat[i]
                            raised = min(raised, touched)
            if raised - low <= self.slack[s]:
                options.append((_NONE, s, raised))
        return options

    def _inside(self, items: set[int], low: int, begin: int, end: int) -> list[int]:
        """Those that can lie at the bottom of a valley, and what can do so before them."""
        if self.thin:
            items = self._with_under(items)
        return [
            i
            for i in items
            if self.floor[i] <= low
            and self.first[i] >= begin
            and self.last[i] <= end
            and all(
                low + above <= self.fixed[j] or j in self.offset for j, above, _ in self.walls[i]
            )
        ]

    def _with_under(self, items: set[int]) -> set[int]:
        """Items, and what is thin beside one of them, and so on."""
        found, pending = set(items), list(items)
        while pending:
            more = [j for j in self.under[pending.pop()] if j not in self.offset]
            pending += [j for j in more if j not in found]
            found.update(more)
        return found

    def _take(self, option: _Option) -> bool:
        """Go one way; whether all that is still to come may find a place."""
        i, s, level = option
        if i == _NONE:
            return self._raise(s, level) and self._settle(
                [j for j in self.here[s] if self._lift(j, level)], s, s
            )
        self.offset[i] = level
        self._left -= 1
        self._trail.append(("placed", i, 0, 0))
        first, last = self.first[i], self.last[i]
        for t in range(first, last + 1):
            self.here[t].discard(i)
            self._trail.append(("level", t, self.level[t], self.slack[t]))
            self.level[t] = level + self.size[t][i]
        lifted = [
            j
            for j, above, _ in self.near[i]
            if j not in self.offset and self._lift(j, level + above)
        ]
        return self._settle(lifted, first, last)

    def _lift(self, i: int, floor: int) -> bool:
        """Raise the lowest possible offset of an item; whether it was lower."""
        old = self.floor[i]
        if old >= floor:
            return False
        self._trail.append(("floor", i, old, 0))
        self.floor[i] = floor
        return True

    def _raise(self, s: int, level: int) -> bool:
        """Waste what lies below a level; whether that leaves enough."""
        self._trail.append(("level", s, self.level[s], self.slack[s]))
        self.slack[s] -= level - self.level[s]
        self.level[s] = level
        return self.slack[s] >= 0

    def _settle(self, lifted: list[int], begin: int, end: int) -> bool:
        """Follow up what was lifted; whether each section can hold what is still to come."""
        for i in lifted:
            if not self._fits(i):
                return False
            begin, end = min(begin, self.first[i]), max(end, self.last[i])
        floor, capacity = self.floor, self.capacity
        for s in range(begin, end + 1):
            if not self.here[s]:
                continue
            size, total, lowest = self.size[s], 0, capacity
            for lowest, units in sorted([(floor[i], size[i]) for i in self.here[s]], reverse=True):
                total += units
                if lowest + total > capacity:
                    return False
            if lowest > self.level[s] and not self._raise(s, lowest):
                return False
        return True

    def _undo(self, mark: int) -> None:
        trail = self._trail
        while len(trail) > mark:
            what, i, old, slack = trail.pop()
            if what == "floor":
                self.floor[i] = old
            elif what == "level":
                self.level[i], self.slack[i] = old, slack
            else:
                del self.offset[i]
                self._left += 1
                for s in range(self.first[i], self.last[i] + 1):
                    self.here[s].add(i)


def _within(items: Items, part: set[int]) -> list[dict[int, int]]:
    """The sections as far as some items are concerned: item -> size."""
    found: dict[tuple[tuple[int, int], ...], None] = {}
    for members in items.sections:
        found[tuple(entry for entry in members if entry[0] in part)] = None
    found.pop((), None)
    return [dict(members) for members in found]
