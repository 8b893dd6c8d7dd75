"""Where an arena has room for some time, asked again and again while it fills up.

Time is the leaves of a binary tree: a *stretch* is what lies below one of its nodes. Some time,
from a first to a last one, is made up of a few stretches, two of each length at the most:

    .-------------------------------.
    .-------A-------.---------------.       A, B, C: the stretches that a piece is needed through
    .-------.-------.---B---.-------.
    .---.---.---.---.---.---.-C-.---.
    |=======================|===|           a piece

A stretch keeps two sets of offsets, each as a union, so what lies one on the other is one interval
however many pieces it is made of:

- *through*: those taken by pieces that are made up of this stretch and of others;
- *within*: those taken at any of its time.

A piece meets some time if it was taken within one of the stretches of that time, or through a
stretch that one of these lies in. So neither question looks at more than a few unions.
"""

from bisect import bisect_left, bisect_right


class Taken:
    """What is taken of an arena, and when.

    Args:
        begin: The first time at which something is needed.
        end: The last one.
    """

    def __init__(self, begin: int, end: int) -> None:
        leaves = 1 << (end - begin).bit_length()
        self._leaf = leaves - begin  # of time 0
        # By node: 1 is the root, those below node i are 2 i and 2 i + 1.
        self._through: list[_Union | None] = [None] * (2 * leaves)
        self._within: list[_Union | None] = [None] * (2 * leaves)

    def add(self, first: int, last: int, offset: int, end: int) -> None:
        """Take a piece from time ``first`` through time ``last``."""
        through, within = self._through, self._within
        for node in _stretches(first + self._leaf, last + self._leaf):
            union = through[node]
            if union is None:
                through[node] = _Union(offset, end)
            else:
                union.add(offset, end)
            while node:
                union = within[node]
                if union is None:
                    within[node] = _Union(offset, end)
                elif not union.add(offset, end):
                    break  # it is taken within all that this stretch lies in as well
                node >>= 1

    def lowest(self, first: int, last: int, size: int) -> int:
        """The lowest offset at which so many bytes are free from ``first`` through ``last``."""
        through, within = self._through, self._within
        low, high = first + self._leaf, last + self._leaf
        unions = [union for node in _stretches(low, high) if (union := within[node])]
        while low != high:
            if union := through[low]:
                unions.append(union)
            if union := through[high]:
                unions.append(union)
            low >>= 1
            high >>= 1
        while low:
            if union := through[low]:
                unions.append(union)
            low >>= 1
        offset, before = 0, -1
        while offset != before:  # until all have room there
            before = offset
            for union in unions:
                offset = union.gap(offset, size)
        return offset


def _stretches(low: int, high: int) -> list[int]:
    """The fewest nodes that the leaves from one through another lie below."""
    nodes = []
    while low <= high:
        if low & 1:
            nodes.append(low)
            low += 1
        if not high & 1:
            nodes.append(high)
            high -= 1
        low >>= 1
        high >>= 1
    return nodes


class _Union:
    """Intervals that do not touch, in their order; one without bytes has a place as well."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, start: int, end: int) -> None:
        self._starts, self._ends = [start], [end]

    def add(self, start: int, end: int) -> bool:
        """Take an interval; whether it was not there."""
        starts, ends = self._starts, self._ends
        if start >= starts[-1]:  # as most do, which come to lie on top
            if start > ends[-1]:
                starts.append(start)
                ends.append(end)
            elif end > ends[-1]:
                ends[-1] = end
            else:
                return False
            return True
        i, j = bisect_left(ends, start), bisect_right(starts, end)  # those that it touches
        if i == j:
            starts.insert(i, start)
            ends.insert(i, end)
            return True
        if starts[i] <= start and end <= ends[i]:
            return False
        starts[i], ends[i] = min(starts[i], start), max(ends[j - 1], end)
        del starts[i + 1 : j], ends[i + 1 : j]
        return True

    def gap(self, lowest: int, size: int) -> int:
        """The lowest offset, from one on, at which so many bytes are free."""
        starts, ends = self._starts, self._ends
        if ends[-1] <= lowest:
            return lowest
        for i in range(bisect_right(ends, lowest), len(ends)):
            if starts[i] - lowest >= size:
                break
            lowest = ends[i]
        return lowest
