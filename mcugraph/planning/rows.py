"""What a row of blocks needs of which each may lie over the one before it, as far as its lead.

Each block and the next are needed at once, so the next one begins at least its lead below, or above
all of the other. How far up and down a block can be is all that matters for those after it:

    arena       |--------------------------------|
    a             |---------|                       from its lowest place to its highest
    next, below |---------|                         at most: the highest of a, less the lead
    next, above             |---------|             at least: the lowest of a, and its size

The next one is between the end of the arena and these two. Where neither is possible, the row does
not fit. So a row goes down by a lead a time, and starts anew from the top where it has reached the
bottom, for which there has to be room.

Blocks of a path through a network are such a row in whatever order it runs, since an operator
needs what it reads and what it writes at once.
"""

from collections.abc import Callable, Sequence

# Of each block: its size, and what tells its lead before the one before it, at most its size.
Row = Sequence[tuple[int, Callable[[], int]]]


def fits(row: Row, capacity: int) -> bool:
    """Whether a row has room in so many bytes, if nothing else is in its way.

    Args:
        row: Where a block may not lie over the one before it, its lead is its size. Leads are
            asked for where they decide: mostly, there is room below whatever they are.
        capacity: Bytes of the arena.
    """
    low = high = size = 0
    for i, (following, lead) in enumerate(row):
        top = capacity - following
        above = low + size
        free = i == 0 or (above <= top and high >= following)
        below = top if free else high - lead()
        if top < 0 or (below < 0 and above > top):
            return False
        low = 0 if below >= 0 else above
        high = top if above <= top else min(top, below)
        size = following
    return True


def least_arena(row: Row, low: int, high: int, step: int) -> int:
    """Bytes of the least arena that a row fits into.

    Args:
        row: The row.
        low: Bytes that it needs for another reason.
        high: Bytes that it fits into, some steps above that.
        step: Arenas are multiples of so many bytes.
    """
    if fits(row, low):
        return low
    while low < high:
        middle = low + (high - low) // (2 * step) * step
        if fits(row, middle):
            high = middle
        else:
            low = middle + step
    return high
