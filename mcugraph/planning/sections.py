"""One sweep over lifetimes: what is needed together.

Blocks are drawn over the time at which they are needed; `|` begins one and ends it:

    a   |=======|
    b       |===========|
    c           |===|
    d           |===|
    e                           |=======|
        0   1   2   3   4   5   6   7   8

Between two of these times the set of what is needed does not change, and only the largest sets
matter, those that no other one includes. They are the *sections*. Sweeping from left to right, one
is complete where something ends after something began:

    sections    {a b}  {b c d}  {e}
    new there    a b     c d     e

Whatever planning asks about time is asked of the sections. No arena is smaller than the largest sum
of sizes in one. Two blocks meet if they are in a section together, and each such pair is seen once
where one of the two is new. A block has little choice if the sections that it is in are full. And
blocks fit into an arena if each section does, for which the exact search keeps its books. What is
in no section with anything of the rest, directly or through others, is a problem of its own.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

Section = tuple[list[int], list[int]]  # what is needed together, and which of it is new


def sections(spans: Sequence[tuple[int, int]]) -> Iterator[Section]:
    """The sections of spans (from, to), the latter excluded, by their numbers, in order of time."""
    waiting = sorted(range(len(spans)), key=lambda i: spans[i])
    active: list[int] = []
    new: list[int] = []
    soonest = 0  # when the first of what is active ends
    for i in waiting:
        begin, end = spans[i]
        if new and soonest <= begin:
            yield active, new
            active, new = [j for j in active if spans[j][1] > begin], []
            soonest = min((spans[j][1] for j in active), default=end)
        soonest = min(soonest, end) if active else end
        active.append(i)
        new.append(i)
    if new:
        yield active, new


def meetings(spans: Sequence[tuple[int, int]]) -> int:
    """How many pairs of spans (from, to), the latter excluded, have a time in common."""
    ends = sorted([end for _, end in spans])
    begins = sorted([begin for begin, _ in spans])
    # Of those that begin before one, all but what has ended by then.
    return sum([i - bisect_right(ends, begin) for i, begin in enumerate(begins)])
