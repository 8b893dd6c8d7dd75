"""A plan for any number of looks at the clock: never wrong, and TFLM's where there is time."""

from random import Random

from hypothesis import given as drawn
from hypothesis import strategies as st

from mcugraph.planning.arena import ArenaProblem, Block
from mcugraph.planning.checked import checked_plan
from mcugraph.planning.in_time import plan_in_time
from mcugraph.planning.named import tflm
from mcugraph.planning.stages import plan_blocks
from mcugraph.scheduling.solving.limits import TIME, LimitReached, Limits


@st.composite
def problems(draw: st.DrawFn) -> ArenaProblem:
    blocks = []
    for name in range(draw(st.integers(0, 25))):
        begin = draw(st.integers(0, 12))
        end = begin + draw(st.integers(1, 12))
        # Those with offsets of their own do not meet: each has a floor of its own.
        offset = name * 96 if draw(st.integers(0, 5)) == 0 else None
        blocks.append(Block(name, draw(st.integers(0, 90)), begin, end, offset))
    return ArenaProblem(tuple(blocks), 4)


@drawn(problems(), st.integers(0, 30))
def test_any_time(problem: ArenaProblem, looks: int) -> None:
    def keep_on() -> None:
        nonlocal looks
        looks -= 1
        if looks < 0:
            raise LimitReached(TIME)

    offsets = plan_in_time(problem, keep_on)
    plan = checked_plan(problem, offsets, problem.bound)  # raises where two meet
    assert looks < 0 or plan.arena <= checked_plan(problem, tflm(problem), problem.bound).arena
    assert all(
        a.offset in (None, b.offset) for a, b in zip(problem.blocks, plan.blocks, strict=True)
    )


def test_holes_are_used_again() -> None:
    """A chain of equal blocks of which two are live at once needs room for two."""
    chain = ArenaProblem(tuple(Block(i, 16, i, i + 2) for i in range(50)))

    def stop() -> None:
        raise LimitReached(TIME)

    offsets = plan_in_time(chain, stop)
    assert checked_plan(chain, offsets, chain.bound).arena == 3 * 16  # the first lies below all


def test_results_that_wait_for_the_end_lie_one_on_the_other() -> None:
    """Thousands of pairs that meet are never looked at one by one."""
    random = Random(1)
    blocks = [Block("source", 96, 0, 3000)]
    for step in range(1500):
        blocks.append(Block(("between", step), 16 * random.randint(1, 6), 2 * step, 2 * step + 2))
        blocks.append(Block(("result", step), 16 * random.randint(1, 6), 2 * step + 1, 3001))
    plan = plan_blocks(ArenaProblem(tuple(blocks)), "auto", limits := Limits())
    assert plan.arena == plan.lower_bound
    assert limits.looks < 5 * len(blocks)
