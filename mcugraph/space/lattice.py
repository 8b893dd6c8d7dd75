"""The feasible widths between two bounds, and the least steps from one to another."""

from functools import cached_property

import numpy as np

from mcugraph.ir import Array
from mcugraph.records import dataclass
from mcugraph.space.rounding import components, kernel, nearest, reduced

# Of parts with more independent widths, sums and differences of two steps are left out.
_PAIRED = 16


@dataclass(frozen=True)
class Lattice:
    """Integer widths w with low <= w <= high and A (w - high) = 0.

    Attributes:
        low: At least 1, shape (groups,).
        high: Feasible widths, shape (groups,).
        constraints: A, integers, shape (constraints, groups).
    """

    low: Array
    high: Array
    constraints: Array

    def nearest(self, w: Array) -> Array:
        """The feasible widths that are nearest to real ones, shape (groups,)."""
        below = self.low - 1
        return np.asarray(nearest(w - below, self.high - below, self.constraints) + below)

    @cached_property
    def least(self) -> Array:
        """The feasible widths that are nearest to the lower bounds."""
        return self.nearest(self.low)

    @cached_property
    def steps(self) -> Array:
        """What can be added to or taken from feasible widths, shape (steps, groups)."""
        count = len(self.high)
        bound: set[int] = set()
        found = []
        for columns, basis in self._parts:
            bound.update(columns)
            turned = basis.T
            pairs = [
                turned[i] + sign * turned[j]
                for i in range(len(turned))
                for j in range(i)
                for sign in (1, -1)
                if len(turned) <= _PAIRED
            ]
            for step in [*turned, *pairs]:
                row = np.zeros(count, np.int64)
                row[columns] = step
                found.append(row if row.sum() >= 0 else -row)
        alone = [g for g in range(count) if g not in bound]
        return np.array([*np.eye(count, dtype=np.int64)[alone], *found]).reshape(-1, count)

    @cached_property
    def variables(self) -> Array:
        """A number for each group, shape (groups,): one for all that are always equally wide."""
        found = np.arange(len(self.high))
        for columns, basis in self._parts:
            same = basis.shape[1] == 1 and len(set(basis[:, 0].tolist())) == 1
            if same and len(set(self.high[columns].tolist())) == 1:
                found[columns] = columns[0]
        return np.unique(found, return_inverse=True)[1]

    @cached_property
    def _parts(self) -> list[tuple[list[int], Array]]:
        """The groups that constraints connect, and the steps that these leave them, as columns."""
        return [
            (columns, reduced(kernel(self.constraints[np.ix_(rows, columns)])))
            for rows, columns in components(self.constraints)
        ]
