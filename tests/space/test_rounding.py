"""The nearest feasible widths, against trying them all."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mcugraph as mg
from mcugraph.ir import Array
from mcugraph.space.rounding import nearest


@st.composite
def lattices(draw: st.DrawFn) -> tuple[Array, Array, Array]:
    count = draw(st.integers(1, 5))
    full = draw(st.lists(st.integers(1, 6), min_size=count, max_size=count))
    row = st.lists(st.integers(-2, 2), min_size=count, max_size=count)
    rows = draw(st.lists(row, max_size=3))
    wanted = draw(st.lists(st.floats(-1, 8), min_size=count, max_size=count))
    matrix = np.array(rows, np.int64).reshape(len(rows), count)
    return np.array(wanted), np.array(full), matrix


@given(lattices())
def test_nearest(problem: tuple[Array, Array, Array]) -> None:
    wanted, full, matrix = problem
    found = nearest(wanted, full, matrix)
    assert found.dtype == np.int64
    assert ((found >= 1) & (found <= full)).all()
    assert not (matrix @ (found - full)).any()
    inside = np.clip(wanted, 1, full)
    points = np.array(list(product(*(range(1, top + 1) for top in full.tolist()))))
    allowed = points[~((points - full) @ matrix.T).any(axis=1)]
    least = ((allowed - inside) ** 2).sum(axis=1).min()
    assert ((found - inside) ** 2).sum() <= least + 1e-9


def test_sums_in_one_constraint() -> None:
    """Three parts of three groups each stay equally long together."""
    rows = np.zeros((2, 9), np.int64)
    rows[0, :3], rows[0, 3:6] = -1, 1
    rows[1, :3], rows[1, 6:] = -1, 1
    full = np.full(9, 20)
    rng = np.random.default_rng(0)
    for _ in range(20):
        wanted = rng.uniform(1, 20, 9)
        found = nearest(wanted, full, rows).reshape(3, 3)
        assert len(set(found.sum(axis=1).tolist())) == 1
        # The middle of the three sums is what moves least.
        assert np.abs(found - wanted.reshape(3, 3)).max() <= np.ptp(
            wanted.reshape(3, 3).sum(axis=1)
        )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value: float, fixture_space: Callable[..., mg.Space]) -> None:
    space = fixture_space("resnet")
    for ask in (space.round, space.feasible):
        with pytest.raises(mg.UsageError, match="a width is not finite"):
            ask(np.full(len(space.full), value))


def test_many_groups_at_once() -> None:
    """A long chain of equal groups is one variable, however long."""
    count = 60
    rows = np.eye(count, dtype=np.int64)[1:] - np.eye(count, dtype=np.int64)[0]
    wanted = np.linspace(3, 9, count)
    found = nearest(wanted, np.full(count, 32), rows)
    assert set(found.tolist()) == {6}
