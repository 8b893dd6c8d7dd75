"""The checker of plans: compares every two blocks, and shares no code with the planners."""

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
    for j, second in enumerate(problem.blocks):
        for i in range(j):
            first = problem.blocks[i]
            if spans[i][0] == spans[j][0] and ((i, j) in shared or (j, i) in shared):
                continue
            together = first.lower < second.upper and second.lower < first.upper
            if together and spans[i][0] < spans[j][1] and spans[j][0] < spans[i][1]:
                raise GraphError(f"blocks {first.name!r} and {second.name!r} overlap")
    arena = max((end for _, end in spans), default=0)
    if plan.arena != arena:
        raise GraphError(f"the plan takes {arena} bytes, not {plan.arena}")
    return arena
