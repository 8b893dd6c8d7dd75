"""Rows of blocks that may lie over each other: against all places that there are."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from mcugraph.planning.rows import Row, fits, least_arena

sizes = st.integers(0, 4)
rows = st.lists(st.tuples(sizes, sizes), min_size=1, max_size=5).map(
    lambda row: [(size, min(lead, size)) for size, lead in row]
)


def asked(row: list[tuple[int, int]]) -> Row:
    """The row, where leads are told when they are asked for."""
    return [(size, lambda lead=lead: lead) for size, lead in row]


def has_places(row: list[tuple[int, int]], capacity: int) -> bool:
    def apart(a: int, b: int, size: int, lead: int) -> bool:
        return a - b >= lead or b >= a + size

    return any(
        all(
            apart(a, b, size, lead)
            for a, b, (size, _), (_, lead) in zip(offsets, offsets[1:], row, row[1:], strict=False)
        )
        for offsets in product(*(range(capacity - size + 1) for size, _ in row))
    )


@given(rows, st.integers(0, 8))
def test_a_row_fits_where_there_are_places_for_it(
    row: list[tuple[int, int]], capacity: int
) -> None:
    assert fits(asked(row), capacity) == has_places(row, capacity)


@given(rows, st.integers(1, 3))
def test_the_least_arena_is_the_first_that_it_fits_into(
    row: list[tuple[int, int]], step: int
) -> None:
    most = -(-sum(size for size, _ in row) // step) * step
    assert fits(asked(row), most)
    first = next(arena for arena in range(0, most + 1, step) if fits(asked(row), arena))
    assert least_arena(asked(row), 0, most, step) == first
