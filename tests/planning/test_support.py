"""What holds an arena up adds up to it."""

from hypothesis import given, settings
from hypothesis import strategies as st

import mcugraph as mg
from mcugraph.planning.arena import ArenaProblem, Block
from mcugraph.planning.order_blocks import arena_problem
from mcugraph.planning.support import support
from mcugraph.testing import problems


@settings(deadline=None, max_examples=60)
@given(problems(overlaps=True), st.sampled_from([1, 16]))
def test_it_adds_up(problem: mg.Problem, alignment: int) -> None:
    blocks = arena_problem(problem, problem.operators, alignment)
    plan = mg.plan(blocks, time_limit=1.0)
    parts = support(blocks, plan)
    lowest = parts[-1].block.offset if parts else 0
    assert lowest is not None
    assert lowest + sum(part.bytes for part in parts) == plan.arena


def test_a_lead_counts_where_blocks_lie_over_each_other() -> None:
    """Each tensor begins 16 bytes below the one before it, so the first one is held up by leads."""
    blocks = ArenaProblem(
        (Block("a", 64, 0, 2), Block("b", 64, 1, 3), Block("c", 64, 2, 4)),
        16,
        overlaps=((0, 1, 16), (1, 2, 16)),
    )
    plan = mg.plan(blocks)
    assert plan.arena == 96
    assert [(p.block.name, p.bytes) for p in support(blocks, plan)] == [
        ("a", 64),
        ("b", 16),
        ("c", 16),
    ]
