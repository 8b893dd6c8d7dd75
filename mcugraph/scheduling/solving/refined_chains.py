"""A network whose chains are one operator each, but where that would leave out what matters.

To take a chain as one operator may leave out steps of the later ones (see ``chain_relaxation``). An
order of the smaller network tells which of these matter: those that take more than a budget in the
order of all operators that it stands for. Taken apart, they count; and it is few of them that ever
matter, where to count all would make the network larger by a third.

This is refinement guided by counterexamples: E. Clarke, O. Grumberg, S. Jha, Y. Lu and H. Veith,
"Counterexample-guided abstraction refinement" (2000).
"""

from collections.abc import Sequence

from mcugraph.records import replace
from mcugraph.scheduling.solving.chain_relaxation import chain_order, relaxed_chains
from mcugraph.scheduling.solving.contraction import contracted, expanded
from mcugraph.scheduling.solving.network import Network
from mcugraph.scheduling.solving.overlay import covered_bytes
from mcugraph.scheduling.solving.replay import step_costs


class RefinedChains:
    """A smaller network: no order of it needs more than the one it stands for.

    What operators save in some order counts as saved in every order.

    Args:
        net: The network.
        apart: Operators of the contracted network (see ``contraction``) that only ever begin a
            chain.

    Attributes:
        net: The smaller network.
    """

    __slots__ = ("_apart", "_chains", "_given", "_members", "_plain", "net")

    def __init__(self, net: Network, apart: frozenset[int] = frozenset()) -> None:
        contraction, pieces = contracted(net)
        self._given, self._apart = net, apart
        self._plain = _always_saving(contraction)
        self.net, self._chains = relaxed_chains(self._plain, apart)
        self._members = [expanded(chain, pieces) for chain in self._chains]

    def order_of(self, order: Sequence[int]) -> list[int]:
        """The order of the smaller network that is closest to one of the network."""
        return chain_order(self._members, order)

    def whole(self, order: Sequence[int]) -> list[int]:
        """The order of the network that one of the smaller network stands for."""
        return expanded(order, self._members)

    def refined(self, order: Sequence[int], budget: int) -> "RefinedChains | None":
        """These with all apart that takes more than a budget in an order of the smaller network.

        None: there is no such operator that is not apart yet.
        """
        within = expanded(order, self._chains)
        heads = {chain[0] for chain in self._chains}
        costs = step_costs(self._plain, within)
        dear = {v for v, cost in zip(within, costs, strict=True) if cost > budget} - heads
        return RefinedChains(self._given, self._apart | dear) if dear else None


def _always_saving(net: Network) -> Network:
    """The network in which operators save what they can in every order."""
    if not any(net.overlays):
        return net
    steps = [step - covered_bytes(o) for step, o in zip(net.step, net.overlays, strict=True)]
    return replace(net, step=tuple(steps), overlays=((),) * len(steps))
