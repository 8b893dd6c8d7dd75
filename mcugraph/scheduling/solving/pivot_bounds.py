"""A lower bound raised, and orders found, by the states before pivots (see ``pivot_proof``).

Chains, and operators that follow one another without a pause, are taken as one (see
``refined_chains``), and what operators save in some order counts as saved. So an order may turn out
to take more than its budget: then what takes too much is taken apart, and the budget is tried
again. Before a budget that is to close the gap, beams look for such orders: mostly they find those
that matter, in a fraction of the time.

The first budget lies below the best order known by a part of the gap, unless that is small. If some
order keeps it, one is found that is mostly the best of all, or close: then the next budget is the
one just below that order, and to refute it is the proof. A budget that is refuted raises the bound.
Where it takes too long to tell, so do budgets halfway to what is proven, until one is refuted; once
what is left between is a small part of the gap, each of them may take longer.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from math import inf

from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network, countable
from mcugraph.scheduling.solving.pivot_proof import PivotProof
from mcugraph.scheduling.solving.polish import Polish
from mcugraph.scheduling.solving.refined_chains import RefinedChains
from mcugraph.scheduling.solving.replay import order_peak, step_costs

_LARGEST = 256  # operators of networks that are looked at
_HIGH = 0.9  # of what an order takes: where it takes as much is the middle
_BELOW = 0.6  # the first budget is such a part of the gap below an order
_SMALL = 24  # such a part of an order is a small gap
_FINE = 16  # such a part of the gap between two budgets is small
_HOPED = 3000  # looks at the limits that a proof is thought to take, if it gets anywhere
_PATIENCE = 3000  # looks at the limits that the first budgets may take
_GROWTH = 4  # as many times, once lower ones tell no more
_DIVES, _DIVE = 15, 3_000_000  # turns of beams in smaller networks, and cells of each

_Found = tuple[int, list[int] | None]


class PivotBounds:
    """Better and better bounds of a network, and orders.

    Args:
        net: The network.
        order: Tells the best order known.
        lower_bound: Tells what is proven, in bytes.
        limits: Limits to keep.
    """

    def __init__(
        self,
        net: Network,
        order: Callable[[], Sequence[int]],
        lower_bound: Callable[[], int],
        limits: Limits,
    ) -> None:
        self._net, self._order = net, order
        self._lower_bound = lower_bound
        self._limits = limits
        self._looks = 0  # at the limits, for the budget in hand
        self._hopeful = False  # whether it gets anywhere
        self._proven = 0
        self._chains: RefinedChains

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
        self._chains = RefinedChains(self._net)
        net = self._chains.net
        if not countable(net) or not 2 <= len(net.preds) <= _LARGEST:
            return
        patience, close = _PATIENCE, False
        told = self._peak()  # what an order takes in the smaller network, or a budget left open
        while self._known() < (left := min(told, self._peak())):
            budget = left - 1
            if budget - self._proven <= left // _SMALL:
                self._hopeful = close = True
            if not close:
                budget -= int(_BELOW * (budget - self._proven))
            elif (yield from self._dived(budget, self._order())):
                continue
            while True:
                proof = PivotProof(self._chains.net, self._middle(), self._limits)
                ended = yield from self._tried(proof, budget, patience)
                if proof.refuted:
                    self._proven = max(self._proven, min(budget + 1, self._peak()))
                    yield self._proven, None
                    break
                if proof.order is not None:
                    close = True
                    order = self._chains.whole(proof.order)
                    yield self._proven, order
                    if order_peak(self._net, order) <= budget:
                        break
                    finer = self._chains.refined(proof.order, budget)
                    if finer is None:
                        # The bytes for the first operator alone are no part of what is proven.
                        told = min(budget, order_peak(self._chains.net, proof.order))
                        break
                    self._chains = finer
                    if (yield from self._dived(budget, order)):
                        break
                    continue
                if self._proven > budget:
                    break
                if ended:
                    told, close = budget, False
                if budget - self._proven <= (self._peak() - self._proven) // _FINE:
                    patience *= _GROWTH
                    break
                budget = (self._proven + budget) // 2

    def _tried(
        self, proof: PivotProof, budget: int, patience: int
    ) -> Generator[_Found, None, bool]:
        """See what a proof tells of a budget.

        Returns:
            Whether it has come to its end.
        """
        self._looks, looks = 0, self._limits.looks
        for _ in proof.run(budget):
            self._looks += self._limits.looks - looks
            self._hopeful |= proof.found
            yield self._known(), None
            if self._proven > budget or self._looks > patience:
                return False
            looks = self._limits.looks
        self._hopeful = proof.order is not None
        return True

    def _dived(self, budget: int, order: Sequence[int]) -> Generator[_Found, None, bool]:
        """See whether beams find an order of a smaller network, and what that tells.

        Returns:
            Whether it is one of the network that keeps the budget; else the smaller network is
            refined by what was found.
        """
        chains, left = self._chains, _DIVES
        while left:
            polish = Polish(chains.net, chains.order_of(order))
            while polish.peak > budget and left:
                for _ in polish.turn(_DIVE, budget, self._limits):
                    pass
                left -= 1
                yield self._known(), None
            if polish.peak > budget:
                break
            order = chains.whole(polish.order)
            finer = chains.refined(polish.order, budget)
            if finer is None:
                yield self._proven, order
                if order_peak(self._net, order) <= budget:
                    return True
                break
            chains = finer
        self._chains = chains
        return False

    def _middle(self) -> float:
        """Of how many operators about have run where the best order takes the most."""
        net = self._chains.net
        costs = step_costs(net, self._chains.order_of(self._order()))
        high = [at for at, cost in enumerate(costs) if cost >= _HIGH * max(costs)]
        return sum(high) / len(high)

    def _known(self) -> int:
        """What is proven, in bytes."""
        self._proven = max(self._proven, self._lower_bound())
        return self._proven

    def _peak(self) -> int:
        """What the best order takes, in bytes."""
        return order_peak(self._net, self._order())
