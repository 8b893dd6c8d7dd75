"""The checker of plans: compares what is needed at one time, and shares no code with planners."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import islice

from mcugraph.errors import GraphError
from mcugraph.planning.arena import ArenaProblem, Plan


def check_plan(problem: ArenaProblem, plan: Plan) -> int:
    """Bytes of the arena that a plan takes, recomputed from the definition.

    Raises:
        GraphError: The plan breaks a rule: the message names the blocks at fault.
    """
    rounded = problem.alignment
    if len(plan.blocks) != len(problem.blocks):
        raise GraphError(f"{len(plan.blocks)} blocks are placed, and there are more or fewer")
    spans = []
    for asked, got in zip(problem.blocks, plan.blocks, strict=True):
        offset = got.offset
        if (asked.name, asked.size, asked.lower, asked.upper) != (
            got.name, got.size, got.lower, got.upper
        ):  # fmt: skip
            raise GraphError(f"block {asked.name!r} was changed")
        if offset is None or offset < 0 or offset % rounded:
            raise GraphError(f"block {asked.name!r} lies at {offset}")
        if asked.offset is not None and offset != asked.offset:
            raise GraphError(f"block {asked.name!r} lies at {offset}, not at {asked.offset}")
        spans.append((offset, offset + (asked.size + rounded - 1) // rounded * rounded))
    shared = set(problem.shares)
    leads = {(i, j): lead for i, j, lead in problem.overlaps}

    def may(i: int, j: int) -> bool:
        """Whether a block may follow an earlier one in place, or lie over it, and does so."""
        (low, high), (start, end) = spans[i], spans[j]
        if (i, j) in shared and low == start and end <= high:
            return True
        last = problem.blocks[i].upper - 1 == problem.blocks[j].lower
        return (i, j) in leads and last and low - start >= leads[i, j]

    late = {j for _, j in leads}
    needed: list[tuple[int, int]] = []  # (offset, block) when the next block comes, sorted
    ends: list[tuple[int, int]] = []  # (time, block) of those, the soonest first
    beside: list[int] = []  # of those, what came just now and may lie over others
    for j in sorted(range(len(spans)), key=lambda j: (problem.blocks[j].lower, j in late)):
        second = problem.blocks[j]
        if not second.size:
            continue
        while beside and problem.blocks[beside[0]].lower < second.lower:
            i = beside.pop()
            insort(needed, (spans[i][0], i))
            heappush(ends, (problem.blocks[i].upper, i))
        while ends and ends[0][0] <= second.lower:
            i = heappop(ends)[1]
            del needed[bisect_left(needed, (spans[i][0], i))]
        for i in (*_near(needed, *spans[j]), *beside):
            apart = spans[i][1] <= spans[j][0] or spans[j][1] <= spans[i][0]
            if not (apart or may(i, j) or may(j, i)):
                names = sorted((problem.blocks[i].name, second.name), key=str)
                raise GraphError(f"blocks {names[0]!r} and {names[1]!r} overlap")
        if j in late:
            beside.append(j)
        else:
            insort(needed, (spans[j][0], j))
            heappush(ends, (second.upper, j))
    arena = max((spans[i][1] for i, b in enumerate(problem.blocks) if b.size), default=0)
    if plan.arena != arena:
        raise GraphError(f"the plan takes {arena} bytes, not {plan.arena}")
    return arena


def _near(needed: list[tuple[int, int]], offset: int, end: int) -> Iterator[int]:
    """Of blocks that overlap only at one offset, all that a further one can overlap with.

    These start within it, or at the nearest offset below: what starts lower yet does not reach
    beyond that one. What lies over another block elsewhere is not among them: it waits until that
    one is not needed.
    """
    first = bisect_left(needed, (offset, -1))
    if first:
        first = bisect_left(needed, (needed[first - 1][0], -1))
    for low, i in islice(needed, first, None):
        if low >= end:
            return
        yield i
