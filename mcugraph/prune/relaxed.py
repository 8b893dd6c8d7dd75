"""The relaxed mask: how the channels of a group answer to its width multiplier.

A hard mask keeps the channels whose salience is above a threshold. Its relaxation is a sigmoid in
the logarithm of the salience (Eq. 3 of the paper), with the threshold s0 such that the mask keeps
the wanted fraction on average (Eq. 4). The derivative by that fraction follows (Eq. 5 to 7).

Vectors hold the classes of all groups one after the other; ``starts`` says where each begins.
"""

import numpy as np

from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.records import dataclass

THRESHOLDS = ("exact", "percentile")

# Of a group's largest salience: what a smaller one counts as. The logarithm needs it above 0.
_FLOOR = 1e-12


@dataclass(frozen=True)
class RelaxedMask:
    """The relaxed mask of all groups.

    Attributes:
        starts: Where the classes of each group begin, shape (groups,).
        saliences: Above 0, shape (classes,).
        thresholds: s0 of each group, shape (groups,).
    """

    starts: Array
    saliences: Array
    thresholds: Array

    @classmethod
    def of(
        cls, starts: Array, saliences: Array, fractions: Array, threshold: str = "exact"
    ) -> "RelaxedMask":
        """Choose the thresholds.

        Args:
            starts: Where the classes of each group begin, shape (groups,).
            saliences: Not negative, shape (classes,).
            fractions: How much of each group to keep, between 0 and 1, shape (groups,).
            threshold: ``"exact"``: s0 solves Eq. 4. ``"percentile"``: s0 is the quantile of the
                saliences above which the wanted fraction lies, as in Algorithm 1; the mask then
                keeps another fraction on average.

        Raises:
            UsageError: Unknown threshold.
        """
        if threshold not in THRESHOLDS:
            raise UsageError(f"unknown threshold {threshold!r}; expected {' or '.join(THRESHOLDS)}")
        sizes = np.diff(starts, append=len(saliences))
        largest = np.maximum.reduceat(saliences, starts)
        floor = np.where(largest > 0, largest * _FLOOR, 1.0)
        positive = np.maximum(saliences, np.repeat(floor, sizes))
        if threshold == "exact":
            thresholds = _solved(starts, sizes, positive, fractions)
        else:
            parts = np.split(positive, starts[1:])
            thresholds = np.array(
                [np.quantile(part, 1 - f) for part, f in zip(parts, fractions, strict=True)]
            )
        return cls(starts, positive, thresholds)

    @property
    def values(self) -> Array:
        """M of Eq. 3, shape (classes,)."""
        return np.asarray(self.saliences / (self.saliences + self._spread(self.thresholds)))

    def gradient(self, by_mask: Array) -> Array:
        """The derivative of a loss by the fractions (Eq. 7), shape (groups,).

        Args:
            by_mask: The derivative by the mask of each class, shape (classes,).
        """
        # The sign and the scale of dM/ds0 cancel out.
        steep = self.saliences / (self.saliences + self._spread(self.thresholds)) ** 2
        steep = steep / self._spread(np.maximum.reduceat(steep, self.starts))
        total = np.add.reduceat(steep, self.starts)
        return np.asarray(self._sizes * np.add.reduceat(by_mask * steep, self.starts) / total)

    @property
    def _sizes(self) -> Array:
        return np.diff(self.starts, append=len(self.saliences))

    def _spread(self, of_groups: Array) -> Array:
        return np.repeat(of_groups, self._sizes)


def _solved(starts: Array, sizes: Array, saliences: Array, fractions: Array) -> Array:
    """s0 such that the mean of s / (s + s0) over each group is its fraction.

    In u = ln s0 the mean falls from 1 to 0. Newton's method, kept inside of a bracket.
    """
    logs = np.log(saliences)
    shift = np.log(fractions) - np.log1p(-fractions)
    low, high = np.minimum.reduceat(logs, starts) - shift, np.maximum.reduceat(logs, starts) - shift
    u = (low + high) / 2
    for _ in range(200):
        mask = 0.5 * (1 + np.tanh((logs - np.repeat(u, sizes)) / 2))
        excess = np.add.reduceat(mask, starts) / sizes - fractions
        slope = np.add.reduceat(mask * (1 - mask), starts) / sizes
        low, high = np.where(excess > 0, u, low), np.where(excess > 0, high, u)
        with np.errstate(divide="ignore", invalid="ignore"):
            newton = u + excess / slope
        inside = (newton > low) & (newton < high)
        following = np.where(inside, newton, (low + high) / 2)
        if (np.abs(following - u) <= 1e-14 * np.maximum(1, np.abs(u))).all():
            break
        u = following
    return np.asarray(np.exp(u))
