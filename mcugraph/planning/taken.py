"""Where an arena has room for some time, asked again and again while it fills up.

Time is cut into blocks, and a look into the arena goes past only what it has to:

- A block keeps what is taken in any of its time, so what is taken at other times is not met.
- A block is *solid* up to where its time leaves no gap. What is needed through all of a block
  lies above that.
- What some of the taken pieces leave no room below is a bound, and nothing that ends there or
  below is looked at any more.
- What is needed for so long that its blocks keep more pieces than there are, since each of them
  keeps its own list, goes by one list of them all.

    offset
      |  ####        ####|####
      |    ##############|##      solid up to here: a buffer that is needed for all of the block
      |##########        |#####   finds no room below
      +------------------+-----
            a block
"""

import heapq
from bisect import insort
from collections.abc import Iterable, Iterator
from math import isqrt

_FEW = 64  # times up to which each is a block; where there are more, to keep both numbers small

Piece = tuple[int, int]  # where it starts, and where it ends


class Taken:
    """What is taken of an arena, and when.

    Args:
        begin: The first time at which something is needed.
        end: The last one.
    """

    def __init__(self, begin: int, end: int) -> None:
        times = end - begin + 1
        self._begin, self._times = begin, isqrt(times) if times > _FEW else 1
        self._blocks = [_Block() for _ in range(begin, end + 1, self._times)]
        self._all: list[tuple[int, int, int, int]] = []  # offset, end, first, last; sorted

    def add(self, first: int, last: int, offset: int, end: int) -> None:
        """Take a piece from time ``first`` through time ``last``."""
        insort(self._all, (offset, end, first, last))
        low, high = self._span(first, last)
        for block in self._blocks[low : high + 1]:
            block.add(first, last, offset, end)

    def lowest(self, first: int, last: int, size: int) -> int:
        """The lowest offset at which so many bytes are free from ``first`` through ``last``."""
        low, high = self._span(first, last)
        all_of_low = (first - self._begin) % self._times == 0
        all_of_high = (last + 1 - self._begin) % self._times == 0
        inner = self._blocks[low + (not all_of_low) : high + all_of_high]
        lowest = max((block.solid for block in inner), default=0)
        if max(block.top for block in self._blocks[low : high + 1]) <= lowest:
            return lowest
        if sum(len(block) for block in inner) > len(self._all):
            return _gap(self._met(first, last), lowest, size)
        met: list[Piece] = []
        for block in (self._blocks[high], *self._blocks[low:high]):
            if block.top > lowest:
                met += block.met(first, last, lowest)
                met.sort()
                lowest = _gap(met, lowest, size)
        return lowest

    def _met(self, begin: int, stop: int) -> Iterator[Piece]:
        return ((low, end) for low, end, a, b in self._all if a <= stop and begin <= b)

    def _span(self, first: int, last: int) -> tuple[int, int]:
        """The first and the last block of some times."""
        return (first - self._begin) // self._times, (last - self._begin) // self._times


class _Block:
    """What is taken at some times.

    Attributes:
        solid: Below this, there is no offset that is free at all of the times.
        top: Where the highest piece ends.
    """

    __slots__ = ("_above", "_pieces", "solid", "top")

    def __init__(self) -> None:
        self.solid = self.top = 0
        self._pieces: list[tuple[int, int, int, int]] = []
        self._above: list[Piece] = []  # what lies beyond the first gap, as a heap

    def __len__(self) -> int:
        return len(self._pieces)

    def add(self, first: int, last: int, offset: int, end: int) -> None:
        """Take a piece."""
        self._pieces.append((first, last, offset, end))
        if end > self.top:
            self.top = end
        if offset > self.solid:
            heapq.heappush(self._above, (offset, end))
            return
        solid = max(self.solid, end)
        while self._above and self._above[0][0] <= solid:
            solid = max(solid, heapq.heappop(self._above)[1])
        self.solid = solid

    def met(self, begin: int, stop: int, above: int) -> list[Piece]:
        """What is taken at a time from ``begin`` through ``stop`` and ends above an offset."""
        return [
            (offset, end)
            for first, last, offset, end in self._pieces
            if end > above and first <= stop and begin <= last
        ]


def _gap(met: Iterable[Piece], lowest: int, size: int) -> int:
    """The lowest offset, from one on, at which so many bytes are free of sorted pieces."""
    for offset, end in met:
        if offset - lowest >= size:
            break
        if end > lowest:
            lowest = end
    return lowest
