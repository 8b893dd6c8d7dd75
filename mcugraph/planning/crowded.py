"""The blocks of a problem that decide whether it fits into an arena.

A block has room, wherever all others lie, if those that are needed at a common time cannot stand in
the way of all its offsets. One of ``n`` units keeps one of ``m`` units from ``n + m - 1`` offsets,
where sizes and leads are whole units, and so are the offsets of a plan that lets all down as far as
it can:

    arena   |---------------|
    other   .....|====|......           2 units, from 6 on
    block   |---|................       4 units: it may begin at 0 to 2, and at 8 to 12
            ...xxxxx.........

Such a block may be set aside: the others fit if all do. Then there are fewer in the way of those
that are left, so some of them may be set aside as well, and so on. Mostly a few are left, however
many there were: those that are needed while the arena is full.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import gcd

from mcugraph.planning.arena import ArenaProblem

_MANY, _ROUNDS = 500, 32


def crowded(problem: ArenaProblem, arena: int) -> ArenaProblem:
    """The blocks that fit into an arena if, and only if, all blocks of the problem do.

    They do so in each larger arena as well. What may follow in place, or lie over others, may do so
    as far as both are left.

    Args:
        problem: What is to be placed.
        arena: Bytes.
    """
    blocks = problem.blocks
    sizes = [problem.aligned(block.size) for block in blocks]
    left = {i for i, size in enumerate(sizes) if size}
    begun = sorted(left, key=lambda i: blocks[i].lower)
    ended = sorted(left, key=lambda i: blocks[i].upper)
    fixed = [block.offset or 0 for block in blocks]
    leads = [problem.aligned(lead) for _, _, lead in problem.overlaps]
    unit = gcd(*sizes, *fixed, *leads) or problem.alignment
    while left:
        begun, ended = [i for i in begun if i in left], [i for i in ended if i in left]
        left = _without_room(problem, sizes, begun, ended, arena // unit * unit, unit)
        gone = len(begun) - len(left)
        # Many rounds that set a few of very many aside cost more than it saves to do without those.
        if not gone or (len(left) > _MANY and gone * _ROUNDS < len(left)):
            break
    number = {i: n for n, i in enumerate(sorted(left))}
    return ArenaProblem(
        tuple([blocks[i] for i in number]),
        problem.alignment,
        tuple([(number[a], number[b]) for a, b in problem.shares if {a, b} <= number.keys()]),
        tuple(
            [
                (number[a], number[b], lead)
                for a, b, lead in problem.overlaps
                if {a, b} <= number.keys()
            ]
        ),
    )


def _without_room(
    problem: ArenaProblem,
    sizes: Sequence[int],
    begun: Sequence[int],
    ended: Sequence[int],
    arena: int,
    unit: int,
) -> set[int]:
    """Those of some blocks that the others may leave no room, or whose offset is given.

    The blocks are given twice, in the order in which they begin, and in which they end.
    """
    blocks = problem.blocks
    begins, ends = [blocks[i].lower for i in begun], [blocks[i].upper for i in ended]
    began = [0, *accumulate([sizes[i] for i in begun])]
    gone = [0, *accumulate([sizes[i] for i in ended])]
    found = set()
    for i in begun:
        block, size = blocks[i], sizes[i]
        last, first = bisect_left(begins, block.upper), bisect_right(ends, block.lower)
        # Itself is one of them.
        others, total = last - first - 1, began[last] - gone[first] - size
        if block.offset is not None or total + others * (size - unit) > arena - size:
            found.add(i)
    return found
