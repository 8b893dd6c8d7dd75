"""Conditions on candidates, as a user writes them: ``size <= 1000 and peak < 2e3``."""

import operator
import re
from collections.abc import Callable
from dataclasses import fields

from mcugraph.errors import UsageError
from mcugraph.nas.costs import Costs
from mcugraph.nas.trials import Trial

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_TERM = re.compile(r"\s*([a-z_0-9]+)\s*(<=|>=|<|>)\s*([0-9.eE+_]+)\s*")


def condition(text: str) -> Callable[[Trial], bool]:
    """Whether a trial that is done meets what a text says; an empty one says nothing.

    Args:
        text: Comparisons with numbers, joined by ``and``; names are ``error`` and those of `Costs`.

    Raises:
        UsageError: It says something else.
    """
    tests = [_test(term) for term in re.split(r"\band\b", text)] if text.strip() else []
    return lambda trial: all(test(trial) for test in tests)


def _test(term: str) -> Callable[[Trial], bool]:
    """One comparison of a condition."""
    found = _TERM.fullmatch(term)
    if found is None:
        raise UsageError(f"{term.strip()!r} is no condition like 'size <= 1000'")
    name, sign, number = found.groups()
    if name not in ("error", *(field.name for field in fields(Costs))):
        raise UsageError(f"{name!r} is no cost; there are error and the fields of Costs")
    try:
        limit = float(number)
    except ValueError:
        raise UsageError(f"{number!r} is no number") from None

    def test(trial: Trial) -> bool:
        return _COMPARISONS[sign](
            trial.error if name == "error" else getattr(trial.costs, name), limit
        )

    return test
