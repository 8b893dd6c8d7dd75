"""The statistics of the pruning benchmark, against figures worked out by hand and by scipy."""

import math

import pytest
from pruning_parts.statistics import difference, paired

pytestmark = pytest.mark.filterwarnings("error")


def test_interval_is_that_of_students_t() -> None:
    # Mean 2, deviation 1, of three values: 4.3027 is the 97.5 % quantile at two degrees of freedom.
    found = difference([1.0, 2.0, 3.0])
    assert found.mean == 2
    assert found.half == pytest.approx(4.30265 / math.sqrt(3), rel=1e-5)
    assert (found.above, found.below, found.pairs) == (False, False, 3)


def test_interval_is_that_of_scipys_paired_test() -> None:
    from scipy.stats import ttest_rel

    mine = dict(enumerate([81.2, 80.9, 82.0, 81.1, 80.7]))
    other = dict(enumerate([80.1, 80.3, 80.8, 80.9, 79.9]))
    found = paired(mine, other)
    low, high = ttest_rel(list(mine.values()), list(other.values())).confidence_interval(0.95)
    assert found.mean - found.half == pytest.approx(low)
    assert found.mean + found.half == pytest.approx(high)
    assert found.above
    assert paired(other, mine).below


def test_pairs_what_both_have() -> None:
    found = paired({0: 5.0, 1: 6.0, 2: 100.0}, {1: 5.0, 0: 4.0, 7: 0.0})
    assert (found.mean, found.half, found.pairs) == (1, 0, 2)


def test_one_pair_or_none_decides_nothing() -> None:
    one, none = paired({0: 3.0}, {0: 1.0}), paired({0: 3.0}, {1: 1.0})
    assert (str(one), str(none)) == ("+2.0", "-")
    assert not any((one.above, one.below, none.above, none.below))


def test_says_mean_and_half() -> None:
    assert str(difference([1.0, 2.0, 3.0])) == "+2.0 ± 2.5"
