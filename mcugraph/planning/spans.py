"""How much each block needs when, with time cut finer where an output lies over dying inputs.

While an operator runs, its output b may begin before an input a that dies there, by a *lead*: as
bytes of a are read for the last time, bytes of b are written over them. Let a and c be such inputs,
with leads of 2 and 4. Blocks as rectangles, time from left to right:

                  step of the operator
    a   ========|=======.       .       |
    c   ========|===============.       |
    b           |       .       ========|==========    7, its size
                |       ========.       |              4
                ========.       .       |              2
    others  ====|===============.=======|====

The step is cut into one part for each lead and one for the rest. In the part of a lead stand the
inputs that may lie no lower above b, and b is only as large as the lead. So a and b are disjoint
there if a begins at least 2 bytes above b, or b above all of a: just what is allowed. What is
needed all through the step meets b as large as it is, in the last part.

So overlaps add no rule to planning: blocks whose size changes with time, which are disjoint at each
time, are all there is. With a lead of 0 the two may lie at one place. A lead that is no smaller
than the output allows nothing.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

Span = tuple[int, int, int]  # from, to (excluded), size


def finer_spans(
    needed: Sequence[Span], overlaps: Iterable[tuple[int, int, int]]
) -> list[tuple[Span, ...]]:
    """For each block, spans that follow each other; without overlaps, the one that is given.

    Args:
        needed: From when to when each block is needed, and its size.
        overlaps: (earlier block, later block, lead). The later one begins in the last step of the
            earlier one; of those at one step, all have one later block.
    """
    leads: dict[int, dict[int, int]] = {}  # later block -> earlier block -> lead
    for earlier, later, lead in overlaps:
        if needed[earlier][2] and lead < needed[later][2]:
            leads.setdefault(later, {})[earlier] = lead
    if not leads:
        return [(span,) for span in needed]
    cuts = sorted((needed[later][0], later) for later in leads)
    steps = [step for step, _ in cuts]
    # Later block -> lead -> its part of the step, by size.
    levels = {
        later: {lead: part for part, lead in enumerate(sorted(set(inputs.values())))}
        for later, inputs in leads.items()
    }
    added = [0, *accumulate(len(levels[later]) for _, later in cuts)]

    def finer(time: int) -> int:
        return time + added[bisect_left(steps, time)]

    begin = [finer(lower) for lower, _, _ in needed]
    end = [finer(upper) for _, upper, _ in needed]
    first: dict[int, list[Span]] = {}
    for later, inputs in leads.items():
        start = begin[later]
        first[later] = [(start + i, start + i + 1, lead) for lead, i in levels[later].items()]
        begin[later] += len(levels[later])
        for earlier, lead in inputs.items():
            end[earlier] = start + levels[later][lead] + 1
    return [(*first.get(i, ()), (begin[i], end[i], size)) for i, (_, _, size) in enumerate(needed)]
