"""The best real widths under budgets: a geometric programme, bottleneck by bottleneck.

In the logarithms of the widths, MACs, size and the live set at each bottleneck are convex. Of a
peak or an arena only the bottlenecks that were met on the way are limited, until none is exceeded.
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.coupling.polynomial import Compiled, Polynomial
from mcugraph.ir import Array
from mcugraph.space.geometric import Limited, Programme
from mcugraph.space.lattice import Lattice
from mcugraph.space.resources import Resource
from mcugraph.space.tflm_arena import PlannedResource
from mcugraph.space.utility import Utility

_ROUNDS = 40  # of bottlenecks that are added
_PLANS = 8  # of arenas that are planned meanwhile
_EXCEEDED = 1.002  # by how much real widths may exceed a budget


class Relaxation:
    """Real widths that make the most of budgets, and the bottlenecks on the way to them.

    Args:
        costs: Name -> what a budget of this name is held against.
        limits: Budgets of these names; the least widths meet them.
        lattice: The bounds of the widths, and which of them are always the same.
        utility: What they are worth.
    """

    def __init__(
        self,
        costs: Mapping[str, Resource],
        limits: Mapping[str, int],
        lattice: Lattice,
        utility: Utility,
    ) -> None:
        self._costs, self._limits, self._lattice = costs, limits, lattice
        self._variables = lattice.variables
        self._concavity = utility.concavity
        self._weights = np.bincount(self._variables, utility.worth)
        first = np.unique(self._variables, return_index=True)[1]
        # In logarithms of shares, so that a utility depends on its weights alone.
        self._scale = np.log(utility.full[first])
        self._low = np.log(lattice.least[first]) - self._scale
        self._high = np.log(lattice.high[first]) - self._scale
        self._full = utility.full
        self._known: dict[str, list[tuple[Polynomial, Compiled]]] = {name: [] for name in costs}
        # What a budget leaves its bottlenecks: alignment and gaps of an arena take the rest.
        self._share = dict.fromkeys(costs, 1.0)
        self._plans = dict.fromkeys(costs, _PLANS)

    def solve(self) -> Array:
        """The widths, shape (groups,): in the end within all budgets, or hardly beyond."""
        w: Array = self._lattice.high.astype(np.float64)
        for _ in range(_ROUNDS):
            tightened = [self._tightened(name, w) for name in self._costs]
            if not any(tightened):
                break
            w = self._best()
        return w

    def foreseen(self, name: str, w: Array) -> Array:
        """What an arena takes by what is known so far, shape (N,), at widths (N, groups)."""
        cost = self._costs[name]
        assert isinstance(cost, PlannedResource)
        known = [compiled.values(w)[:, 0] for _, compiled in self._known[name]]
        return np.asarray(np.max([cost.foreseen(w), *known], axis=0))

    def learn(self, name: str, w: Array) -> None:
        """Remember what an arena is held up by at widths where it exceeds its budget."""
        self._limited(name, w, self._limits[name])

    def _tightened(self, name: str, w: Array) -> bool:
        """Whether a budget is exceeded at w, and there is something new to limit."""
        cost, limit, share = self._costs[name], self._limits[name], self._share[name]
        most = limit * share * _EXCEEDED
        if isinstance(cost, PlannedResource):
            if cost.foreseen(w[None])[0] > most and self._limited(name, w, most):
                return True
            if not self._plans[name]:
                return False
            self._plans[name] -= 1
        found = cost(w)
        if found <= limit * _EXCEEDED:
            return False
        if self._limited(name, w, most):
            return True
        self._share[name] = share * limit / found
        return True

    def _limited(self, name: str, w: Array, most: float) -> bool:
        """Whether what a cost takes at w is more than it may, by its formula, and limited now."""
        formula = self._costs[name].formula_at(w)
        compiled = Compiled.of([formula], len(w))
        if compiled.values(w)[0] <= most:
            return False
        self._known[name].append((formula, compiled))
        return True

    def _best(self) -> Array:
        """The best widths under what is limited so far."""
        limits = []
        least = self._lattice.least
        for name, known in self._known.items():
            most = self._limits[name] * self._share[name]
            for formula, compiled in known:
                # The least widths are within all budgets, whatever a formula makes of them.
                at_least = float(compiled.values(least)[0]) * (1 + 1e-6)
                limits.append(Limited(formula, max(most, at_least)))
        programme = Programme.of(limits, self._variables, self._scale, self._concavity)
        shares = np.exp(programme.maximise(self._weights, self._low, self._high))
        return np.asarray(shares[self._variables] * self._full)
