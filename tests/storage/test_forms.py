"""Forms of storage: what they say they take, what their tables take, what comes back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.storage import (
    BLOCKS,
    FORMS,
    PATTERNS,
    Bitmap,
    Blocks,
    Crs,
    DenseRows,
    Form,
    NofM,
    break_even,
    cheapest,
)

ALL = (
    *(form for form in FORMS if form not in BLOCKS),
    *(DenseRows(4), NofM(3, 7), NofM(1, 200)),
    *(Blocks(1, 4), Blocks(3, 5), Blocks(16, 1), Blocks(8, 40)),
)
DTYPES = {8: np.int8, 16: np.int16, 32: np.float32, 4: np.int8}


@st.composite
def matrices(draw: st.DrawFn, bits: int = 8, form: Form | None = None) -> Array:
    """Some of whose weights are zero; those of a pattern, if that is given."""
    rows, columns = draw(st.integers(0, 6)), draw(st.integers(1, 40))
    columns = columns + draw(st.sampled_from([0, 0, 0, 255]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    found = random.integers(-8, 8, (rows, columns)).astype(DTYPES[bits])
    found[random.uniform(size=found.shape) < draw(st.floats(0, 1))] = 0
    if isinstance(form, NofM):
        for start in range(0, columns, form.m):
            group = found[:, start : start + form.m]
            group[np.cumsum(group != 0, axis=1) > form.n] = 0
    return found


@pytest.mark.parametrize("form", ALL, ids=repr)
@given(data=st.data())
def test_what_is_stored_is_read_back_and_takes_what_was_said(
    form: Form, data: st.DataObject
) -> None:
    bits = data.draw(st.sampled_from(sorted(DTYPES)))
    matrix = data.draw(matrices(bits, form))
    encoded = form.encode(matrix, bits)
    assert np.array_equal(encoded.decode(), matrix)
    assert encoded.decode().dtype == matrix.dtype
    rows, columns = matrix.shape
    assert encoded.nbytes == form.bytes(rows, columns, form.stored(matrix), bits)
    assert (
        encoded.nbytes
        == form.size(matrix, bits)
        >= form.least(rows, columns, int(np.count_nonzero(matrix)), bits)
    )


@given(data=st.data())
def test_many_counts_at_once(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(ALL))
    bits = data.draw(st.sampled_from(sorted(DTYPES)))
    counts = np.array(data.draw(st.lists(st.integers(0, 1000), min_size=1)))
    found = np.broadcast_to(form.bytes(25, 40, counts, bits), counts.shape)
    assert found.tolist() == [form.bytes(25, 40, int(count), bits) for count in counts]


@given(
    st.sampled_from(ALL),
    st.integers(1, 30),
    st.integers(1, 300),
    st.sampled_from(sorted(DTYPES)),
    st.sampled_from([DenseRows(), DenseRows(4)]),
)
def test_break_even_is_where_one_weight_more_is_too_many(
    form: Form, rows: int, columns: int, bits: int, dense: DenseRows
) -> None:
    all_of_them = dense.bytes(rows, columns, 0, bits)
    counts = np.arange(form.units(rows, columns) + 1)
    sizes = form.bytes(rows, columns, counts, bits)
    fewer = np.flatnonzero(np.broadcast_to(sizes, counts.shape) < all_of_them)
    assert break_even(form, rows, columns, bits, dense) == (int(fewer[-1]) if fewer.size else None)


@given(matrices())
def test_the_cheapest_takes_no_more_than_any_other(matrix: Array) -> None:
    chosen = cheapest(matrix)
    sizes = {form: form.encode(matrix).nbytes for form in FORMS if form.refusal(matrix) is None}
    assert sizes[chosen] == min(sizes.values())
    assert chosen == min(sizes, key=lambda form: (sizes[form], FORMS.index(form)))


def test_break_even_of_a_large_layer_of_int8() -> None:
    """By hand: 128 rows of 9,216; bits take an eighth, columns two bytes."""
    assert break_even(Bitmap(), 128, 9216) == 128 * 9216 * 7 // 8 - 1
    assert break_even(Crs(), 128, 9216) == (128 * 9216 - 256 - 1) // 3
    assert break_even(Crs(), 128, 9216, 32) == (4 * 128 * 9216 - 256 - 1) // 6
    assert break_even(NofM(2, 4), 128, 9216) == 128 * 9216
    assert break_even(Crs(), 128, 2) is None


def test_the_example_of_the_paper() -> None:
    matrix = np.array(
        [[10, 0, 0, 0, 1], [0, 7, 0, 2, 0], [0, 0, 8, 0, 0], [14, 0, 0, 0, 6]], np.int8
    )
    tables = Crs().encode(matrix).tables
    assert tables["weights"].tolist() == [10, 1, 7, 2, 8, 14, 6]
    assert tables["columns"].tolist() == [0, 4, 1, 3, 2, 0, 4]
    assert tables["counts"].cumsum().tolist() == [2, 4, 5, 7]


@pytest.mark.parametrize("blocks", BLOCKS[::5], ids=repr)
def test_blocks_take_the_fewest_bytes_of_as_many_weights(blocks: Blocks) -> None:
    down, across = 240 // blocks.rows, 240 // blocks.columns
    kept = np.indices((down, across)).sum(0) % 29 == 0
    matrix = kept.repeat(blocks.rows, 0).repeat(blocks.columns, 1).astype(np.int8)
    assert cheapest(matrix) == blocks


def test_an_example_of_blocks() -> None:
    matrix = np.array([[1, 2, 0, 0, 5], [0, 3, 0, 0, 6], [0, 0, 7, 0, 0]], np.int8)
    tables = Blocks(2, 2).encode(matrix).tables
    assert tables["weights"].ravel().tolist() == [1, 2, 5, 0, 0, 3, 6, 0, 7, 0, 0, 0]
    assert tables["columns"].tolist() == [0, 2, 1]
    assert tables["counts"].tolist() == [2, 1]


@pytest.mark.parametrize("pattern", PATTERNS, ids=repr)
def test_patterns_take_the_fewest_bytes_of_as_many_weights(pattern: NofM) -> None:
    matrix = np.zeros((64, 256), np.int8)
    for row in range(len(matrix)):  # none lie below each other, as in blocks
        for place in range(pattern.n):
            matrix[row, (row + place) % pattern.m :: pattern.m] = 1
    assert cheapest(matrix) == pattern


@pytest.mark.parametrize(
    ("form", "matrix", "bits", "said"),
    [
        (Crs(), np.zeros((1, 1 << 16), np.int8), None, "its rows have 65536 weights, 65535 at"),
        (Blocks(2, 1), np.zeros((1, 1 << 16), np.int8), None, "its rows have 65536 blocks, 65535"),
        (NofM(1, 2), np.ones((2, 3), np.int8), None, "as 1:2: more than 1 of 2 weights side by"),
        (Bitmap(), np.ones((2, 3), np.int8), 5, "weights have 4, 8, 16, 32 bits, not 5"),
        (Bitmap(), np.ones((2, 3), np.int8), 16, "weights of int8 do not have 16 bits"),
        (DenseRows(), np.full((2, 3), 8, np.int8), 4, "lie between -8 and 7"),
    ],
)
def test_what_a_form_cannot_hold(form: Form, matrix: Array, bits: int | None, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        form.encode(matrix, bits)


def test_no_such_pattern() -> None:
    for n, m in ((0, 4), (4, 4), (1, 300)):
        with pytest.raises(UsageError, match="not a pattern"):
            NofM(n, m)
    with pytest.raises(UsageError, match="NofM: n: a whole number"):
        NofM("2", 4)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no form of 1:2 holds"):
        cheapest(np.ones((1, 2), np.int8), [NofM(1, 2)])
