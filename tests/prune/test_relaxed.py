"""The relaxed mask against its definition, and its gradient against finite differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mcugraph.errors import UsageError
from mcugraph.prune.relaxed import RelaxedMask

SALIENCE = st.floats(1e-3, 1e3)


@st.composite
def groups(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where groups start, the saliences of all classes, and the fraction of each to keep."""
    sizes = draw(st.lists(st.integers(1, 12), min_size=1, max_size=4))
    starts = np.cumsum([0, *sizes[:-1]])
    saliences = draw(arrays.arrays(np.float64, sum(sizes), elements=SALIENCE))
    fractions = draw(arrays.arrays(np.float64, len(sizes), elements=st.floats(0.01, 0.99)))
    return starts, saliences, fractions


@given(groups())
def test_the_mask_keeps_the_wanted_fraction(case: tuple[np.ndarray, ...]) -> None:
    starts, saliences, fractions = case
    mask = RelaxedMask.of(starts, saliences, fractions)
    for part, fraction in zip(np.split(mask.values, starts[1:]), fractions, strict=True):
        assert part.mean() == pytest.approx(fraction, abs=1e-12)


@given(groups())
def test_the_mask_is_that_of_equation_3(case: tuple[np.ndarray, ...]) -> None:
    starts, saliences, fractions = case
    mask = RelaxedMask.of(starts, saliences, fractions)
    sizes = np.diff(starts, append=len(saliences))
    logs = np.log(saliences) - np.log(np.repeat(mask.thresholds, sizes))
    np.testing.assert_allclose(mask.values, 1 / (1 + np.exp(-logs)), rtol=1e-9)


@given(groups(), st.integers(0, 2**32 - 1))
def test_the_gradient_is_that_of_finite_differences(
    case: tuple[np.ndarray, ...], seed: int
) -> None:
    """Eq. 7: a loss that is any linear function of the masks, s0 from Eq. 4."""
    starts, saliences, fractions = case
    weights = np.random.default_rng(seed).normal(size=len(saliences))
    found = RelaxedMask.of(starts, saliences, fractions).gradient(weights)
    step = 1e-5
    for group in range(len(starts)):
        sides = []
        for sign in (1, -1):
            moved = fractions.copy()
            moved[group] += sign * step
            sides.append(weights @ RelaxedMask.of(starts, saliences, moved).values)
        difference = (sides[0] - sides[1]) / (2 * step)
        scale = max(1.0, np.abs(weights).sum())
        assert found[group] == pytest.approx(difference, abs=1e-6 * scale)


def test_saliences_of_zero_count_least() -> None:
    mask = RelaxedMask.of(np.array([0, 3]), np.array([0.0, 0, 1, 0, 0]), np.array([0.5, 0.5]))
    assert np.isfinite(mask.thresholds).all()
    assert mask.values[:3].mean() == pytest.approx(0.5)
    assert np.isfinite(mask.gradient(np.ones(5))).all()


def test_a_loss_that_counts_every_channel_alike_grows_with_their_number() -> None:
    mask = RelaxedMask.of(np.array([0]), np.array([0.1, 1, 3, 7]), np.array([0.4]))
    assert mask.gradient(np.ones(4)) == pytest.approx(4)


def test_the_percentile_leaves_the_wanted_fraction_above_it() -> None:
    saliences = np.arange(1.0, 11)
    mask = RelaxedMask.of(np.array([0]), saliences, np.array([0.3]), threshold="percentile")
    assert (saliences > mask.thresholds).sum() == 3


def test_another_threshold_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown threshold 'median'"):
        RelaxedMask.of(np.array([0]), np.ones(2), np.array([0.5]), threshold="median")
