"""What an architecture is like, in a few numbers: what a forecast of its error is made from.

All are of what ``emit`` says, so that a space needs nothing further.
"""

from collections.abc import Sequence
from math import log, prod

from mcugraph.nas.builder import Convolution, Size
from mcugraph.nas.meter import Meter, Metered


class Traits(Meter):
    """Hears a network like a meter, and notes how wide it is, and where.

    Use ``features`` once the network is said.
    """

    def __init__(self) -> None:
        super().__init__()
        self._made: list[tuple[int, int]] = []  # channels and elements that layers make
        self._normed = self._bent = self._alone = self._dense = self._pools = self._sums = 0
        self._seeing = self._blind = 0  # windows over more than one element; over one alone
        self._read = self._spatial = 0

    def features(self) -> list[float]:
        """Numbers of about one size: logarithms of costs, widths and counts, and shares."""
        layers = len(self._made)
        channels = [made[0] for made in self._made[:-1]] or [1]
        elements = [made[1] for made in self._made[:-1]] or [1]
        logs = [log(count) for count in elements]
        first, spatial = self._made[0] if self._made else (1, 1), max(self._spatial, 1)
        return [
            log(max(self.size, 1)),
            log(max(self.macs, 1)),
            log(max(self.operator_bound, 1)),
            log(1 + layers),
            log(min(elements)),
            log(min(channels)),
            log(max(channels)),
            sum(logs) / len(logs),
            log(first[1]),
            log(max(self._read, 1)),
            log(1 + self._seeing),
            log(1 + self._blind),
            log(1 + self._dense),
            log(1 + self._alone),
            log(1 + self._pools),
            log(1 + self._sums),
            self._normed / max(layers, 1),
            self._bent / max(layers, 1),
            spatial / max(self.size, 1),
        ]

    def _convolved(self, value: Metered, layer: Convolution) -> Metered:
        before = self.size
        made = super()._convolved(value, layer)
        self._made.append((made.shape[0], made.size))
        self._normed += layer.norm
        self._bent += layer.relu
        self._alone += layer.depthwise
        wide = value.size > value.shape[0]
        self._seeing += wide and prod(layer.window) > 1
        self._blind += not wide
        self._spatial += (self.size - before) * wide
        return made

    def dense(self, value: Metered, units: int, *, relu: bool = False) -> Metered:
        if not self._dense:
            self._read = value.size
        self._dense += 1
        self._bent += relu
        self._made.append((units, units))
        return super().dense(value, units, relu=relu)

    def pool(
        self, value: Metered, function: str, window: Size, stride: Size | None = None
    ) -> Metered:
        self._pools += 1
        return super().pool(value, function, window, stride)

    def add(self, left: Metered, right: Metered) -> Metered:
        self._sums += 1
        return super().add(left, right)

    def concat(self, values: Sequence[Metered]) -> Metered:
        self._sums += 1
        return super().concat(values)
