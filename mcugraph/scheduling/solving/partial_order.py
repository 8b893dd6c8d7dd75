"""Which operators run before which: what a network says, and what is found out besides."""

from collections.abc import Sequence

from mcugraph.records import replace
from mcugraph.scheduling.solving.network import Network, ancestor_masks, descendant_masks


class PartialOrder:
    """The operators of a network in order, as far as that is known.

    Attributes:
        ancestors, descendants: For each operator, all that run before it and after it, as masks.
        pairs: How many pairs of operators are in order.
    """

    __slots__ = ("_net", "ancestors", "descendants", "pairs")

    def __init__(self, net: Network) -> None:
        self._net = net
        self.ancestors, self.descendants = ancestor_masks(net), descendant_masks(net)
        self.pairs = sum([above.bit_count() for above in self.ancestors])

    def add(self, before: int, after: int) -> None:
        """Say that one operator runs before another, which does not run before that one."""
        above = self.ancestors[before] | 1 << before
        below = self.descendants[after] | 1 << after
        for w in _operators(below):
            self.pairs += (above & ~self.ancestors[w]).bit_count()
            self.ancestors[w] |= above
        for w in _operators(above):
            self.descendants[w] |= below

    def sequence(self) -> list[int]:
        """All operators, none of them before one that runs before it."""
        return sorted(range(len(self.ancestors)), key=lambda v: self.ancestors[v].bit_count())

    def network(self) -> Network:
        """The network with as few predecessors and successors as say the same.

        The numbers of its operators need not be a valid order any more.
        """
        preds: list[tuple[int, ...]] = []
        succs: list[list[int]] = [[] for _ in self.ancestors]
        for v, above in enumerate(self.ancestors):
            direct = above
            for u in _operators(above):
                direct &= ~self.ancestors[u]
            preds.append(tuple(_operators(direct)))
            for u in preds[-1]:
                succs[u].append(v)
        return replace(self._net, preds=tuple(preds), succs=tuple(map(tuple, succs)))


def _operators(held: int) -> Sequence[int]:
    """The operators of a mask."""
    found: list[int] = []
    while held:
        lowest = held & -held
        found.append(lowest.bit_length() - 1)
        held ^= lowest
    return found
