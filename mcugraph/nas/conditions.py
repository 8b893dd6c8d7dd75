"""Conditions on candidates, as a user writes them: ``size <= 1000 and peak < 2e3``."""

import operator
import re
from collections.abc import Callable
from dataclasses import fields
from math import ceil, floor, inf

from mcugraph.errors import UsageError
from mcugraph.nas.costs import Costs
from mcugraph.nas.search_bounds import BOUNDED, Bounds
from mcugraph.nas.trials import Trial
from mcugraph.records import replace
from mcugraph.units import parse_count, parse_share, parse_size

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_COUNTED = ("parameters", "macs", "paper_macs")  # the other costs are bytes
_TERM = re.compile(r"\s*([a-z_0-9]+)\s*(<=|>=|<|>)\s*([0-9.][\w.+]*%?)\s*")


def condition(text: str) -> Callable[[Trial], bool]:
    """Whether a trial that is done meets what a text says; an empty one says nothing.

    Args:
        text: Comparisons with numbers, joined by ``and``, which may have units (``6KiB``, ``1M``
            MACs, an error of ``3%``); names are ``error`` and those of `Costs`.

    Raises:
        UsageError: It says something else.
    """
    terms = _terms(text)

    def meets(trial: Trial) -> bool:
        return all(
            _COMPARISONS[sign](
                trial.error if name == "error" else getattr(trial.costs, name), limit
            )
            for name, sign, limit in terms
        )

    return meets


def tightened(bounds: Bounds, text: str) -> Bounds:
    """Bounds that are as tight as what a condition says, too, where it says a bound.

    Raises:
        UsageError: As of `condition`.
    """
    limits = dict(bounds.hard)
    for name, sign, limit in _terms(text):
        if name in BOUNDED and sign in ("<", "<="):
            most = floor(limit) if sign == "<=" else ceil(limit) - 1
            limits[name] = max(1, min(most, limits.get(name, most)))
    return replace(bounds, **limits)


def _terms(text: str) -> list[tuple[str, str, float]]:
    """The comparisons of a condition: name, sign, and number."""
    if not isinstance(text, str):
        raise UsageError(f"a condition is a text like 'size <= 1000', not {text!r}")
    return [_term(term) for term in re.split(r"\band\b", text)] if text.strip() else []


def _term(term: str) -> tuple[str, str, float]:
    found = _TERM.fullmatch(term)
    if found is None:
        raise UsageError(f"{term.strip()!r} is no condition like 'size <= 1000'")
    name, sign, number = found.groups()
    known = ("error", *(field.name for field in fields(Costs)))
    if name not in known:
        raise UsageError(f"{name!r} is no cost; there are {', '.join(known)}")
    return name, sign, _limit(name, number)


def _limit(name: str, number: str) -> float:
    """A number, or what it means with a unit: a share, a count or a size.

    Raises:
        UsageError: It is none.
    """
    try:
        limit = float(number)
    except ValueError:
        parse = parse_count if name in _COUNTED else parse_size
        limit = parse_share(number) if name == "error" else parse(number)
    if limit == inf:
        raise UsageError(f"{number!r} is no number")
    return limit
