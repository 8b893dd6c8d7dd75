"""What holds an arena up: blocks that stand on each other, from the bottom of a plan to its top."""

from mcugraph.planning.arena import ArenaProblem, Block, Plan
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class Support:
    """A block that another one stands on, or the last one, which the arena ends with.

    Attributes:
        block: The block.
        bytes: What it contributes: its aligned size, or how far it has to begin below the block
            that it lies over.
    """

    block: Block
    bytes: int


def support(problem: ArenaProblem, plan: Plan) -> list[Support]:
    """The blocks that add up to the arena, from the top; what lies loosely above a gap ends it."""
    blocks, aligned = plan.blocks, problem.aligned
    leads = {(b, a): aligned(lead) for a, b, lead in problem.overlaps}
    sized = [i for i, block in enumerate(blocks) if block.size]

    def end(i: int) -> int:
        return (blocks[i].offset or 0) + aligned(blocks[i].size)

    def height(i: int, above: int) -> int:
        """How far a block keeps the one above it from the bottom, counted from its own offset."""
        size = aligned(blocks[i].size)
        return min(size, leads.get((i, above), size))

    if not sized:
        return []
    top = max(sized, key=end)
    found = [Support(blocks[top], aligned(blocks[top].size))]
    while blocks[top].offset:
        below = [
            i
            for i in sized
            if i != top
            and blocks[i].lower < blocks[top].upper
            and blocks[top].lower < blocks[i].upper
            and (blocks[i].offset or 0) + height(i, top) == blocks[top].offset
            and height(i, top)
        ]
        if not below:
            return found
        rest = max(below, key=lambda i: height(i, top))
        found.append(Support(blocks[rest], height(rest, top)))
        top = rest
    return found
