"""A lower bound raised, and orders found, by the states before pivots (see ``pivot_proof``).

Chains, and operators that follow one another without a pause, are taken as one (see
``contraction``, ``chain_relaxation``), and what operators save in some order counts as saved: so
what is refuted may be less than what could be, and an order may turn out to take more.

The first budget lies below the best order known by a part of the gap. If some order keeps it, one
is found that is mostly the best of all, or close: then the next budget is the one just below that
order, and to refute it is the proof. A budget that is refuted raises the bound. Where it takes too
long to tell, so do budgets halfway to what is proven, until one is refuted; once what is left
between is a small part of the gap, each of them may take longer.
"""

from collections.abc import Callable, Iterator, Sequence
from math import inf

from mcugraph.records import replace
from mcugraph.scheduling.solving.chain_relaxation import chain_order, relaxed_chains
from mcugraph.scheduling.solving.contraction import contracted, expanded
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network, countable
from mcugraph.scheduling.solving.overlay import covered_bytes
from mcugraph.scheduling.solving.pivot_proof import PivotProof
from mcugraph.scheduling.solving.replay import order_peak, step_costs

_LARGEST = 256  # operators of networks that are looked at
_HIGH = 0.9  # of what an order takes: where it takes as much is the middle
_BELOW = 0.6  # the first budget is such a part of the gap below an order
_FINE = 16  # such a part of the gap between two budgets is small
_HOPED = 3000  # looks at the limits that a proof is thought to take, if it gets anywhere
_PATIENCE = 3000  # looks at the limits that the first budgets may take
_GROWTH = 4  # as many times, once lower ones tell no more

_Found = tuple[int, list[int] | None]


class PivotBounds:
    """Better and better bounds of a network, and orders.

    Args:
        net: The network.
        order: An order of it.
        lower_bound: Tells what is proven, in bytes.
        peak: Tells the peak of the best order known.
        limits: Limits to keep.
    """

    def __init__(
        self,
        net: Network,
        order: Sequence[int],
        lower_bound: Callable[[], int],
        peak: Callable[[], int],
        limits: Limits,
    ) -> None:
        self._net, self._order = net, order
        self._lower_bound, self._peak = lower_bound, peak
        self._limits = limits
        self._looks = 0  # at the limits, for the budget in hand
        self._hopeful = False  # whether it gets anywhere

    @property
    def left(self) -> float:
        """How many looks at the limits it takes yet, at a guess, until the gap is closed.

        As many as the budget in hand took so far, but no fewer than some, once something is found
        out about it.
        """
        return max(_HOPED, self._looks) if self._hopeful else inf

    def run(self) -> Iterator[_Found]:
        """Go on until bound and peak meet, or budgets take too long.

        Yields:
            Now and then the bound, be it a better one or not, and an order if one was found.

        Raises:
            LimitReached: A limit was reached first.
        """
        smaller, pieces = contracted(self._net)
        relaxed, chains = relaxed_chains(smaller)
        members = [expanded(chain, pieces) for chain in chains]
        plain = _always_saving(relaxed)
        if not countable(plain) or not 2 <= len(plain.preds) <= _LARGEST:
            return
        costs = step_costs(plain, chain_order(members, self._order))
        high = [at for at, cost in enumerate(costs) if cost >= _HIGH * max(costs)]
        proof = PivotProof(plain, sum(high) / len(high), self._limits)
        proven, peak = self._lower_bound(), self._peak
        told = peak()  # what an order takes in the smaller network, or a budget that stays open
        patience, found = _PATIENCE, False
        while proven < (left := min(told, peak())):
            budget = left - 1 if found else left - 1 - int(_BELOW * (left - 1 - proven))
            while True:
                self._looks, looks = 0, self._limits.looks
                for _ in proof.run(budget):
                    self._looks += self._limits.looks - looks
                    self._hopeful |= proof.found
                    proven = max(proven, self._lower_bound())
                    yield proven, None
                    if proven > budget or self._looks > patience:
                        break
                    looks = self._limits.looks
                else:
                    if not proof.refuted and proof.order is None:
                        told, found = budget, False
                self._hopeful = proof.order is not None
                if proof.refuted:
                    proven = max(proven, min(budget + 1, peak()))
                    yield proven, None
                    break
                if proof.order is not None:
                    # The bytes for the first operator alone are no part of what is proven.
                    told, found = min(budget, order_peak(plain, proof.order)), True
                    yield proven, [v for i in proof.order for v in members[i]]
                    break
                if proven > budget:
                    break
                if budget - proven <= (peak() - proven) // _FINE:
                    patience *= _GROWTH
                    break
                budget = (proven + budget) // 2


def _always_saving(net: Network) -> Network:
    """The network in which operators save what they can in every order."""
    if not any(net.overlays):
        return net
    steps = [step - covered_bytes(o) for step, o in zip(net.step, net.overlays, strict=True)]
    return replace(net, step=tuple(steps), overlays=((),) * len(steps))
