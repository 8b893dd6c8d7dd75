"""What a network may cost at most."""

from collections.abc import Mapping

from mcugraph.checks import check_number, check_whole
from mcugraph.errors import UsageError
from mcugraph.nas.costs import Costs
from mcugraph.records import dataclass

# Costs that bounds can name, beside the error.
BOUNDED = ("peak", "size", "macs", "arena", "sram")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Upper bounds of a search; None: none.

    All but the error are hard: no candidate beyond them is trained. The error is what the search
    aims at; candidates above it are kept, as steps on the way.

    Attributes:
        error: Share of validation examples that are classified wrongly.
        peak: Bytes of the largest live set, in the best order, inputs among it.
        size: Bytes of weights and biases.
        macs: Multiply-accumulates of one inference.
        arena: Bytes of the arena's head in TFLM, planned by us.
        sram: Bytes of the arena with which TFLM loads the model: head and tail.

    Raises:
        UsageError: One is no number that it can be.
    """

    error: float | None = None
    peak: int | None = None
    size: int | None = None
    macs: int | None = None
    arena: int | None = None
    sram: int | None = None

    def __post_init__(self) -> None:
        if self.error is not None:
            check_number("bounds: error", self.error)
            if self.error > 1:
                raise UsageError(f"bounds: error: a share from 0 to 1 is needed, not {self.error}")
        for name, value in self.hard.items():
            check_whole(f"bounds: {name}", value, 1)

    @property
    def hard(self) -> Mapping[str, int]:
        """The bounds of costs that there are, by name."""
        values = {name: getattr(self, name) for name in BOUNDED}
        return {name: value for name, value in values.items() if value is not None}

    def admit(self, costs: Costs) -> bool:
        """Whether costs are within the hard bounds."""
        return all(getattr(costs, name) <= most for name, most in self.hard.items())
