"""What scheduling returns."""

from dataclasses import dataclass

from mcugraph.scheduling.problem import Name


@dataclass(frozen=True, slots=True)
class Live:
    """A tensor that is live at some step, and its bytes."""

    tensor: Name
    bytes: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """An operator order, the memory it takes and what is proven about it.

    Attributes:
        order: Operator names, in the order in which to run them.
        peak: Peak memory of this order, in bytes.
        lower_bound: Proven: no order takes less, in bytes. Equal to ``peak`` if ``optimal``.
        bottleneck: The operator during which the peak is reached (the first such one); None for
            a graph without operators.
        live: What is live at the bottleneck, the largest first. The sum is ``peak``, but for the
            scratch of the operator and what in-place execution saves.
        timeline: Bytes live while each operator of ``order`` runs.
        elapsed: Seconds that the search took.
    """

    order: tuple[Name, ...]
    peak: int
    lower_bound: int
    bottleneck: Name | None
    live: tuple[Live, ...]
    timeline: tuple[int, ...]
    elapsed: float

    @property
    def optimal(self) -> bool:
        """Whether the order is proven to have the least peak."""
        return self.peak == self.lower_bound

    @property
    def gap(self) -> int:
        """Bytes between the peak and what is proven to be needed; 0 if optimal."""
        return self.peak - self.lower_bound
