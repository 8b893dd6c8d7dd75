"""What decides how many channels of each group stay, update by update."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from mcugraph.ir import Array
from mcugraph.prune.losses import Loss
from mcugraph.prune.masks import Masks
from mcugraph.records import dataclass
from mcugraph.space.budgets import Budgets


@dataclass(frozen=True)
class Moment:
    """What a rule may look at when an update is due.

    Attributes:
        step: Training steps so far.
        met: Whether the budgets are met.
        widths: As they are, shape (groups,).
        scores: The salience of every class, shape (classes,).
        masks: On the model.
        loss: The task loss of the model on a validation batch; None: there is none.
    """

    step: int
    met: bool
    widths: Array
    scores: Array
    masks: Masks
    loss: Loss | None


@dataclass(frozen=True)
class Decision:
    """What a rule makes of a moment.

    Attributes:
        widths: Feasible ones, shape (groups,).
        task_loss: Of the batch; NaN where none was asked for.
        resource_loss: By how much budgets were exceeded, as the rule counts it.
    """

    widths: Array
    task_loss: float = float("nan")
    resource_loss: float = 0.0


class WidthRule(ABC):
    """A way to choose widths while a model trains.

    Attributes:
        name: For messages and saved states.
        follows: Whether masked classes come back when their salience is larger than that of
            others, although a masked class learns nothing.
        freezes: Whether masks stay as they are once budgets are met, if nobody says.
    """

    name: ClassVar[str]
    follows: ClassVar[bool] = False
    freezes: ClassVar[bool] = False

    @abstractmethod
    def multipliers(self, step: int) -> Array:
        """The fraction of each group to keep, before rounding, shape (groups,)."""

    def enforced(self, budgets: Budgets, most: Array) -> Array:
        """Widths that meet the budgets and are nowhere above feasible ones, shape (groups,)."""
        return budgets.allocate(most)

    @abstractmethod
    def decide(self, moment: Moment) -> Decision:
        """The widths from now on."""

    def due(self, step: int) -> bool:
        """Whether the rule is at its end, once budgets are met."""
        return True

    def state(self) -> dict[str, Any]:
        """What ``restore`` needs, as tensors and plain values."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where another rule of the same kind was."""
        del state
