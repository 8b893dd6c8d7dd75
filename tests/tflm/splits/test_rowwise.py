"""Which rows come of which: against windows that are slid over numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcugraph.errors import GraphError
from mcugraph.ops.window import SAME_UPPER, VALID, Padding, Sweep
from mcugraph.tflm.splits.rowwise import Around, Held, Windows


def slid(data: np.ndarray, sweep: Sweep, padding: Padding) -> np.ndarray:
    """Weighted sums under a window on its way over rows, with nothing on the padding."""
    start, count = padding.place(0, Sweep(len(data), sweep.kernel, sweep.stride, sweep.dilation))
    weights = 1 + np.arange(sweep.kernel)
    sums = []
    for window in range(count):
        places = start + window * sweep.stride + sweep.dilation * np.arange(sweep.kernel)
        inside = (places >= 0) & (places < len(data))
        sums.append(int((weights * np.where(inside, data[places.clip(0, len(data) - 1)], 0)).sum()))
    return np.array(sums)


@st.composite
def slabs(draw: st.DrawFn, length: int) -> tuple[Held, np.ndarray, np.ndarray]:
    """A slab of random rows, some of which are not those of the data, beside the data."""
    random = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    data = random.integers(1, 1 << 40, length)
    start = draw(st.integers(-2, length - 1))
    stop = draw(st.integers(max(start, 0) + 1, length + 2))
    first = draw(st.integers(max(start, 0), min(stop, length) - 1))
    behind = draw(st.integers(first + 1, min(stop, length)))
    held = random.integers(1 << 41, 1 << 42, stop - start)
    held[first - start : behind - start] = data[first:behind]
    return Held((start, stop), (first, behind)), held, data


@given(st.data())
def test_windows(data: st.DataObject) -> None:
    length, kernel = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 5))
    steps = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    sweep, padding = Sweep(length, kernel, *steps), data.draw(st.sampled_from((SAME_UPPER, VALID)))
    held, slab, whole = data.draw(slabs(length))
    try:
        wanted = slid(whole, sweep, padding)
    except GraphError:
        return
    made = Windows(sweep, padding, len(wanted)).made(held, (0, 1))
    if made is None:
        return
    found = slid(slab, sweep, padding)
    assert made.rows[1] - made.rows[0] == len(found)
    assert made.rows[0] <= made.true[0] < made.true[1] <= made.rows[1]
    for row in range(*made.true):
        assert found[row - made.rows[0]] == wanted[row]


@given(st.data())
def test_rows_that_are_needed_are_enough(data: st.DataObject) -> None:
    length, kernel = data.draw(st.integers(4, 20)), data.draw(st.integers(1, 4))
    stride = data.draw(st.integers(1, 3))
    sweep, padding = Sweep(length, kernel, stride), data.draw(st.sampled_from((SAME_UPPER, VALID)))
    rows = padding.place(0, sweep)[1]
    windows = Windows(sweep, padding, rows)
    first = data.draw(st.integers(0, rows - 1))
    wanted = first, data.draw(st.integers(first + 1, rows))
    start, stop = windows.needed(wanted)
    # Some rows more, until windows lie where they did.
    choices = [
        windows.made(Held(span, span), wanted)
        for span in ((start - a, stop + b) for a in range(stride) for b in range(stride))
        if span[0] >= 0 and span[1] <= length
    ]
    assert any(made is not None and made.has(wanted) for made in choices)


@given(st.data())
def test_rows_around(data: st.DataObject) -> None:
    length = data.draw(st.integers(1, 12))
    pair = data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))
    around = Around(length, ((0, 0), pair, (0, 0), (0, 0)))
    held, slab, whole = data.draw(slabs(length))
    wanted = np.pad(whole, pair)
    first = data.draw(st.integers(0, len(wanted) - 1))
    made = around.made(held, (first, data.draw(st.integers(first + 1, len(wanted)))))
    assert made is not None
    found = np.pad(slab, around.put(held.rows, made.rows))
    assert made.rows[1] - made.rows[0] == len(found)
    for row in range(*made.true):
        assert found[row - made.rows[0]] == wanted[row]


@pytest.mark.parametrize(
    ("held", "made"),
    [
        (Held((0, 6), (0, 6)), Held((0, 6), (0, 5))),  # the data goes on below
        (Held((4, 10), (4, 10)), Held((4, 10), (5, 10))),  # and above
        (Held((3, 7), (3, 7)), Held((3, 7), (4, 6))),
        (Held((3, 7), (4, 7)), Held((3, 7), (5, 6))),
    ],
)
def test_a_slab_is_padded_where_the_data_is_not(held: Held, made: Held) -> None:
    assert Windows(Sweep(10, 3), SAME_UPPER, 10).made(held, (0, 1)) == made
