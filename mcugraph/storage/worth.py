"""What it is worth to keep so many weights of a layer: more, and each further one less."""

from abc import ABC, abstractmethod

from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.late_numpy import np
from mcugraph.records import dataclass


class Worth(ABC):
    """A concave function of how many weights are kept."""

    @abstractmethod
    def of(self, kept: int) -> float:
        """What so many weights are worth, from 1 on."""

    @abstractmethod
    def count(self, price: float) -> int:
        """How many weights, one after the other, are worth more than a price each, above 0."""


@dataclass(frozen=True, slots=True)
class ShareKept(Worth):
    """Goes by the share of weights that is kept: ``S (1 - (N / n)^p) / p`` of n out of N.

    The first half of a layer may go for little, the last tenth costs most; as ``mg.widths`` has it
    of channels.

    Attributes:
        weights: N, how many there are.
        sensitivity: S, what the layer is worth beside others.
        exponent: p; 0 stands for a logarithm.
    """

    weights: int
    sensitivity: float = 1.0
    exponent: float = 1.0

    def of(self, kept: int) -> float:
        share = kept / self.weights
        if self.exponent == 0:
            return self.sensitivity * float(np.log(share))
        return self.sensitivity * float(1 - share**-self.exponent) / self.exponent

    def count(self, price: float) -> int:
        # The derivative is S N^p / n^(p + 1).
        ideal = (self.sensitivity / self.weights / price) ** (1 / (self.exponent + 1))
        return int(min(1.0, ideal) * self.weights)


class ByScores(Worth):
    """Sums the scores of what is kept, the largest first.

    Args:
        scores: One a weight, of any shape, from 0 on: squares of weights, say, or what an error
            rises by without them.

    Raises:
        UsageError: Scores are negative, or no numbers.
    """

    def __init__(self, scores: Array) -> None:
        flat = np.sort(np.asarray(scores, np.float64).ravel())
        if flat.size and not (flat[0] >= 0 and np.isfinite(flat[-1])):
            raise UsageError("scores: numbers from 0 on are needed")
        self._rising = flat
        self._sums = np.concatenate([[0.0], np.cumsum(flat[::-1])])

    def of(self, kept: int) -> float:
        return float(self._sums[kept])

    def count(self, price: float) -> int:
        return self._rising.size - int(np.searchsorted(self._rising, price, side="right"))
