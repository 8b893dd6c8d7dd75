"""A search for sides: of two items that meet, which one lies above the other.

An item has a range of offsets that are still possible. Of two items that meet, i and j, either j
lies ``above`` units higher, at the least, or ``below`` units lower:

    i  |-------------|             from the lowest possible offset to the highest, its own height
    j        |-------------|       left out: here j cannot lie below i, so it lies above

Where the ranges leave one side, the other ends of both ranges follow, and what follows from those;
where they leave none, there is no plan. Nor is there one if a section has to hold more between two
offsets than fits. What does not follow is tried, the tightest pair first, until the lowest offsets
keep all items apart: then they are a plan.

That is how job shops are scheduled (J. Carlier and E. Pinson, "An Algorithm for Solving the
Job-Shop Problem", 1989): offsets are times, and items that meet are jobs of one machine. It is
strong where few items meet, as in rows of tensors that lie over each other, since there a side says
much: a proof that such a row does not fit takes a few steps, however long it is. Where many meet,
the search valley by valley is better.

The search begins anew in each attempt. Pairs that made it fail weigh more in the next one, so that
it soon turns to the part of the network that decides (F. Boussemart and others, "Boosting
Systematic Search by Weighting Constraints", 2004).
"""

from collections.abc import Callable, Sequence

from mcugraph.planning.items import Items

_LOOK = 32  # tries between two looks at the limits
_OPEN, _ABOVE, _BELOW = 0, 1, 2  # of a pair (i, j): j lies above i, or below
_CROWDED = 0.2  # what a failure of a section weighs for each pair in it; that of a pair weighs 1
_WIDE = 0.1  # how much the wider side of a pair counts beside the narrower

_Pair = tuple[int, int, int, int]  # i, j, above, below


