"""Paired differences between methods, and how sure they are."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from scipy.stats import t


@dataclass(frozen=True)
class Difference:
    """The mean of paired differences, with the half of its 95 % interval.

    Attributes:
        mean: NaN without a pair.
        half: Of the interval by Student's t; NaN below two pairs.
        pairs: How many there are.
    """

    mean: float
    half: float
    pairs: int

    @property
    def above(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.mean - self.half > 0

    @property
    def below(self) -> bool:
        """Whether the whole interval is below 0."""
        return self.mean + self.half < 0

    def __str__(self) -> str:
        if not self.pairs:
            return "-"
        return f"{self.mean:+.1f}" + ("" if math.isnan(self.half) else f" ± {self.half:.1f}")


def paired(mine: Mapping[object, float], other: Mapping[object, float]) -> Difference:
    """What one method has more than another, over the seeds (or other keys) that both have."""
    return difference([value - other[key] for key, value in mine.items() if key in other])


def difference(values: Sequence[float]) -> Difference:
    """The mean of some differences and its interval."""
    count = len(values)
    if not count:
        return Difference(math.nan, math.nan, 0)
    if count == 1:
        return Difference(values[0], math.nan, 1)
    half = float(t.ppf(0.975, count - 1)) * stdev(values) / math.sqrt(count)
    return Difference(mean(values), half, count)
