"""A plan however little time there is: by TFLM's planner as far as it gets, the rest above that.

The rest goes by a sweep through time, with a list of the holes that what has ended leaves. That
takes a moment for thousands of blocks, and packs worse.

If there is more time than that, what is needed last is placed first, and what is needed longest:
thousands of results that wait for the end then lie one on the other, and what lives shortly beside
them finds a place where those will lie that come later.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from heapq import heappop, heappush

from mcugraph.planning.arena import ArenaProblem
from mcugraph.planning.named import tflm_buffers
from mcugraph.planning.tflm_greedy import UNPLANNED, Buffer, arena_of, placed, placed_by
from mcugraph.scheduling.solving.limits import LimitReached


def plan_in_time(problem: ArenaProblem, keep_on: Callable[[], None]) -> list[int]:
    """Offsets in bytes, one a block; ``keep_on`` raises ``LimitReached`` when time is up."""
    buffers = tflm_buffers(problem)
    offsets = [buffer.offset for buffer in buffers]
    if _all_placed(offsets, placed(buffers), keep_on):
        offsets = _best(buffers, offsets, problem.bound, keep_on)
    else:
        _above(buffers, offsets)
    found = iter(offsets)
    return [next(found) if block.size else block.offset or 0 for block in problem.blocks]


def _all_placed(
    offsets: list[int], places: Iterable[tuple[int, int]], keep_on: Callable[[], None]
) -> bool:
    """Take over offsets as they are found; whether there was time for all of them."""
    try:
        for i, offset in places:
            offsets[i] = offset
            keep_on()
    except LimitReached:
        return False
    return True


def _best(
    buffers: Sequence[Buffer], offsets: list[int], bound: int, keep_on: Callable[[], None]
) -> list[int]:
    """The best offsets that there is time for, of those given and of what is placed otherwise."""
    keys: tuple[Callable[[Buffer], tuple[int, int]], ...] = (
        lambda buffer: (-buffer.last, buffer.first),
        lambda buffer: (buffer.first - buffer.last, -buffer.size),
    )
    sizes = [buffer.size for buffer in buffers]
    for key in keys:
        if arena_of(sizes, offsets) <= bound:
            break
        sequence = sorted(range(len(buffers)), key=lambda i: key(buffers[i]))
        other = [UNPLANNED] * len(buffers)
        if not _all_placed(other, placed_by(buffers, sequence), keep_on):
            break
        offsets = min(offsets, other, key=partial(arena_of, sizes))
    return offsets


def _above(buffers: Sequence[Buffer], offsets: list[int]) -> None:
    """Give all that have no offset one above those that have."""
    rest = [i for i, offset in enumerate(offsets) if offset == UNPLANNED]
    lowest = max(
        (o + b.size for o, b in zip(offsets, buffers, strict=True) if o != UNPLANNED), default=0
    )
    holes = _Holes(lowest, lowest + sum(buffers[i].size for i in rest))
    live: list[tuple[int, int]] = []  # last time, number
    for i in sorted(rest, key=lambda i: buffers[i].first):
        while live and live[0][0] < buffers[i].first:
            _, ended = heappop(live)
            holes.give(offsets[ended], offsets[ended] + buffers[ended].size)
        offsets[i] = holes.take(buffers[i].size)
        heappush(live, (buffers[i].last, i))


class _Holes:
    """Free intervals that do not touch, in their order; there is room for all at once."""

    def __init__(self, start: int, end: int) -> None:
        self._starts, self._ends = [start], [end]

    def take(self, size: int) -> int:
        """So many bytes, at the lowest offset that has them."""
        starts, ends = self._starts, self._ends
        at = next(k for k in range(len(starts)) if ends[k] - starts[k] >= size)
        offset = starts[at]
        starts[at] += size
        if starts[at] == ends[at]:
            del starts[at], ends[at]
        return offset

    def give(self, start: int, end: int) -> None:
        """An interval is free again."""
        starts, ends = self._starts, self._ends
        at = bisect_left(starts, start)
        joins_next = at < len(starts) and starts[at] == end
        if at and ends[at - 1] == start:
            ends[at - 1] = ends[at] if joins_next else end
            if joins_next:
                del starts[at], ends[at]
        elif joins_next:
            starts[at] = start
        else:
            starts.insert(at, start)
            ends.insert(at, end)
