"""Room in an arena, held against a look at every piece that was ever taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcugraph.planning import taken as module
from mcugraph.planning.taken import Taken

END = 700

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


def test_what_is_needed_long_is_no_more_work_than_what_is_needed_shortly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked = 0

    class Counted(module._Union):
        __slots__ = ()

        def add(self, start: int, end: int) -> bool:
            nonlocal looked
            looked += 1
            return super().add(start, end)

        def gap(self, lowest: int, size: int) -> int:
            nonlocal looked
            looked += 1
            return super().gap(lowest, size)

    monkeypatch.setattr(module, "_Union", Counted)

    def work(count: int) -> int:
        """Pieces that are needed through half of the time each, and all of them at one time."""
        nonlocal looked
        taken, looked = Taken(0, 2 * count), 0
        for i in reversed(range(count)):
            offset = taken.lowest(i, i + count, 16)
            assert offset == 16 * (count - 1 - i)
            taken.add(i, i + count, offset, offset + 16)
        return looked

    assert work(2000) < 2.4 * work(1000)
