"""How candidates are trained."""

from typing import Any

from mcugraph.checks import check_finite, check_number, check_whole
from mcugraph.errors import UsageError
from mcugraph.records import dataclass

OPTIMIZERS = ("adamw", "sgd")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training, the same for all candidates.

    The learning rate rises for a moment and falls as a cosine.

    Attributes:
        epochs: Of a finalist, from new weights; candidates are trained for a part of it.
        batch: Examples of one step.
        optimizer: ``"adamw"``, or ``"sgd"`` with momentum.
        learning_rate: The highest; None: 0.02 for AdamW, 0.1 for SGD.
        weight_decay: Of both; None: 0.01 for AdamW, 5e-4 for SGD.
        shift: Pixels by which each training image is shifted at random along each axis, up or down.
        flip: Whether training images are mirrored at random, each by itself.
        validation: Share of the training data that candidates are judged by.
        inherit: A child begins with its parent's weights, as far as they fit.
        share: Part of ``epochs`` that a candidate is trained.
        rungs: Successive halving: on how many rungs a candidate may be trained, each three times as
            long as the one before, to which a third goes on; fewer where the first would have less
            than 100 steps. 1: none.
        device: Of PyTorch, that candidates are trained on, like ``"cuda"``. What is random is drawn
            on the CPU; there alone the same training has the same outcome to the last bit.
        sparsity: (low, high): shares of channels that are pruned while a candidate is trained, by
            the L2 norm of their weights, more and more of them (µNAS, section 3.6); None: none are.

    Raises:
        UsageError: An option is none.
    """

    epochs: float = 30
    batch: int = 128
    optimizer: str = "adamw"
    learning_rate: float | None = None
    weight_decay: float | None = None
    shift: int = 0
    flip: bool = False
    validation: float = 0.1
    inherit: bool = True
    share: float = 0.1
    rungs: int = 3
    device: str = "cpu"
    sparsity: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        check_whole("recipe: batch", self.batch, 1)
        check_whole("recipe: shift", self.shift, 0)
        check_whole("recipe: rungs", self.rungs, 1)
        for name in ("epochs", "validation", "share"):
            check_finite(f"recipe: {name}", getattr(self, name))
            if not getattr(self, name) > 0:
                raise UsageError(f"recipe: {name} has to be above 0")
        if self.validation >= 1:
            raise UsageError(f"recipe: validation has to be below 1, not {self.validation}")
        if self.share > 1:
            raise UsageError(f"recipe: share has to be 1 (100%) at most, not {self.share}")
        for name in ("learning_rate", "weight_decay"):
            if getattr(self, name) is not None:
                check_finite(f"recipe: {name}", getattr(self, name))
        if self.sparsity is not None:
            given: Any = self.sparsity
            pair = isinstance(given, tuple | list) and len(given) == 2
            for share in given if pair else ():
                check_number("recipe: sparsity", share)
            if not pair or not 0 <= given[0] <= given[1] < 1:
                raise UsageError(
                    f"recipe: sparsity: (low, high) from 0 to below 1, not {self.sparsity}"
                )
        if self.sparsity is not None and self.device != "cpu":
            raise UsageError("recipe: channels are pruned on the device 'cpu' only")
        if self.optimizer not in OPTIMIZERS:
            raise UsageError(
                f"recipe: unknown optimizer {self.optimizer!r}; expected one of "
                f"{', '.join(OPTIMIZERS)}"
            )
