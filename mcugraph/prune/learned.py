"""Width multipliers, learned by gradient descent (Algorithm 1, WIDTHUPDATE)."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.prune.relaxed import METHODS, RelaxedMask
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

    learning_rate: float
    alpha: float
    initial: float
    max_step: float | None
    objective: str
    scalarisation: str
    threshold: str
    focus: bool
    smoothing: bool

    def __post_init__(self) -> None:
        for name, known in (
            ("objective", OBJECTIVES),
            ("scalarisation", SCALARISATIONS),
            ("threshold", METHODS),
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


class LearnedWidths:
    """One width multiplier a group: the sigmoid of a free variable.

    Args:
        groups: How many there are.
        options: How they are learned.
    """

    def __init__(self, groups: int, options: Options) -> None:
        self.options = options
        self.variables = _logit(np.full(groups, options.initial))

    @property
    def multipliers(self) -> Array:
        """Between 0 and 1, shape (groups,)."""
        return np.asarray(0.5 * (1 + np.tanh(self.variables / 2)))

    @property
    def needs_task(self) -> bool:
        """Whether an update asks for the task loss."""
        return self.options.objective != "resources" and self.options.alpha > 0

    def update(self, pull: Pull, mask: RelaxedMask | None, by_mask: Array | None) -> None:
        """One step of gradient descent.

        Args:
            pull: The resource loss.
            mask: The relaxed masks at these multipliers; None: without the task loss.
            by_mask: The derivative of the task loss by the mask of each class, shape (classes,).
        """
        options, multipliers = self.options, self.multipliers
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
        up = _logit(np.minimum(self.multipliers + limit, 1 - 1e-12)) - self.variables
        down = _logit(np.maximum(self.multipliers - limit, 1e-12)) - self.variables
        room = np.where(step > 0, np.maximum(up, 0), np.minimum(down, 0))
        with np.errstate(divide="ignore", invalid="ignore"):
            factors = np.where(np.abs(step) > np.abs(room), room / step, 1.0)
        return np.asarray(step * min(1.0, float(factors.min())))

    def pull(self, budgets: Budgets, widths: Array, random: np.random.Generator) -> Pull:
        """The resource loss at integer widths."""
        return budgets.pull(widths, random, self.options.scalarisation)


def _logit(fraction: Array) -> Array:
    return np.asarray(np.log(fraction) - np.log1p(-fraction))
