"""Polynomials in the widths as text that can be read, and what one channel saves."""

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import gcd

from mcugraph.coupling.polynomial import Monomial, Number, Polynomial


def factored(polynomial: Polynomial, names: Sequence[str]) -> str:
    """A polynomial as text: common factors taken out, the variable that most terms have first.

    ``9*a*b + 4*a`` reads ``a*(9*b + 4)``. Multiplied out it is the polynomial again.
    """
    return _sum(polynomial.terms, names) if polynomial.terms else "0"


def _sum(terms: Mapping[Monomial, Number], names: Sequence[str]) -> str:
    parts = []
    left = dict(terms)
    while left:
        times = Counter(v for monomial in left for v in set(monomial))
        most = max(times.values(), default=0)
        if most < 2:
            parts += [_product(c, m, names) for m, c in sorted(left.items(), key=_degree)]
            break
        common = min(v for v, n in times.items() if n == most)
        inside = {m: c for m, c in left.items() if common in m}
        left = {m: c for m, c in left.items() if common not in m}
        parts.append(_factor(inside, names))
    return " + ".join(parts).replace("+ -", "- ")


def _factor(terms: Mapping[Monomial, Number], names: Sequence[str]) -> str:
    """Terms that share a variable, as a product with all that they share."""
    shared: Counter[int] | None = None
    for monomial in terms:
        shared = Counter(monomial) if shared is None else shared & Counter(monomial)
    common = tuple(sorted((shared or Counter()).elements()))
    number = _divisor(list(terms.values()))
    rest = {_without(m, common): _whole(Fraction(c) / number) for m, c in terms.items()}
    return f"{_product(number, common, names)}*({_sum(rest, names)})"


def _without(monomial: Monomial, common: Monomial) -> Monomial:
    return tuple(sorted((Counter(monomial) - Counter(common)).elements()))


def _divisor(numbers: list[Number]) -> Number:
    """The largest number by which all can be divided; 1 where some are no integers."""
    if any(Fraction(c).denominator != 1 for c in numbers):
        return 1
    return gcd(*(int(c) for c in numbers))


def _whole(number: Fraction) -> Number:
    return int(number) if number.denominator == 1 else number


def _product(number: Number, monomial: Monomial, names: Sequence[str]) -> str:
    powers = Counter(monomial)
    factors = [names[v] + (f"^{n}" if n > 1 else "") for v, n in sorted(powers.items())]
    if number != 1 or not factors:
        factors.insert(0, str(number))
    return "*".join(factors)


def _degree(term: tuple[Monomial, Number]) -> tuple[int, Monomial]:
    return -len(term[0]), term[0]
