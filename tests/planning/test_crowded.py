"""Blocks that decide whether all fit: against all plans that there are."""

from hypothesis import given
from hypothesis import strategies as st

from mcugraph.planning.arena import ArenaProblem, Block
from mcugraph.planning.crowded import crowded
from mcugraph.testing import arenas, brute_force_arena


@given(arenas(max_blocks=6, fixed=True, shares=True, overlaps=True), st.integers(0, 40))
def test_all_fit_if_and_only_if_the_crowded_do(problem: ArenaProblem, arena: int) -> None:
    rest = crowded(problem, arena)
    rest.verify()
    assert (brute_force_arena(rest) <= arena) == (brute_force_arena(problem) <= arena)


@given(arenas(max_blocks=6, shares=True, overlaps=True), st.integers(0, 10))
def test_the_least_arena_is_that_of_the_crowded(problem: ArenaProblem, more: int) -> None:
    """Whatever the search for it begins with, if that is too little or just enough."""
    least = brute_force_arena(problem)
    begin = max(least - more, 0)
    assert max(begin, brute_force_arena(crowded(problem, begin))) == least


def test_what_has_room_gives_room() -> None:
    """Of a row of blocks, each needed with the next, one after the other has room."""
    row = tuple(Block(i, 2 + i, i, i + 2) for i in range(6))
    problem = ArenaProblem(row)
    assert [block.name for block in crowded(problem, 17).blocks] == [4, 5]
    assert crowded(problem, 18).blocks == ()
