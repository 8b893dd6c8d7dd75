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
    needed: list[tuple[int, int]] = []  # (offset, block) when the next block comes, sorted
    ends: list[tuple[int, int]] = []  # (time, block) of those, the soonest first
    for j in sorted(range(len(spans)), key=lambda j: problem.blocks[j].lower):
        second = problem.blocks[j]
        if not second.size:
            continue
        while ends and ends[0][0] <= second.lower:
            i = heappop(ends)[1]
            del needed[bisect_left(needed, (spans[i][0], i))]
        for i in _near(needed, *spans[j]):
            apart = spans[i][1] <= spans[j][0] or spans[j][1] <= spans[i][0]
            if not (apart or _shares(spans, shared, i, j) or _shares(spans, shared, j, i)):
                names = sorted((problem.blocks[i].name, second.name), key=str)
                raise GraphError(f"blocks {names[0]!r} and {names[1]!r} overlap")
        insort(needed, (spans[j][0], j))
        heappush(ends, (second.upper, j))
    arena = max((spans[i][1] for i, b in enumerate(problem.blocks) if b.size), default=0)
    if plan.arena != arena:
        raise GraphError(f"the plan takes {arena} bytes, not {plan.arena}")
    return arena


def _near(needed: list[tuple[int, int]], offset: int, end: int) -> Iterator[int]:
    """Of blocks that overlap only at one offset, all that a further one can overlap with.

    These start within it, or at the nearest offset below: what starts lower yet does not reach
    beyond that one.
    """
    first = bisect_left(needed, (offset, -1))
    if first:
        first = bisect_left(needed, (needed[first - 1][0], -1))
    for low, i in islice(needed, first, None):
        if low >= end:
            return
        yield i


def _shares(
    spans: list[tuple[int, int]], shared: set[tuple[int, int]], earlier: int, later: int
) -> bool:
    """Whether one block may follow another in place, and does, and is not larger."""
    same = spans[earlier][0] == spans[later][0] and spans[later][1] <= spans[earlier][1]
    return same and (earlier, later) in shared