class Sides:
    """One group of items, searched in as many attempts as it takes.

    Attributes:
        offset: Of a plan, once there is one.
        complete: Whether all was tried, so that no plan is a proof.
    """

    def __init__(self, items: Items, part: Sequence[int], capacity: int) -> None:
        number = {i: n for n, i in enumerate(part)}
        self._part = part
        self._lowest = [max(items.fixed[i], 0) for i in part]
        tops = [capacity - items.height[i] for i in part]
        self._highest = [
            min(top, items.fixed[i]) if items.fixed[i] >= 0 else top
            for i, top in zip(part, tops, strict=True)
        ]
        self._pairs: list[_Pair] = [
            (number[i], number[j], above, below)
            for i in part
            for j, above, below in items.apart[i]
            if i < j and j in number
        ]
        self._of: list[list[int]] = [[] for _ in part]  # the pairs of each item
        for p, (i, j, _, _) in enumerate(self._pairs):
            self._of[i].append(p)
            self._of[j].append(p)
        self._side = [_OPEN] * len(self._pairs)
        self._weight = [1.0] * len(self._pairs)
        groups = {
            tuple((number[i], size) for i, size in members if i in number)
            for members in items.sections
        }
        self._sections = [group for group in sorted(groups) if len(group) > 2]
        self._within: list[list[int]] = [[] for _ in part]  # the sections of each item
        for s, members in enumerate(self._sections):
            for i, _ in members:
                self._within[i].append(s)
        # What to put back, in order: (list, place, value).
        self._trail: list[tuple[list[int], int, int]] = []
        self.offset: dict[int, int] = {}
        possible = all(a <= b for a, b in zip(self._lowest, self._highest, strict=True))
        self.complete = not (possible and self._follow(list(range(len(part)))))
        self._trail.clear()  # what follows without a try stays

    def run(self, quota: int | None, keep_on: Callable[[], None]) -> bool:
        """Whether a plan was found, within so many tries; None: as many as it takes."""
        if self.complete:
            return False
        stack: list[tuple[int, int, int]] = []  # trail before, pair, side that is left to try
        tried = 0
        while True:
            pair = self._tightest()
            if pair is None:
                self.offset = dict(zip(self._part, self._lowest, strict=True))
                return True
            mark, side = len(self._trail), self._wider(pair)
            stack.append((mark, pair, _ABOVE + _BELOW - side))
            while not self._decide(pair, side):
                while stack and stack[-1][2] == _OPEN:
                    stack.pop()
                if not stack:
                    self.complete = True
                    return False
                mark, pair, side = stack.pop()
                self._undo(mark)
                stack.append((mark, pair, _OPEN))
            tried += 1
            if tried % _LOOK == 1:
                keep_on()
            if tried == quota:
                self._undo(0)
                return False

    def _room(self, p: int) -> tuple[int, int]:
        """Units that the second item of a pair can move if it lies above, and if below."""
        i, j, above, below = self._pairs[p]
        return (
            self._highest[j] - self._lowest[i] - above,
            self._highest[i] - self._lowest[j] - below,
        )

    def _wider(self, p: int) -> int:
        above, below = self._room(p)
        return _ABOVE if above >= below else _BELOW

    def _tightest(self) -> int | None:
        """The pair to try next, of those that the lowest offsets do not keep apart."""
        lowest, side, weight = self._lowest, self._side, self._weight
        best, least = None, 0.0
        for p, (i, j, above, below) in enumerate(self._pairs):
            low, high = lowest[i], lowest[j]
            if side[p] or low + above <= high or high + below <= low:
                continue
            narrow, wide = sorted(self._room(p))
            rank = (narrow + 1 + _WIDE * wide) / weight[p]
            if best is None or rank < least:
                best, least = p, rank
        return best

    def _decide(self, p: int, side: int) -> bool:
        """Take one side; whether what follows leaves every item an offset."""
        self._set(self._side, p, side)
        return self._follow([*self._pairs[p][:2]])

    def _set(self, values: list[int], at: int, value: int) -> None:
        self._trail.append((values, at, values[at]))
        values[at] = value

    def _undo(self, mark: int) -> None:
        while len(self._trail) > mark:
            values, at, value = self._trail.pop()
            values[at] = value

    def _follow(self, changed: list[int]) -> bool:
        """All that follows where ranges changed; whether every item still has an offset."""
        crowded: set[int] = set()
        waiting, patience = set(changed), len(self._part)
        while changed:
            x = changed.pop()
            waiting.discard(x)
            crowded.update(self._within[x])
            for p in self._of[x]:
                moved = self._narrow(p)
                if moved is None:
                    self._weight[p] += 1
                    return False
                for y in moved:
                    if y not in waiting:
                        waiting.add(y)
                        changed.append(y)
                patience -= len(moved)
            if patience < 0:
                if self._circle():
                    return False
                patience = 8 * len(self._part)
        return all(map(self._holds, crowded))

    def _narrow(self, p: int) -> list[int] | None:
        """The items of a pair whose ranges its side narrows; None: neither side is possible."""
        i, j, above, below = self._pairs[p]
        lowest, highest = self._lowest, self._highest
        side = self._side[p]
        if not side:
            upwards = lowest[i] + above <= highest[j]
            if upwards and lowest[j] + below <= highest[i]:
                return []
            side = _ABOVE if upwards else _BELOW
            self._set(self._side, p, side)
        if side == _BELOW:
            i, j, above = j, i, below
        moved = []
        low, high = lowest[i] + above, highest[j] - above
        if low > highest[j]:
            return None
        if low > lowest[j]:
            self._set(lowest, j, low)
            moved.append(j)
        if high < highest[i]:
            self._set(highest, i, high)
            moved.append(i)
        return moved

    def _holds(self, s: int) -> bool:
        """Whether a section has room, between any two offsets, for what has to lie there."""
        members, lowest, highest = self._sections[s], self._lowest, self._highest
        ends = sorted([(highest[i] + size, lowest[i], size) for i, size in members])
        for begin in {lowest[i] for i, _ in members}:
            end = begin
            for last, low, size in ends:
                if low >= begin:
                    end += size
                    if end > last:
                        self._blame({i for i, _ in members})
                        return False
        return True

    def _blame(self, crowd: set[int]) -> None:
        for i in crowd:
            for p in self._of[i]:
                if self._side[p] == _OPEN and crowd.issuperset(self._pairs[p][:2]):
                    self._weight[p] += _CROWDED

    def _circle(self) -> bool:
        """Whether each of some items lies above the next one, and the last above the first.

        That shows in the ranges as well, but may take as many steps as the arena has units.
        """
        above: list[list[int]] = [[] for _ in self._part]
        below = [0] * len(self._part)
        for (i, j, _, _), side in zip(self._pairs, self._side, strict=True):
            if side:
                low, high = (i, j) if side == _ABOVE else (j, i)
                above[low].append(high)
                below[high] += 1
        pending = [i for i, count in enumerate(below) if not count]
        left = len(below)
        while pending:
            left -= 1
            for j in above[pending.pop()]:
                below[j] -= 1
                if not below[j]:
                    pending.append(j)
        return left > 0
