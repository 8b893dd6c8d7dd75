"""Room in an arena, held against a look at every piece that was ever taken."""

from hypothesis import given
from hypothesis import strategies as st

from mcugraph.planning.taken import Taken

END = 700  # more times than a block or two hold

Span = tuple[int, int, int, int | None]  # first, last, size, offset


@st.composite
def spans(draw: st.DrawFn) -> Span:
    first = draw(st.integers(-1, END))
    last = draw(st.one_of(st.integers(first, min(first + 3, END)), st.integers(first, END)))
    return first, last, draw(st.integers(1, 9)), draw(st.none() | st.integers(0, 40))


def simply(placed: list[tuple[int, int, int, int]], first: int, last: int, size: int) -> int:
    """The least offset of all that could be one."""
    met = [(o, e) for f, stop, o, e in placed if f <= last and first <= stop]
    return min(
        at
        for at in {0, *(end for _, end in met)}
        if all(end <= at or at + size <= offset for offset, end in met)
    )


@given(st.lists(spans(), max_size=40))
def test_the_lowest_room(given_spans: list[Span]) -> None:
    taken = Taken(-1, END)
    placed: list[tuple[int, int, int, int]] = []
    for first, last, size, offset in given_spans:
        lowest = taken.lowest(first, last, size)
        assert lowest == simply(placed, first, last, size)
        offset = lowest if offset is None else offset
        taken.add(first, last, offset, offset + size)
        placed.append((first, last, offset, offset + size))
