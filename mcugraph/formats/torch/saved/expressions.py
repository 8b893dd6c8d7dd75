"""Sizes of saved programs: what ``sympy.srepr`` writes, read by a grammar of its own.

``sympy.sympify`` would evaluate the text as Python. Here it is calls of constructors in a table,
whole numbers and names of symbols, and nothing else:

    expression = number | "true" | "false" | name "(" [argument {"," argument}] ")"
    argument   = expression | quoted | name "=" ("True" | "False" | number)
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from mcugraph.errors import FormatError

# Of sympy, and of torch.utils._sympy.functions.
_SYMPY = (
    "Abs", "Add", "And", "Equality", "GreaterThan", "Integer", "LessThan", "Max", "Min", "Mul",
    "Not", "Or", "Pow", "Rational", "StrictGreaterThan", "StrictLessThan", "Unequality",
    "ceiling", "floor",
)  # fmt: skip
_TORCH = (
    "CeilDiv", "CeilToInt", "CleanDiv", "FloatTrueDiv", "FloorDiv", "FloorToInt", "Identity",
    "IntTrueDiv", "Mod", "ModularIndexing", "PowByNatural", "PythonMod", "RoundToInt", "ToFloat",
    "TruncToFloat", "TruncToInt", "Where",
)  # fmt: skip
_POWERS = ("Pow", "PowByNatural")
_PRODUCTS = ("Mul", "ModularIndexing")

_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z_]\w*)|(?P<number>-?\d+)|'(?P<text>[^'\\]*)'|(\S))")
_SYMBOL = re.compile(r"[A-Za-z_]\w{0,63}", re.ASCII)
# Counters of torch.export are the last digits of a symbol, and it counts up to them.
_COUNTER = re.compile(r"\D\d{6,}$")
_FLOAT = re.compile(r"-?\d{1,40}(\.\d{1,40})?(e[+-]?\d{1,3})?")
_ASSUMPTIONS = frozenset(
    ("integer", "positive", "nonnegative", "negative", "nonpositive", "nonzero", "zero", "real")
)

_LONGEST = 10_000  # characters
_DEEPEST = 64  # calls in calls
_DEGREE = 64  # of a polynomial
_BITS = 256  # of a number


def is_symbol(name: object) -> bool:
    """Whether a name is one that ``torch.export`` gives a symbol, or could."""
    return (
        isinstance(name, str)
        and _SYMBOL.fullmatch(name) is not None
        and _COUNTER.search(name) is None
    )


@lru_cache(maxsize=4096)  # one size is written again for every tensor that has it
def parse(text: str) -> Any:
    """The sympy expression that a text stands for.

    Raises:
        FormatError: It is written in any other way, or too large.
    """
    if len(text) > _LONGEST:
        raise FormatError(f"a size is written in {len(text)} characters, more than {_LONGEST}")
    try:
        return _ExpressionParser(text).whole()
    except Exception as error:  # sympy and torch refuse arguments in many ways
        shown = text if len(text) <= 60 else f"{text[:60]}..."
        raise FormatError(f"the size {shown!r} cannot be read: {error}") from None


@cache
def _constructors() -> dict[str, Callable[..., Any]]:
    import sympy
    from torch.utils._sympy import functions

    return {
        **{name: getattr(sympy, name) for name in _SYMPY},
        **{name: getattr(functions, name) for name in _TORCH},
    }


class _ExpressionParser:
    """By recursive descent; each part comes with its degree, so that powers stay small."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_TOKEN.finditer(text))
        self._next = 0

    def whole(self) -> Any:
        result, _ = self._expression(_DEEPEST)
        if self._next != len(self._tokens):
            raise ValueError("something follows it")
        return result

    def _expression(self, deeper: int) -> tuple[Any, int]:
        import sympy

        if deeper == 0:
            raise ValueError("it is nested too deeply")
        token = self._take()
        if token["number"] is not None:
            return self._bounded(sympy.Integer(_whole(token["number"]))), 0
        name = token["name"]
        if name in ("true", "false"):
            return sympy.true if name == "true" else sympy.false, 0
        if name is None or not self._skip("("):
            raise ValueError(f"{token[0].strip()!r} has no meaning in it")
        if name == "Symbol":
            return self._symbol(), 1
        if name == "Float":
            return self._float(), 0
        if name not in _constructors():
            raise ValueError(f"{name!r} is no function of sizes")
        parts = []
        while not self._skip(")"):
            parts.append(self._expression(deeper - 1))
            if not self._skip(",") and not self._at(")"):
                raise ValueError("a comma is missing")
        return self._call(name, [part for part, _ in parts], [degree for _, degree in parts])

    def _call(self, name: str, arguments: list[Any], degrees: list[int]) -> tuple[Any, int]:
        degree = sum(degrees) if name in _PRODUCTS else max(degrees, default=0)
        if name in _POWERS:
            exponent = abs(arguments[1]) if arguments[1].is_Rational else _DEGREE + 1
            degree = int(max(1, degree) * max(1, exponent))
        if degree > _DEGREE:
            raise ValueError("its powers are too high")
        return self._bounded(_constructors()[name](*arguments)), degree

    def _symbol(self) -> Any:
        import sympy

        name = self._take()["text"]
        if not is_symbol(name):
            raise ValueError(f"{name!r} is no name of a symbol")
        assumed = {}
        while self._skip(","):
            key, equals, value = (self._take()[0].strip() for _ in range(3))
            if key not in _ASSUMPTIONS or equals != "=" or value not in ("True", "False"):
                raise ValueError(f"{key!r} is nothing to assume of a symbol")
            assumed[key] = value == "True"
        self._close()
        return sympy.Symbol(name, **assumed)

    def _float(self) -> Any:
        import sympy

        text = self._take()["text"]
        if text is None or _FLOAT.fullmatch(text) is None:
            raise ValueError(f"{text!r} is no number")
        if self._skip(","):
            key, equals, value = (self._take()[0].strip() for _ in range(3))
            if (key, equals, value) != ("precision", "=", "53"):
                raise ValueError("it has a precision other than that of a double")
        self._close()
        return sympy.Float(text)

    def _take(self) -> "re.Match[str]":
        if self._next == len(self._tokens):
            raise ValueError("it ends too early")
        self._next += 1
        return self._tokens[self._next - 1]

    def _at(self, sign: str) -> bool:
        return self._next < len(self._tokens) and self._tokens[self._next][0].strip() == sign

    def _skip(self, sign: str) -> bool:
        found = self._at(sign)
        self._next += found
        return found

    def _close(self) -> None:
        if not self._skip(")"):
            raise ValueError("a bracket is not closed")

    def _bounded(self, value: Any) -> Any:
        """A number of a sane length, or anything else."""
        if value.is_Rational and max(abs(value.p), value.q).bit_length() > _BITS:
            raise ValueError("its numbers are too large")
        return value


def _whole(digits: str) -> int:
    if len(digits) > _BITS:
        raise ValueError("its numbers are too large")
    return int(digits)
