"""Widths that make the most of all budgets at once.

The whole widths that fit and are nearest to the best real ones are raised, and exchanged for others
of more utility, as long as all budgets are met, exactly.
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.ir import Array
from mcugraph.space.lattice import Lattice
from mcugraph.space.real_widths import Relaxation
from mcugraph.space.resources import Resource
from mcugraph.space.tflm_arena import PlannedResource
from mcugraph.space.utility import Utility

_HALVINGS = 8
_CHUNK = 256  # candidates that are looked at together
_LOOKED_AT = 40_000  # candidates to exchange widths for, in all
# Arenas that are planned to raise widths, and to exchange them: each takes milliseconds.
_PLANS = {False: 40, True: 8}
_WORTH = 1e-3  # what an exchange gains at the least, as a share of the largest utility
# Steps that are exchanged at once: more of one group, less of another.
_EXCHANGES = ((1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2))


class Allocation:
    """A search for the widths of the most utility within budgets.

    Args:
        costs: Name -> what a budget of this name is held against.
        limits: Budgets of these names; the least widths meet them.
        lattice: The widths to choose from.
        utility: What they are worth.
    """

    def __init__(
        self,
        costs: Mapping[str, Resource],
        limits: Mapping[str, int],
        lattice: Lattice,
        utility: Utility,
    ) -> None:
        self._costs, self._limits = costs, limits
        self._lattice, self._utility = lattice, utility
        self._relaxation = Relaxation(costs, limits, lattice, utility)
        self._planned = [n for n, cost in costs.items() if isinstance(cost, PlannedResource)]
        self._plans, self._looked_at = dict(_PLANS), 0

    def solve(self) -> Array:
        """Feasible whole widths that meet all budgets, shape (groups,)."""
        if self._meets(self._lattice.high):
            return self._lattice.high.copy()
        w = self._raised(self._fitting(self._relaxation.solve()))
        while (exchanged := self._exchanged(w)) is not None:
            w = self._raised(exchanged)
        return w

    def _meets(self, w: Array) -> bool:
        return all(cost(w) <= self._limits[name] for name, cost in self._costs.items())

    def _fitting(self, ideal: Array) -> Array:
        """The whole widths nearest to real ones that fit, or to what lies on the way to them."""
        least = self._lattice.least
        start, end = np.log(least), np.log(ideal)
        whole = self._lattice.nearest(ideal)
        if self._meets(whole):
            return whole
        found, short, far = least, 0.0, 1.0
        for _ in range(_HALVINGS):
            middle = (short + far) / 2
            tried = self._lattice.nearest(np.exp(start + middle * (end - start)))
            if self._meets(tried):
                short, found = middle, tried
            else:
                far = middle
        return found

    def _gains(self, candidates: Array, w: Array) -> Array:
        """What candidates are worth more than w, shape (N,); minus infinity beyond the bounds."""
        low, high = self._lattice.low, self._lattice.high
        inside = ((candidates >= low) & (candidates <= high)).all(axis=1)
        found = np.full(len(candidates), -np.inf)
        found[inside] = self._utility.of(candidates[inside]) - self._utility.of(w)
        return found

    def _raised(self, w: Array) -> Array:
        """Widths none of which can be raised by a step any more."""
        left, stride = self._lattice.steps, self._stride(w)
        while True:
            candidates = w + stride * left
            gains = self._gains(candidates, w)
            order = np.argsort(-gains, kind="stable")[: int((gains > 1e-12).sum())]
            chosen = self._first(candidates[order])
            if chosen is None:
                if stride == 1:
                    return w
                left, stride = self._lattice.steps, stride // 4 or 1
                continue
            # What does not fit now will not fit wider widths.
            left, w = left[order[chosen:]], candidates[order[chosen]]

    def _stride(self, w: Array) -> int:
        """How many steps at once to begin with: few of the narrowest, of wide groups many."""
        return int(max(1, np.median(w) // 8)) if self._planned else 1

    def _exchanged(self, w: Array) -> Array | None:
        """Widths with steps of one kind less and of another more that are worth more than w."""
        steps = self._lattice.steps
        by = {times: self._gains(w + times * steps, w) for times in range(-3, 4) if times}
        many = np.array([by[more][:, None] + by[-less] for more, less in _EXCHANGES])
        chosen = np.flatnonzero(many.ravel() > _WORTH)
        chosen = chosen[np.argsort(-many.ravel()[chosen], kind="stable")]
        for start in range(0, len(chosen), _CHUNK):
            if self._looked_at > _LOOKED_AT:
                return None
            part = chosen[start : start + _CHUNK]
            self._looked_at += len(part)
            kinds, ups, downs = np.unravel_index(part, many.shape)
            more, less = np.array(_EXCHANGES)[kinds].T
            found = w + more[:, None] * steps[ups] - less[:, None] * steps[downs]
            # Steps of one part of the lattice can move the same groups.
            found = found[self._gains(found, w) > _WORTH / 2]
            number = self._first(found, limited=True)
            if number is not None:
                return np.asarray(found[number])
        return None

    def _first(self, candidates: Array, limited: bool = False) -> int | None:
        """The number of the first candidate that meets all budgets; None: no one does.

        Args:
            candidates: Widths, shape (N, groups).
            limited: Only few arenas are planned.
        """
        left = np.arange(len(candidates))
        for name, cost in self._costs.items():
            if name not in self._planned:
                left = left[cost.at_most(candidates[left]) <= self._limits[name]]
        left = self._foreseen_to_fit(candidates, left)
        while len(left) and self._planned:
            if self._plans[limited] <= 0:
                return None
            exceeded = self._exceeded(candidates[left[0]], limited)
            if exceeded is None:
                break
            self._relaxation.learn(exceeded, candidates[left[0]])
            left = self._foreseen_to_fit(candidates, left[1:])
        return int(left[0]) if len(left) else None

    def _foreseen_to_fit(self, candidates: Array, left: Array) -> Array:
        """Of the numbers of candidates, those whose arenas are not known to be too large."""
        for name in self._planned:
            found = self._relaxation.foreseen(name, candidates[left])
            left = left[found <= self._limits[name]]
        return left

    def _exceeded(self, w: Array, limited: bool) -> str | None:
        """The arena that exceeds its budget; None: none does."""
        for name in self._planned:
            self._plans[limited] -= 1
            if self._costs[name](w) > self._limits[name]:
                return name
        return None
