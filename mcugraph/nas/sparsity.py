"""How much of an architecture can be pruned, and what is left of its layers then."""

from typing import Any

from mcugraph.coupling.groups import WidthGroup
from mcugraph.nas.search_space import SearchSpace
from mcugraph.records import dataclass
from mcugraph.space.space import widths

# Name of a layer -> how many of its channels have to stay, and of which groups the others are, with
# the channels of one class.
_Parts = dict[str, tuple[int, list[tuple[WidthGroup, int]]]]


def left(width: int, sparsity: float) -> int:
    """How many channels stay of a number of them: one at least."""
    return max(1, round((1 - sparsity) * width))


@dataclass(frozen=True, slots=True)
class SparsityRange:
    """The shares of channels that a search may prune.

    Attributes:
        low, high: The ends.
        step: Between two that are tried where the lower one is not enough.
    """

    low: float
    high: float
    step: float = 0.05

    def from_on(self, sparsity: float) -> list[float]:
        """A sparsity, and higher ones."""
        count = int((self.high - sparsity) / self.step + 1e-9)
        return [*(sparsity + i * self.step for i in range(count + 1)), self.high]


class Prunable:
    """The layers of an architecture, by the groups that can only be pruned together.

    Args:
        space: That the architecture is of.
        arch: The architecture.
    """

    def __init__(self, space: SearchSpace[Any], arch: Any) -> None:
        found = widths(space.graph(arch))
        self._layers: _Parts = {}
        for group in found.groups:
            for member in group.members:
                if member.use != "makes":
                    continue
                shape = found.graph.tensors[member.tensor].shape or ()
                fixed, parts = self._layers.get(member.layer, (shape[member.axis], []))
                fixed -= member.multiplicity * group.width
                self._layers[member.layer] = fixed, [*parts, (group, member.multiplicity)]

    def widths(self, sparsity: float) -> dict[str, int]:
        """What is left of each layer that can be pruned, if that share of every group goes."""
        return {
            layer: fixed + sum(many * left(group.width, sparsity) for group, many in parts)
            for layer, (fixed, parts) in self._layers.items()
        }
