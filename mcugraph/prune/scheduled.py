"""Widths by a schedule."""

import numpy as np

from mcugraph.ir import Array
from mcugraph.prune.schedules import PruningSchedule
from mcugraph.prune.width_rule import Decision, Moment, WidthRule
from mcugraph.space.budgets import Budgets
from mcugraph.space.space import Space


class ScheduledWidths(WidthRule):
    """The fraction of each group that a schedule takes, when it is due.

    Args:
        schedule: When how much goes.
        space: The widths.
        budgets: What to go by where the schedule has no sparsity.

    Raises:
        UsageError: The schedule does not fit the space.
    """

    name = "schedule"

    def __init__(self, schedule: PruningSchedule, space: Space, budgets: Budgets) -> None:
        self._schedule, self._space = schedule, space
        self._removed = schedule.removed(space, budgets)

    def multipliers(self, step: int) -> Array:
        """As ``WidthRule`` says."""
        return np.asarray(1 - self._removed * self._schedule.progress(step))

    def decide(self, moment: Moment) -> Decision:
        """As ``WidthRule`` says."""
        fractions = self.multipliers(moment.step)
        return Decision(self._space.round(self._space.from_fractions(fractions)))

    def due(self, step: int) -> bool:
        """Whether nothing is to be removed any more."""
        return self._schedule.progress(step) == 1
