"""Widths that follow a schedule instead of being learned.

After Deutel et al., "Energy-efficient deployment of deep learning applications on Cortex-M based
microcontrollers using deep compression" (2023), section 3.1.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np

from mcugraph.checks import check_whole, checked_fraction
from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.records import dataclass
from mcugraph.space.budgets import Budgets
from mcugraph.space.space import Space

_PARTS = 10_000

Sparsity = float | Mapping[str, float] | None


@dataclass(frozen=True)
class PruningSchedule(ABC):
    """When how much of each group goes.

    Attributes:
        sparsity: The fraction of the classes to remove in the end: of every group, or of those
            named. None: of every group the least with which the budgets are met.
    """

    sparsity: Sparsity = None

    @abstractmethod
    def progress(self, step: int) -> float:
        """How much of the final sparsity is due after so many training steps, from 0 to 1."""

    def removed(self, space: Space, budgets: Budgets) -> Array:
        """The fraction of each group that goes in the end, shape (groups,).

        Raises:
            UsageError: A group is unknown, a fraction is none, or there is nothing to go by.
        """
        if self.sparsity is None:
            if not budgets.limits:
                raise UsageError("a schedule needs a sparsity, or budgets to find it by")
            return np.full(len(space.groups), 1 - uniform(space, budgets))
        if not isinstance(self.sparsity, Mapping):
            return np.full(len(space.groups), checked_fraction("sparsity", self.sparsity))
        names = [group.name for group in space.groups]
        for name in self.sparsity:
            if name not in names:
                raise UsageError(f"there is no group {name!r}; the groups are {', '.join(names)}")
        found = [checked_fraction(f"group {n!r}", self.sparsity.get(n, 0.0)) for n in names]
        return np.array(found, np.float64)


@dataclass(frozen=True)
class Gradual(PruningSchedule):
    """Automated gradual pruning: much at first, less and less later (Deutel et al., Eq. 1).

    After Zhu and Gupta, "To prune, or not to prune" (2017): the sparsity at step t is
    s_f (1 - (1 - (t - begin) / steps)^3), from 0 at ``begin`` to the final one ``steps`` later.

    Attributes:
        begin: The training step of the first removal.
        steps: How many training steps later the last one is.
    """

    begin: int = 0
    steps: int = 1000

    def __post_init__(self) -> None:
        check_whole("begin", self.begin, 0)
        check_whole("steps", self.steps, 1)

    def progress(self, step: int) -> float:
        """As ``PruningSchedule`` says."""
        return gradual_share(step - self.begin, self.steps)


@dataclass(frozen=True)
class OneShot(PruningSchedule):
    """Everything at once, after some training.

    Attributes:
        at: The training step.
    """

    at: int = 0

    def __post_init__(self) -> None:
        check_whole("at", self.at, 0)

    def progress(self, step: int) -> float:
        """As ``PruningSchedule`` says."""
        return float(step >= self.at)


def gradual_share(passed: int, steps: int) -> float:
    """The curve of automated gradual pruning, 1 - (1 - x)^3, from 0 to 1 in so many steps."""
    return 1 - (1 - min(max(passed / steps, 0.0), 1.0)) ** 3


def uniform(space: Space, budgets: Budgets, base: Array | None = None) -> float:
    """The largest common factor on the widths that meets the budgets, to 1/10,000.

    Args:
        space: The widths.
        budgets: They can be met, as ``Budgets`` has checked.
        base: The widths at factor 1, shape (groups,); None: the full ones.
    """
    whole = space.full if base is None else base

    def met(parts: int) -> bool:
        return not budgets.unmet(space.round(whole * (parts / _PARTS)))

    if met(_PARTS):
        return 1.0
    low, high = 0, _PARTS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if met(middle) else (low, middle)
    return low / _PARTS
