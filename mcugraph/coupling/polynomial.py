"""Polynomials in the widths, as the operator rules build them, and fast evaluation."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from mcugraph.errors import GraphError
from mcugraph.ir import Array
from mcugraph.records import dataclass

Number = int | Fraction
Monomial = tuple[int, ...]  # variables in ascending order, repeated for powers


class Polynomial:
    """A polynomial with exact coefficients in numbered variables.

    Args:
        terms: Monomial -> coefficient; ``()`` is the constant term.
    """

    __slots__ = ("terms",)

    def __init__(self, terms: Mapping[Monomial, Number]) -> None:
        self.terms = {monomial: c for monomial, c in terms.items() if c}

    @classmethod
    def variable(cls, number: int) -> "Polynomial":
        """One of the variables."""
        return cls({(number,): 1})

    @classmethod
    def of(cls, value: Any) -> "Polynomial":
        """A number as a polynomial; polynomials as they are."""
        return value if isinstance(value, Polynomial) else cls({(): value})

    def __add__(self, other: Any) -> "Polynomial":
        result = dict(self.terms)
        for monomial, coefficient in Polynomial.of(other).terms.items():
            result[monomial] = result.get(monomial, 0) + coefficient
        return Polynomial(result)

    __radd__ = __add__

    def __neg__(self) -> "Polynomial":
        return Polynomial({monomial: -c for monomial, c in self.terms.items()})

    def __sub__(self, other: Any) -> "Polynomial":
        return self + -Polynomial.of(other)

    def __rsub__(self, other: Any) -> "Polynomial":
        return Polynomial.of(other) + -self

    def __mul__(self, other: Any) -> "Polynomial":
        result: dict[Monomial, Number] = {}
        for first, a in self.terms.items():
            for second, b in Polynomial.of(other).terms.items():
                monomial = tuple(sorted(first + second))
                result[monomial] = result.get(monomial, 0) + a * b
        return Polynomial(result)

    __rmul__ = __mul__

    def __floordiv__(self, other: Any) -> "Polynomial":
        """Division by a number that is known to leave no rest at feasible widths."""
        if isinstance(other, Polynomial):
            if other == self:
                return Polynomial.of(1)
            raise GraphError("a count is no polynomial in the widths")
        return Polynomial({m: _exact(Fraction(c) / other) for m, c in self.terms.items()})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Polynomial | int | Fraction):
            return NotImplemented
        return self.terms == Polynomial.of(other).terms

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __repr__(self) -> str:
        return f"Polynomial({self.terms})"


def _exact(value: Fraction) -> Number:
    return value.numerator if value.denominator == 1 else value


@dataclass(frozen=True, slots=True)
class Compiled:
    """A batch of polynomials as arrays, for values and gradients at numpy speed.

    Attributes:
        count: How many polynomials.
        variables: How many variables.
        owner: Which polynomial each monomial belongs to.
        coefficients: One a monomial.
        factors: The variables of each monomial, filled up with ``variables``, which stands for 1.
        filled, starts: The polynomials that have monomials, and the first monomial of each.
    """

    count: int
    variables: int
    owner: Array
    coefficients: Array
    factors: Array
    filled: Array
    starts: Array

    @classmethod
    def of(cls, polynomials: list[Polynomial], variables: int) -> "Compiled":
        """Compile some polynomials in the same variables."""
        flat = [(i, m, c) for i, p in enumerate(polynomials) for m, c in p.terms.items()]
        degree = max((len(m) for _, m, _ in flat), default=0)
        factors = np.full((len(flat), degree), variables, np.int64)
        for row, (_, monomial, _) in enumerate(flat):
            factors[row, : len(monomial)] = monomial
        owner = np.array([i for i, _, _ in flat], np.int64)
        filled, starts = np.unique(owner, return_index=True)
        coefficients = np.array([float(c) for _, _, c in flat])
        return cls(len(polynomials), variables, owner, coefficients, factors, filled, starts)

    def values(self, w: Array) -> Array:
        """The values, shape (..., count), at widths of shape (..., variables)."""
        extended = np.concatenate([w, np.ones((*w.shape[:-1], 1))], axis=-1)
        terms = self.coefficients
        for place in range(self.factors.shape[1]):
            terms = terms * extended[..., self.factors[:, place]]
        # Monomials are in the order of their owners; one reduction sums those of each.
        result = np.zeros((*w.shape[:-1], self.count))
        result[..., self.filled] = np.add.reduceat(terms, self.starts, axis=-1)
        return result

    def gradient(self, w: Array, weights: Array) -> Array:
        """The gradient, shape (variables,), of a weighted sum of the polynomials at w."""
        scaled = self.coefficients * weights[self.owner]
        chosen = np.flatnonzero(scaled)
        factors, scaled = self.factors[chosen], scaled[chosen]
        values = np.append(w, 1.0)[factors]
        result = np.zeros(self.variables + 1)
        for place in range(factors.shape[1]):
            derivative = scaled
            for other in range(factors.shape[1]):
                if other != place:
                    derivative = derivative * values[:, other]
            result += np.bincount(factors[:, place], derivative, self.variables + 1)
        return result[:-1]
