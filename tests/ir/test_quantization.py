"""Integers and the numbers that they stand for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcugraph.errors import GraphError
from mcugraph.ir import DType, Quantization


def quantised(scales: list[float], zeros: list[int], axis: int | None = None) -> Quantization:
    found = np.array(scales, np.float32), np.array(zeros, np.int64)
    return Quantization(len(scales), 0, axis, lambda: found)


@given(
    st.sampled_from([DType.INT8, DType.UINT8, DType.INT16]),
    st.lists(st.tuples(st.floats(1e-3, 10), st.integers(-20, 20)), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
def test_numbers_of_integers_are_stored_as_these(
    dtype: DType, parameters: list[tuple[float, int]], chance: object
) -> None:
    scales, zeros = map(list, zip(*parameters, strict=True))
    by = quantised(scales, zeros, 1)
    limits = np.iinfo(dtype.label)
    values = np.random.default_rng(0).integers(
        limits.min, limits.max + 1, (3, len(scales), 2), dtype.numpy
    )
    np.testing.assert_array_equal(by.stored(by.real(values), dtype), values)
    for i, (scale, zero) in enumerate(zip(scales, zeros, strict=True)):
        wanted = (values[:, i].astype(float) - zero) * np.float32(scale)
        np.testing.assert_array_equal(by.real(values)[:, i], wanted)


def test_numbers_beyond_the_type_are_the_last_that_it_has() -> None:
    by = quantised([0.5], [3])
    numbers = np.array([-1e9, -65.75, -0.25, 0.25, 0.75, 1e9])
    assert by.stored(numbers, DType.INT8).tolist() == [-128, -128, 3, 3, 5, 127]


def test_integers_that_are_all_larger_stand_for_the_same() -> None:
    by, values = quantised([0.5], []), np.arange(-5, 5)
    np.testing.assert_array_equal(by.shifted(7).real(values + 7), by.real(values))
    assert not by.shifted(7).same_as(by)
    assert by.shifted(7).shifted(-7).same_as(by)
    np.testing.assert_allclose(by.times(3.0).real(values), 3 * by.real(values))


@pytest.mark.parametrize(
    ("before", "axis", "shape", "order", "wanted"),
    [
        ((4, 3, 5, 5), 0, (4, 3, 5, 5), (0, 2, 3, 1), 0),
        ((4, 1, 5, 5), 0, (4, 1, 5, 5), (1, 2, 3, 0), 3),
        ((4, 3, 5), -3, (4, 3, 1, 5), (0, 2, 3, 1), 0),
        ((3,), 0, (1, 3, 1, 1), (0, 2, 3, 1), 3),
        ((6, 4), 1, (2, 3, 4), (2, 0, 1), 0),
    ],
)
def test_scales_go_along_with_their_axis(
    before: tuple[int, ...], axis: int, shape: tuple[int, ...], order: list[int], wanted: int
) -> None:
    count = before[axis]
    by = quantised(list(np.linspace(0.1, 1, count)), [], axis % len(before))
    moved = by.arranged(before, shape, order)
    assert moved.axis == wanted
    values = np.arange(np.prod(before)).reshape(before)
    np.testing.assert_array_equal(
        moved.real(values.reshape(shape).transpose(order)),
        by.real(values).reshape(shape).transpose(order),
    )


def test_scales_of_an_axis_that_is_gone_are_not_known() -> None:
    moved = quantised([1.0, 2.0], [], 0).arranged((2, 6), (12,), [0])
    assert moved.load is None
    with pytest.raises(GraphError, match="not known"):
        moved.values()
    assert not moved.same_as(moved)
