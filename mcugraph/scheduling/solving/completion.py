"""What a state makes of the cuts of the operators that are still to come.

Let S be a set of operators that run last, and v one that runs before them. While v runs, at least
g(S) bytes are live: the least that is live with any downset that v allows and S does not meet. That
is a minimum cut in which the operators of S stand on the side of the sink (see ``cuts``). As a
function of S it grows and is submodular. So take all operators in some order, last ones first, and
give each the amount by which it raises g: nowhere is g less than the sum of the amounts of what S
holds (J. Edmonds, "Submodular functions, matroids, and certain polyhedra", 1970), and where S is a
beginning of that order, the sum is g itself.

One flow that is augmented operator by operator gives all amounts, and their sums are bounds of
thousands of states at once. For which v, and in which order, is learned from states that are still
alive: a cut that proves one of them dead often proves many others dead as well.
"""

from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from mcugraph.scheduling.solving.cuts import OperatorCut
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network, ancestor_masks
from mcugraph.scheduling.solving.overlay import least_gains
from mcugraph.scheduling.solving.ragged import Ints
from mcugraph.scheduling.solving.replay import step_costs

_EXACT = 1 << 22  # sums below it are exact in single precision
_NEVER = -(2 * _EXACT)  # what makes a bound say nothing
_HELD = 96  # bounds that are held: those that were useful last
_FIRST = 32  # of them, those of the dearest steps of a first order
_STATES = 500  # of a level, from which on it is worth the time to look at one of them
_PATIENCE = 3  # looks in a row that may prove nothing
_PRICE = 10  # states that cost as much as a bound, for each operator of the network, about
_SHARE = 0.3  # of the time that states take, for looks that prove nothing
_RETURN = 1  # states that are saved for each one that is dropped, about
_LOOK = 0.02  # of the time that a state takes, to hold one bound against it
_CHECK_EVERY = 100  # operators of a bound
_TRIES = 4  # operators that are tried for one state

Floats = NDArray[np.float32]


class Completions:
    """Bounds of the states of a network, learned as they are needed.

    Attributes:
        least: Of the states that the last call dropped, what one needs at the least; if there
            are none, a number that no order needs.
    """

    def __init__(self, net: Network, order: Sequence[int], limits: Limits) -> None:
        self._credit = 0.0  # what may be spent besides, in states
        self.least = self._highest = 2 * sum(net.step) + net.start + 1
        self._net = net
        self._limits = limits
        self._ancestors = ancestor_masks(net)
        self._last_first = list(reversed(order))
        self._random = Random(0)
        # Bytes in a unit of the bounds; they are rounded down.
        self._unit = -(-self._highest // _EXACT)
        n = len(net.preds)
        self._operators: list[int] = []
        self._bases = np.zeros(0, np.float32)
        self._amounts = np.zeros((0, n), np.float32)
        self._used: list[int] = []
        self._calls = 0
        costs = step_costs(net, order)
        for step in sorted(range(n), key=costs.__getitem__, reverse=True)[:_FIRST]:
            self._hold(order[step], *self._bound(order[step], self._last_first))
        self._credit = 0.0

    def alive(self, bits: NDArray[np.uint64], budget: int) -> Ints:
        """The rows of the states that may still be completed within a budget.

        Args:
            bits: The states, a row each, in words of 64 operators.
            budget: Bytes.

        Raises:
            LimitReached: A limit was reached first.
        """
        self.least = self._highest
        self._calls += 1
        held = np.unpackbits(
            bits.view(np.uint8), axis=1, count=len(self._ancestors), bitorder="little"
        )
        if not len(held):
            return np.zeros(0, np.int64)
        states = held.astype(np.float32)
        values = states @ self._amounts.T + self._bases
        top = values.max(axis=1)
        keep = self._keep(top, budget)
        for useful in np.unique(values[~keep].argmax(axis=1)).tolist():
            self._used[useful] = self._calls
        alive = np.flatnonzero(keep)
        failed = 0
        self._credit += _SHARE * len(alive)
        while len(alive) >= _STATES and failed < _PATIENCE and self._credit > 0:
            row = alive[self._random.randrange(len(alive))]
            tries = [self._operators[i] for i in np.argsort(-values[row]).tolist()]
            found = self._learn(held[row], tries, budget)
            if found is None:
                failed += 1
                continue
            failed, before = 0, len(alive)
            self._credit -= before * _LOOK
            keep[alive] &= self._keep((states @ found[1])[alive] + found[0], budget)
            alive = np.flatnonzero(keep)
            self._credit += _RETURN * (before - len(alive))
        return alive

    def _keep(self, values: Floats, budget: int) -> NDArray[np.bool_]:
        """Which bounds are within the budget; notes the least of the others."""
        over = values > budget // self._unit
        if over.any():
            least = int(values[over].min()) * self._unit
            self.least = min(self.least, max(least, budget + 1))
        return ~over

    def _learn(
        self, held: NDArray[np.uint8], tries: Sequence[int], budget: int
    ) -> tuple[float, Floats] | None:
        """A bound that drops one state, now held with the others; None if none is found."""
        inside = [v for v in self._last_first if held[v]]
        order = inside + [v for v in self._last_first if not held[v]]
        open_operators = [v for v in dict.fromkeys(tries) if not held[v]]
        for v in open_operators[:_TRIES]:
            base, amounts = self._bound(v, order)
            if base + held @ amounts > budget // self._unit:
                self._hold(v, base, amounts)
                return base, amounts
        return None

    def _bound(self, v: int, last_first: Sequence[int]) -> tuple[float, Floats]:
        """The cut of ``v``, and by how much each operator that runs later raises it."""
        self._credit -= _PRICE * len(self._ancestors)
        gains, besides = least_gains(self._net.overlays[v])
        cut = OperatorCut(self._net, self._ancestors, v, gains)
        amounts = np.zeros(len(self._ancestors), np.float32)
        base = (cut.least - besides) // self._unit
        for number, w in enumerate(last_first):
            if w == v or cut.before >> w & 1:
                break
            if number % _CHECK_EVERY == 0:
                self._limits.check()
            amounts[w] = cut.postpone(w) // self._unit
        amounts[v] = _NEVER
        return float(base), amounts

    def _hold(self, v: int, base: float, amounts: Floats) -> None:
        """Hold a bound, in the place of the one that was useful longest ago if there are many."""
        if len(self._used) < _HELD:
            self._used.append(0)
            self._operators.append(0)
            self._bases = np.append(self._bases, np.float32(0))
            self._amounts = np.append(self._amounts, [0 * amounts], axis=0)
            place = len(self._used) - 1
        else:
            place = self._used.index(min(self._used))
        self._used[place] = self._calls
        self._operators[place] = v
        self._bases[place] = base
        self._amounts[place] = amounts
