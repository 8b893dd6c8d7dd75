"""The blocks of an order of operators: what is needed when."""

from collections.abc import Sequence

from mcugraph.planning.arena import SCRATCH, ArenaProblem, Block
from mcugraph.records import replace
from mcugraph.scheduling.liveness import dying_overlaps, liveness, numbered, takeovers
from mcugraph.scheduling.problem import Name, Problem


def arena_problem(problem: Problem, order: Sequence[Name], alignment: int = 16) -> ArenaProblem:
    """What is live when, with the operators run in the given order.

    Time counts operators: a block is needed from the step of its producer through that of its
    last reader. Graph inputs that lie elsewhere are left out, and so is what has no bytes. Outputs
    may take over the memory of inputs where the problem has in-place pairs, and lie over them where
    it has overlaps.

    Raises:
        GraphError: ``order`` is not an order of the operators, or runs one too early.
    """
    steps = numbered(problem, order)
    live = liveness(problem, steps)
    elsewhere = set() if problem.count_inputs else set(problem.graph_inputs)
    placed = [t for t, size in enumerate(problem.sizes) if size and t not in elsewhere]
    block_of = {tensor: i for i, tensor in enumerate(placed)}
    blocks = [
        Block(problem.tensors[t], problem.sizes[t], live.begin[t], live.end[t]) for t in placed
    ]
    shares = [
        (block_of[a], block_of[b])
        for step in (range(len(steps)) if problem.inplace else ())
        for a, b in takeovers(problem, live, step)
        if a in block_of and b in block_of
    ]
    overlaps = [
        (block_of[a], block_of[b], lead)
        for step in (range(len(steps)) if problem.overlaps else ())
        for a, b, lead in dying_overlaps(problem, live, step)
        if a in block_of and b in block_of
    ]
    for step, index in enumerate(steps):
        if problem.scratch and problem.scratch[index]:
            name = problem.operators[index]
            blocks.append(Block(name, problem.scratch[index], step, step + 1, None, SCRATCH))
    return ArenaProblem(tuple(blocks), alignment, tuple(shares), tuple(overlaps))


def aligned_problem(problem: Problem, alignment: int) -> Problem:
    """The problem as an arena sees it: every size and every lead rounded up.

    In-place pairs are those of the problem itself: an output that is larger than an input may not
    take over its memory, even if both are rounded to one size.
    """

    def rounded(sizes: Sequence[int]) -> tuple[int, ...]:
        return tuple([-(-size // alignment) * alignment for size in sizes])

    inplace = tuple(
        [
            tuple([(a, b) for a, b in pairs if problem.sizes[b] <= problem.sizes[a]])
            for pairs in problem.inplace
        ]
    )
    overlaps = tuple(
        [
            tuple([(a, b, -(-lead // alignment) * alignment) for a, b, lead in found])
            for found in problem.overlaps
        ]
    )
    return replace(
        problem,
        sizes=rounded(problem.sizes),
        scratch=rounded(problem.scratch),
        inplace=inplace,
        overlaps=overlaps,
    )
