"""Which rule chooses the widths, by name, and which options are whose."""

import warnings
from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np

from mcugraph.checks import check_number, check_whole
from mcugraph.errors import UsageError
from mcugraph.prune.allocated import AllocatedWidths
from mcugraph.prune.learned import LearnedWidths, Options
from mcugraph.prune.numbered_classes import Classes
from mcugraph.prune.scheduled import ScheduledWidths
from mcugraph.prune.schedules import PruningSchedule
from mcugraph.prune.width_rule import WidthRule
from mcugraph.space.budgets import Budgets
from mcugraph.space.utility import CONCAVITY

METHODS = (AllocatedWidths.name, LearnedWidths.name)
_OF_ALLOCATION = ("phase", "utility", "concavity")
_OF_PAPER = tuple(Options.__dataclass_fields__)
PHASE = 400  # training steps


class MethodOptions(TypedDict, total=False):
    """Options that not all methods have; ``Pruner`` says what each does. None: not given."""

    trained: bool | None
    phase: int | None
    utility: Any
    concavity: float | None
    learning_rate: float | None
    alpha: float | None
    initial: float | None
    max_step: float | None
    objective: str | None
    scalarisation: str | None
    threshold: str | None
    focus: bool | None
    smoothing: bool | None


def chosen(method: Any, schedule: Any, options: MethodOptions) -> tuple[str, dict[str, Any]]:
    """The name of the method, and its options that were given.

    Args:
        method: One of ``METHODS``; None: the first, or that whose options are given.
        schedule: A schedule takes the place of a method.
        options: Name -> value, of both methods; None: not given.

    Raises:
        UsageError: There is no such method, or an option is another's.
        TypeError: There is no such option.
    """
    for option in options:
        if option not in MethodOptions.__annotations__:
            raise TypeError(f"Pruner() got an unexpected keyword argument {option!r}")
    if method is not None and method not in METHODS:
        raise UsageError(f"unknown method {method!r}; expected one of {', '.join(METHODS)}")
    given = {name: value for name, value in options.items() if value is not None}
    if schedule is not None:
        if not isinstance(schedule, PruningSchedule):
            raise UsageError(f"schedule: a Gradual or OneShot is needed, not {schedule!r}")
        if method is not None:
            raise UsageError(f"a schedule or method={method!r}, not both")
        return ScheduledWidths.name, given
    learned = [name for name in _OF_PAPER if name in given]
    if method is None and learned:
        warnings.warn(
            f"{learned[0]} is an option of method='paper', which is no longer the default: give"
            " that, too",
            DeprecationWarning,
            stacklevel=3,
        )
        method = LearnedWidths.name
    name = str(method or AllocatedWidths.name)
    others = _OF_PAPER if name == AllocatedWidths.name else _OF_ALLOCATION
    for option in others:
        if option in given:
            other = next(entry for entry in METHODS if entry != name)
            raise UsageError(f"{option} is an option of method={other!r}, not of {name!r}")
    return name, given


def width_rule(
    name: str,
    options: Mapping[str, Any],
    schedule: PruningSchedule | None,
    budgets: Budgets,
    classes: Classes,
    random: np.random.Generator,
    interval: int,
    trained: bool,
) -> WidthRule:
    """The rule of a method.

    Args:
        name: As ``chosen`` gives it.
        options: The same.
        schedule: Of the method of that name.
        budgets: To be met.
        classes: Of the space.
        random: Of all that is random.
        interval: Training steps from one update to the next.
        trained: Whether the model is; a new one is through after a single step.

    Raises:
        UsageError: An option is none.
    """
    if schedule is not None:
        return ScheduledWidths(schedule, budgets.space, budgets)
    if name == LearnedWidths.name:
        return LearnedWidths(budgets, classes.starts, Options(**options), random)
    phase, concavity = options.get("phase", PHASE), options.get("concavity", CONCAVITY)
    check_whole("phase", phase, 1)
    check_number("concavity", concavity)
    # The last update within the phase is the one that ends it.
    ends = max(phase // interval, 1) * interval if trained else 1
    return AllocatedWidths(budgets, options.get("utility"), concavity, ends)
