"""Geometric programmes: concave utilities maximised under sums of monomials.

After Boyd, Kim, Vandenberghe and Hassibi, "A tutorial on geometric programming" (2007): in the
logarithms of the variables the logarithm of such a sum is convex, so Newton's method on a barrier
finds the optimum. Costs of a network are such sums of its widths.
"""

from collections.abc import Sequence

import numpy as np

from mcugraph.coupling.polynomial import Polynomial
from mcugraph.ir import Array
from mcugraph.records import dataclass

# How close to the optimum, as a share of the weights: whole widths are coarser than that.
_GAP = 1e-4
_SHARPER = 20.0  # by how much the barrier gets steeper each time
_NEWTON = 40  # steps at one steepness
# What a step leaves at the least of the room to a bound: on it, curves are not finite any more.
_NEARER = 0.01


@dataclass(frozen=True, slots=True)
class Limited:
    """A sum of monomials, and what it may come to.

    Attributes:
        cost: With coefficients above 0; others are left out, which only makes it larger.
        limit: At most so much, above 0.
    """

    cost: Polynomial
    limit: float


@dataclass(frozen=True, slots=True)
class Programme:
    """Maximise a utility of x under limits on sums of monomials in exp(x).

    The utility is ``weights @ x``, or ``weights @ (1 - exp(-p x)) / p`` for p above 0.

    Attributes:
        exponents: Of each monomial, shape (monomials, variables).
        logs: Logarithms of the coefficients, each divided by its limit, shape (monomials,).
        starts: The first monomial of each limit, shape (limits,).
        concavity: p.
    """

    exponents: Array
    logs: Array
    starts: Array
    concavity: float

    @classmethod
    def of(
        cls,
        limits: Sequence[Limited],
        variable: Array,
        scale: Array,
        concavity: float,
    ) -> "Programme":
        """Compile limits.

        Args:
            limits: Their polynomials are in numbered widths.
            variable: The number of the variable that each width is, shape (groups,).
            scale: The logarithm of each variable's unit, shape (variables,).
            concavity: p.
        """
        count = len(scale)
        rows: list[Array] = []
        logs: list[float] = []
        starts: list[int] = []
        for limited in limits:
            terms = [(m, float(c)) for m, c in limited.cost.terms.items() if c > 0]
            if not terms:
                continue
            starts.append(len(logs))
            for monomial, coefficient in terms:
                rows.append(np.bincount(variable[list(monomial)], minlength=count))
                logs.append(np.log(coefficient / limited.limit))
        exponents = np.array(rows, np.float64).reshape(-1, count)
        return cls(exponents, np.array(logs) + exponents @ scale, np.array(starts), concavity)

    def maximise(self, weights: Array, low: Array, high: Array) -> Array:
        """The best x with low <= x <= high, shape (variables,).

        Args:
            weights: Not negative, shape (variables,).
            low: Within all limits.
            high: Not below ``low``.
        """
        free = high > low
        if not free.any() or not len(self.starts):
            return high
        if not free.all():
            fixed = self.exponents[:, ~free] @ low[~free]
            rest = Programme(
                self.exponents[:, free], self.logs + fixed, self.starts, self.concavity
            )
            x = high.copy()
            x[free] = rest.maximise(weights[free], low[free], high[free])
            return x
        x = self._inside(low, high)
        pressures = len(self.starts) + 2 * len(low)
        steepness = pressures / self._gain(weights, x)
        while pressures / steepness > _GAP * self._gain(weights, x):
            steepness *= _SHARPER
            x = self._centred(x, steepness * weights, low, high)
        return x

    def _gain(self, weights: Array, x: Array) -> float:
        """What the utility would gain if all of x were raised by 1, at the slope that it has."""
        return max(float(weights @ np.exp(-self.concavity * x)), 1e-300)

    def _inside(self, low: Array, high: Array) -> Array:
        share = 0.5
        while share > 1e-9:
            x = low + share * (high - low)
            if (self._sums(x)[0] < 0).all():
                break
            share /= 2
        return x

    def _sums(self, x: Array) -> tuple[Array, Array]:
        """The logarithm of each sum by its limit, and the share of each monomial in its sum."""
        logs = self.exponents @ x + self.logs
        sizes = np.diff(self.starts, append=len(logs))
        largest = np.maximum.reduceat(logs, self.starts)
        parts = np.exp(logs - np.repeat(largest, sizes))
        sums = np.add.reduceat(parts, self.starts)
        return largest + np.log(sums), parts / np.repeat(sums, sizes)

    def _room(self, x: Array, low: Array, high: Array) -> Array:
        """What is left to each limit and each bound; above 0 inside of them."""
        return np.concatenate([-self._sums(x)[0], x - low, high - x])

    def _barrier(self, x: Array, weights: Array, room: Array) -> float:
        return float(-self._utility(weights, x) - np.log(room).sum())

    def _utility(self, weights: Array, x: Array) -> float:
        p = self.concavity
        return float(weights @ (-np.expm1(-p * x) / p if p else x))

    def _centred(self, x: Array, weights: Array, low: Array, high: Array) -> Array:
        """Newton's method on the barrier, with steps that are halved until it falls."""
        sizes = np.diff(self.starts, append=len(self.logs))
        left = self._room(x, low, high)
        value = self._barrier(x, weights, left)
        for _ in range(_NEWTON):
            sums, shares = self._sums(x)
            room = -1 / sums
            weighted = shares * np.repeat(room, sizes)
            by_sum = np.add.reduceat(shares[:, None] * self.exponents, self.starts)
            gains = weights * np.exp(-self.concavity * x)
            slope = room @ by_sum - gains - 1 / (x - low) + 1 / (high - x)
            curve = (self.exponents.T * weighted) @ self.exponents
            curve += (by_sum.T * (room**2 - room)) @ by_sum
            curve += np.diag(self.concavity * gains + 1 / (x - low) ** 2 + 1 / (high - x) ** 2)
            step = -np.linalg.solve(curve, slope)
            fall = float(slope @ step)
            if -fall < 1e-6:
                break
            length = 1.0
            while length > 1e-12:
                tried = self._room(x + length * step, low, high)
                if (tried > _NEARER * left).all():
                    found = self._barrier(x + length * step, weights, tried)
                    if found <= value + 0.1 * length * fall:
                        break
                length /= 2
            else:
                break
            x, value, left = x + length * step, found, tried
        return x
