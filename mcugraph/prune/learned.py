"""Width multipliers, learned by gradient descent (Algorithm 1, WIDTHUPDATE)."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.prune.losses import gradient_of
from mcugraph.prune.relaxed import THRESHOLDS, RelaxedMask
from mcugraph.prune.width_rule import Decision, Moment, WidthRule
from mcugraph.records import dataclass
from mcugraph.space.budgets import SCALARISATIONS, Budgets, Pull

OBJECTIVES = ("both", "task", "resources")
# Budgets that only the layers of the bottleneck decide.
_OF_SRAM = frozenset({"peak", "arena", "overlap_arena"})
_FARTHEST = 25.0
_HALVINGS = 10


@dataclass(frozen=True)
class Options:
    """How width multipliers are learned; ``Pruner`` says what each option does."""

    learning_rate: float = 1.0
    alpha: float = 1.0
    initial: float = 0.95
    max_step: float | None = None
    objective: str = "both"
    scalarisation: str = "random"
    threshold: str = "exact"
    focus: bool = True
    smoothing: bool = True

    def __post_init__(self) -> None:
        for name, known in (
            ("objective", OBJECTIVES),
            ("scalarisation", SCALARISATIONS),
            ("threshold", THRESHOLDS),
        ):
            given = getattr(self, name)
            if given not in known:
                raise UsageError(f"unknown {name} {given!r}; expected one of {', '.join(known)}")
        for name in ("learning_rate", "alpha"):
            value: Any = getattr(self, name)
            if not isinstance(value, int | float) or not np.isfinite(value) or value < 0:
                raise UsageError(f"{name}: a number from 0 on is needed, not {value!r}")
        for name in ("initial", "max_step"):
            value = getattr(self, name)
            if value is None and name == "max_step":
                continue
            if not isinstance(value, int | float) or not 0 < value < 1:
                raise UsageError(f"{name}: a number between 0 and 1 is needed, not {value!r}")


class LearnedWidths(WidthRule):
    """One width multiplier a group: the sigmoid of a free variable.

    Args:
        budgets: What is held against what.
        starts: Where the classes of each group begin, shape (groups,).
        options: How they are learned.
        random: Where the weights of the scalarisation come from.
    """

    name = "paper"
    follows = True

    def __init__(
        self, budgets: Budgets, starts: Array, options: Options, random: np.random.Generator
    ) -> None:
        self.options = options
        self.variables = _logit(np.full(len(starts), options.initial))
        self._budgets, self._space, self._starts = budgets, budgets.space, starts
        self._random = random

    def multipliers(self, step: int = 0) -> Array:
        """Between 0 and 1, shape (groups,)."""
        return np.asarray(0.5 * (1 + np.tanh(self.variables / 2)))

    def decide(self, moment: Moment) -> Decision:
        """One step, while budgets are exceeded."""
        if moment.met:
            return Decision(moment.widths)
        pull = self._budgets.pull(moment.widths, self._random, self.options.scalarisation)
        start, task = self.variables, float("nan")
        if self.options.objective == "resources" or not self.options.alpha:
            self.update(pull, None, None)
        else:
            with moment.masks.differentiable() as masks:
                task, by_mask = gradient_of(moment.loss, masks)
            fractions, threshold = self.multipliers(), self.options.threshold
            relaxed = RelaxedMask.of(self._starts, moment.scores, fractions, threshold)
            self.update(pull, relaxed, by_mask)
        if self.options.max_step is not None:
            self.land(start, lambda: not self._budgets.unmet(self._rounded()))
        return Decision(self._rounded(), task, pull.loss)

    def state(self) -> dict[str, Any]:
        """As ``WidthRule`` says."""
        return {"variables": torch.from_numpy(self.variables.copy())}

    def restore(self, state: Mapping[str, Any]) -> None:
        """As ``WidthRule`` says."""
        self.variables = state["variables"].numpy().copy()

    def _rounded(self) -> Array:
        return self._space.round(self._space.from_fractions(self.multipliers()))

    def update(self, pull: Pull, mask: RelaxedMask | None, by_mask: Array | None) -> None:
        """One step of gradient descent.

        Args:
            pull: The resource loss.
            mask: The relaxed masks at these multipliers; None: without the task loss.
            by_mask: The derivative of the task loss by the mask of each class, shape (classes,).
        """
        options, multipliers = self.options, self.multipliers()
        gradient = np.zeros(len(multipliers))
        if options.objective != "task":
            gradient += pull.gradient
        if mask is not None and by_mask is not None:
            gradient += options.alpha * mask.gradient(by_mask)
        if options.focus and options.objective != "task" and _OF_SRAM.issuperset(pull.unmet):
            # Only the layers of the bottleneck can help; the task loss would shrink others too.
            gradient = np.where(pull.gradient > 0, gradient, 0.0)
        if options.smoothing:
            gradient = 2 * multipliers * gradient
        # Through the sigmoid, to the free variables.
        step = -options.learning_rate * gradient * multipliers * (1 - multipliers)
        # Beyond the bounds, the sigmoid is 0 or 1 in floating point.
        self.variables = np.clip(self.variables + self._limited(step), -_FARTHEST, _FARTHEST)

    def land(self, start: Array, met: Callable[[], bool]) -> None:
        """Shorten the step that was just taken, if it meets the budgets: no more than it has to.

        Args:
            start: The free variables before the step, shape (groups,).
            met: Whether the multipliers as they are meet the budgets.
        """
        end = self.variables
        if not met():
            return
        short, far = 0.0, 1.0
        for _ in range(_HALVINGS):
            middle = (short + far) / 2
            self.variables = start + middle * (end - start)
            short, far = (short, middle) if met() else (middle, far)
        self.variables = start + far * (end - start)

    def _limited(self, step: Array) -> Array:
        """A step as it is, or shortened so that no multiplier changes by more than it may."""
        limit = self.options.max_step
        if limit is None:
            return step
        # The multiplier u + d is sigmoid(v + s) for s = logit(u + d) - v.
        up = _logit(np.minimum(self.multipliers() + limit, 1 - 1e-12)) - self.variables
        down = _logit(np.maximum(self.multipliers() - limit, 1e-12)) - self.variables
        room = np.where(step > 0, np.maximum(up, 0), np.minimum(down, 0))
        with np.errstate(divide="ignore", invalid="ignore"):
            factors = np.where(np.abs(step) > np.abs(room), room / step, 1.0)
        return np.asarray(step * min(1.0, float(factors.min())))


def _logit(fraction: Array) -> Array:
    return np.asarray(np.log(fraction) - np.log1p(-fraction))
