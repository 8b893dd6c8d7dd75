"""When how much of the elements is due."""

from typing import Protocol

from mcugraph.checks import check_whole
from mcugraph.errors import UsageError
from mcugraph.prune.schedules import gradual_share
from mcugraph.records import dataclass


class ElementSchedule(Protocol):
    """What ``OneShot``, ``AGP`` and ``Gradual`` are to a sparsifier."""

    def progress(self, step: int) -> float:
        """How much of the final sparsity is due after so many training steps, from 0 to 1."""
        ...


@dataclass(frozen=True, slots=True)
class AGP:
    """Automated gradual pruning: much at first, less and less later (Deutel et al., Eq. 1).

    After Zhu and Gupta, "To prune, or not to prune" (2017): at step t the sparsity is
    s_f + (s_i - s_f) (1 - (t - begin) / (end - begin))^3, s_i being that of the model as it is
    given.

    Attributes:
        begin: The training step that it rises from.
        end: The training step of the last update.
        every: Training steps from one update to the next.

    Raises:
        UsageError: They are no such steps.
    """

    begin: int = 0
    end: int = 1000
    every: int = 100

    def __post_init__(self) -> None:
        check_whole("begin", self.begin, 0)
        check_whole("end", self.end, 1)
        check_whole("every", self.every, 1)
        if self.end <= self.begin:
            raise UsageError(f"AGP: it ends at step {self.end}, and begins at {self.begin}")

    def progress(self, step: int) -> float:
        """As ``ElementSchedule`` says."""
        passed = step - self.begin
        if step < self.end:
            passed -= passed % self.every
        return gradual_share(passed, self.end - self.begin)
