"""Polynomials: arithmetic and evaluation against the numbers that they stand for."""

from fractions import Fraction
from unittest.mock import ANY

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mcugraph.coupling.polynomial import Compiled, Polynomial
from mcugraph.errors import GraphError

VARIABLES = 3
coefficients = st.integers(-6, 6) | st.fractions(-4, 4, max_denominator=4)
monomials = st.lists(st.integers(0, VARIABLES - 1), max_size=3).map(lambda m: tuple(sorted(m)))
polynomials = st.dictionaries(monomials, coefficients, max_size=4).map(Polynomial)
points = st.tuples(*[st.integers(-5, 5)] * VARIABLES)


def at(polynomial: Polynomial, point: tuple[int, ...]) -> Fraction:
    """The value by the definition."""
    total = Fraction(0)
    for monomial, coefficient in polynomial.terms.items():
        term = Fraction(coefficient)
        for variable in monomial:
            term *= point[variable]
        total += term
    return total


@given(polynomials, polynomials, coefficients, points)
def test_arithmetic(
    p: Polynomial, q: Polynomial, number: int | Fraction, point: tuple[int, ...]
) -> None:
    a, b = at(p, point), at(q, point)
    assert at(p + q, point) == a + b
    assert at(p - q, point) == a - b
    assert at(p * q, point) == a * b
    assert at(-p, point) == -a
    assert at(p + number, point) == at(number + p, point) == a + number
    assert at(p - number, point) == -at(number - p, point) == a - number
    assert at(p * number, point) == at(number * p, point) == a * number


@given(polynomials, st.integers(1, 6), points)
def test_division(p: Polynomial, number: int, point: tuple[int, ...]) -> None:
    assert at(p // number, point) == at(p, point) / number
    assert p * number // number == p
    if p.terms:
        assert p // p == 1


def test_a_quotient_of_polynomials_is_refused() -> None:
    with pytest.raises(GraphError, match="no polynomial in the widths"):
        Polynomial.variable(0) // Polynomial.variable(1)


def test_whole_quotients_are_integers() -> None:
    assert [type(c) for c in (Polynomial({(): 6, (0,): 3}) // 3).terms.values()] == [int, int]


@given(polynomials, polynomials)
def test_equal_polynomials(p: Polynomial, q: Polynomial) -> None:
    assert (p == q) == (p.terms == q.terms)
    assert (p - q == 0) == (p == q)
    same = Polynomial(dict(reversed(p.terms.items())))
    assert p == same
    assert hash(p) == hash(same)
    assert p != "p"
    assert p == ANY  # others may know better


def test_a_number_is_a_constant_polynomial() -> None:
    assert Polynomial.of(3) == 3 == Polynomial({(): 3})
    assert Polynomial({(0,): 0}) == 0
    assert Polynomial.variable(1).terms == {(1,): 1}


@given(st.lists(polynomials, max_size=4), st.lists(points, min_size=1, max_size=3))
def test_compiled_values(batch: list[Polynomial], where: list[tuple[int, ...]]) -> None:
    compiled = Compiled.of(batch, VARIABLES)
    expected = [[float(at(p, point)) for p in batch] for point in where]
    w = np.array(where, np.float64)
    np.testing.assert_allclose(compiled.values(w), np.reshape(expected, (len(where), len(batch))))
    np.testing.assert_allclose(compiled.values(w[0]), np.reshape(expected[0], len(batch)))


@given(st.lists(polynomials, max_size=4), points, st.data())
def test_compiled_gradients(
    batch: list[Polynomial], point: tuple[int, ...], data: st.DataObject
) -> None:
    """Against the difference to both sides, which is exact up to the third derivative."""
    weights = [data.draw(st.integers(-3, 3)) for _ in batch]

    def value(shift: int, variable: int) -> Fraction:
        moved = tuple(x + shift * (i == variable) for i, x in enumerate(point))
        total = sum((w * at(p, moved) for w, p in zip(weights, batch, strict=True)), Fraction(0))
        return Fraction(total)

    expected = []
    for variable in range(VARIABLES):
        one, two = (value(s, variable) - value(-s, variable) for s in (1, 2))
        expected.append(float((8 * one - two) / 12))  # no error below the fifth derivative
    found = Compiled.of(batch, VARIABLES).gradient(np.array(point, np.float64), np.array(weights))
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_no_polynomials_have_no_values() -> None:
    compiled = Compiled.of([], 2)
    assert compiled.values(np.ones(2)).shape == (0,)
    assert compiled.gradient(np.ones(2), np.ones(0)).tolist() == [0, 0]


@given(polynomials)
def test_shown_as_it_is_made(p: Polynomial) -> None:
    assume(p.terms)
    assert eval(repr(p), {"Polynomial": Polynomial, "Fraction": Fraction}) == p
