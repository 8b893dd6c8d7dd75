"""Costs as functions of the widths: values, gradients and formulas."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from mcugraph.coupling.polynomial import Compiled, Polynomial
from mcugraph.errors import UsageError
from mcugraph.ir import Array


class Resource(ABC):
    """A cost of a network as a function of its widths.

    ``r(w)`` takes a numpy vector of shape (groups,) and gives a number; a matrix of N candidates,
    shape (N, groups), gives N numbers; a torch tensor gives a tensor with autograd (first
    derivatives). Widths may be real numbers.

    Args:
        names: The names of the groups, in order.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    def __call__(self, w: Any) -> Any:
        """The value at w, in the form of w."""
        if type(w).__module__.split(".")[0] == "torch":
            from mcugraph.space.autograd import evaluate

            return evaluate(self.__call__, self.gradient, w)
        widths = self._checked(w)
        if widths.ndim == 2:
            return np.array([self.value(row) for row in widths])
        return self.value(widths)

    @abstractmethod
    def value(self, w: Array) -> float:
        """The value at one vector of widths."""

    @abstractmethod
    def gradient(self, w: Any) -> Array:
        """The derivative by each width, shape (groups,), at a vector w."""

    def sympy(self) -> Any:
        """The formula as a sympy expression in symbols named after the groups."""
        return to_sympy(self.formula(), self.names)

    @abstractmethod
    def formula(self) -> Polynomial:
        """The cost as a polynomial (of the peak: the one that holds at full width)."""

    @abstractmethod
    def formula_at(self, w: Any) -> Polynomial:
        """A polynomial that changes as the cost does at w, shape (groups,), and near it."""

    def at_most(self, w: Array) -> Array:
        """What is known without a search: no less than the cost, shape (N,), at (N, groups)."""
        return np.asarray(self(w))

    def _vector(self, w: Any) -> Array:
        widths = self._checked(w)
        if widths.ndim != 1:
            raise UsageError(f"a gradient needs one vector of widths, not shape {widths.shape}")
        return widths

    def _checked(self, w: Any) -> Array:
        widths = checked_widths(w, len(self.names))
        if (widths < 0).any():
            raise UsageError("a width is below 0")
        return widths


def checked_widths(w: Any, groups: int) -> Array:
    """Widths as numbers, shape (groups,) or (N, groups).

    Raises:
        UsageError: They are no numbers, not finite, or not one a group.
    """
    try:
        widths = np.asarray(w, np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"{groups} widths are needed, not {w!r}") from None
    if widths.ndim not in (1, 2) or widths.shape[-1] != groups:
        raise UsageError(f"{groups} widths are needed, not shape {widths.shape}")
    if not np.isfinite(widths).all():
        raise UsageError("a width is not finite")
    return widths


class PolynomialResource(Resource):
    """MACs or model size: one polynomial.

    Args:
        names: The names of the groups, in order.
        polynomial: The cost.
    """

    def __init__(self, names: Sequence[str], polynomial: Polynomial) -> None:
        super().__init__(names)
        self._polynomial = polynomial
        self._compiled = Compiled.of([polynomial], len(self.names))

    def __call__(self, w: Any) -> Any:
        """The value at w, in the form of w; matrices of candidates in one go."""
        if isinstance(w, np.ndarray) and w.ndim == 2:
            return self._compiled.values(self._checked(w))[:, 0]
        return super().__call__(w)

    def value(self, w: Array) -> float:
        """The value at one vector of widths."""
        return float(self._compiled.values(w)[0])

    def gradient(self, w: Any) -> Array:
        """The derivative by each width, shape (groups,), at a vector w."""
        return self._compiled.gradient(self._vector(w), np.ones(1))

    def formula(self) -> Polynomial:
        """The polynomial itself."""
        return self._polynomial

    def formula_at(self, w: Any) -> Polynomial:
        """The same everywhere."""
        return self._polynomial


def to_sympy(polynomial: Polynomial, names: Sequence[str]) -> Any:
    """A polynomial as a sympy expression."""
    import sympy

    symbols = [sympy.Symbol(name, positive=True) for name in names]
    terms = []
    for monomial, coefficient in polynomial.terms.items():
        term = sympy.Rational(coefficient)
        for variable in monomial:
            term = term * symbols[variable]
        terms.append(term)
    return sympy.Add(*terms)
