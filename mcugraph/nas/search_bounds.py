"""What a network may cost at most."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mcugraph.nas.costs import Costs
from mcugraph.records import dataclass
from mcugraph.units import checked_count, checked_share, checked_size

# Costs that bounds can name, beside the error.
BOUNDED = ("peak", "size", "macs", "arena", "sram")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Upper bounds of a search; None: none.

    All but the error are hard: no candidate beyond them is trained. The error is what the search
    aims at; candidates above it are kept, as steps on the way. Text is read as on the command line:
    ``Bounds(error="3.5%", size="64KiB", macs="5M")``.

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

    if TYPE_CHECKING:

        def __init__(
            self,
            error: float | str | None = None,
            peak: int | str | None = None,
            size: int | str | None = None,
            macs: int | str | None = None,
            arena: int | str | None = None,
            sram: int | str | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        if self.error is not None:
            self._read("error", checked_share("bounds: error", self.error))
        for name, value in self.hard.items():
            read = checked_count if name == "macs" else checked_size
            self._read(name, read(f"bounds: {name}", value, 1))

    def _read(self, name: str, value: float) -> None:
        """Put what text says in its place."""
        object.__setattr__(self, name, value)

    @property
    def hard(self) -> Mapping[str, int]:
        """The bounds of costs that there are, by name."""
        values = {name: getattr(self, name) for name in BOUNDED}
        return {name: value for name, value in values.items() if value is not None}

    def admit(self, costs: Costs) -> bool:
        """Whether costs are within the hard bounds."""
        return all(getattr(costs, name) <= most for name, most in self.hard.items())
