"""Widths that make the most of the budgets, walked to over a known number of steps."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from mcugraph.ir import Array
from mcugraph.prune.width_rule import Decision, Moment, WidthRule
from mcugraph.space.budgets import Budgets


class AllocatedWidths(WidthRule):
    """The widths that ``Space.allocate`` chooses, reached in even steps of their logarithms.

    Args:
        budgets: They are met at the end of the walk.
        utility: What each group is worth, shape (groups,); None: as ``Space.allocate`` has it.
        concavity: As for ``Space.allocate``.
        phase: How many training steps the walk takes.

    Raises:
        UsageError: The utility is none.
    """

    name = "allocation"
    freezes = True

    def __init__(
        self, budgets: Budgets, utility: Array | None, concavity: float, phase: int
    ) -> None:
        self._space, self._phase = budgets.space, phase
        self._utility, self._concavity = utility, concavity
        self._target = self.enforced(budgets, self._space.full)

    def multipliers(self, step: int) -> Array:
        """As ``WidthRule`` says."""
        progress = min(step / self._phase, 1.0)
        return np.asarray((self._target / self._space.full) ** progress)

    def enforced(self, budgets: Budgets, most: Array) -> Array:
        """As ``WidthRule`` says."""
        return budgets.allocate(most, self._utility, self._concavity)

    def decide(self, moment: Moment) -> Decision:
        """As ``WidthRule`` says."""
        if moment.met:
            return Decision(moment.widths)
        if moment.step >= self._phase:
            return Decision(self._target.copy())
        ideal = self._space.from_fractions(self.multipliers(moment.step))
        return Decision(self._space.round(ideal))

    def state(self) -> dict[str, Any]:
        """As ``WidthRule`` says."""
        return {"target": torch.from_numpy(self._target.copy()), "phase": self._phase}

    def restore(self, state: Mapping[str, Any]) -> None:
        """As ``WidthRule`` says."""
        self._target = state["target"].numpy().copy()
        self._phase = state.get("phase", self._phase)  # older versions did not save it
