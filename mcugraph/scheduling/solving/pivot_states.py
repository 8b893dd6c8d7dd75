"""All states from which one operator, the pivot, may run, if some order keeps a budget at all.

Of the orders that keep a budget there is one that is *settled* at a pivot v: let S be what has run
before v. Then

- there is no other operator that could run right before v within the budget, and leaves no more
  live: what runs after v could run right before it instead, and every state from there on would
  hold it, too, and so have no more live;
- there is no operator in S that could as well run right after v, within the budget, without which
  less is live: every state from its own turn up to S would be without it, and have less live.

Both are so since what is live after a state is submodular. Whichever is done makes less live in S,
or as much with more operators in S: so it comes to an end.

That leaves few states of S, mostly: wherever in an order v stands, S is the bottom of a valley.
They are found from partial states (see ``partial_states``): an open operator is taken as run, and
as waiting; what is known of the others, and of the budget, often says that an order that is settled
has one of the two only.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network
from mcugraph.scheduling.solving.partial_order import PartialOrder
from mcugraph.scheduling.solving.partial_states import PartialBounds
from mcugraph.scheduling.solving.ragged import Ints
from mcugraph.scheduling.solving.set_arrays import Bools, columns, in_all, in_any

_CELLS = 300_000  # numbers of operators, for partial states that are dealt with at once
_LOOK = 250  # partial states, between two looks at the limits


class PivotStates:
    """The states before one operator of a network without overlays.

    Args:
        bounds: The network.
        known: What is known of its order.
        net: The network with the order that is known.
        pivot: The operator.
        budget: Bytes.

    Attributes:
        looked: How many partial states were bounded.
        done: Whether all states were found.
    """

    def __init__(
        self, bounds: PartialBounds, known: PartialOrder, net: Network, pivot: int, budget: int
    ) -> None:
        count = len(net.preds)
        self.pivot = pivot
        self.looked, self.done = 0, False
        self._bounds, self._net = bounds, net
        self._budget, self._room = budget, budget - net.step[pivot]
        self._upto = columns([m | 1 << v for v, m in enumerate(known.ancestors)], count)
        self._beyond = columns([m | 1 << v for v, m in enumerate(known.descendants)], count)
        run, wait = self._upto[:, pivot], self._beyond[:, pivot]
        others = [v for v in known.sequence() if not run[v] and not wait[v]]
        reads = [_Reads(net, v, bounds.kind) for v in others]
        self._pivot = _Reads(net, pivot, bounds.kind)
        self._sooner = [one for one in reads if one.lowest <= 0]
        self._later = [one for one in reversed(reads) if one.highest > 0]
        run = run.copy()
        run[pivot] = False
        self._stack = [(run[:, None], wait[:, None].copy())]
        self._found: list[tuple[Bools, Ints]] = []
        self._chunk = max(1, _CELLS // count)

    def run(self, most: int, limits: Limits) -> "PivotStates":
        """Go on until all are found, or so many partial states were bounded in all.

        Raises:
            LimitReached: A limit was reached first.
        """
        stack = self._stack
        while stack and self.looked < most:
            run, wait = stack.pop()
            while stack and run.shape[1] + stack[-1][0].shape[1] <= self._chunk:
                other = stack.pop()
                run, wait = np.hstack([run, other[0]]), np.hstack([wait, other[1]])
            most_live = np.full(run.shape[1], self._room, self._bounds.kind)
            run, wait, _ = self._settled(run, wait, most_live)
            live = self._bounds.live(run, wait)
            before = self.looked
            self.looked += len(live)
            fits = live <= self._room
            run, wait, live = run[:, fits], wait[:, fits], live[fits]
            whole = (run | wait).all(axis=0)
            if whole.any():
                settled, _, left = self._settled(run[:, whole], wait[:, whole], live[whole])
                self._found.append((settled, live[whole][left]))
                run, wait = run[:, ~whole], wait[:, ~whole]
            if run.shape[1]:
                chosen = self._bounds.undecided(run, wait)
                stack += [
                    (run, wait | self._beyond[:, chosen]),
                    (run | self._upto[:, chosen], wait),
                ]
            for _ in range(before // _LOOK, self.looked // _LOOK):
                limits.check(self._memory)
        self.done = not stack
        return self

    @property
    def states(self) -> tuple[Bools, Ints]:
        """Those that were found, a column each, and the bytes that are live in them."""
        none = np.zeros((len(self._net.preds), 0), bool), np.zeros(0, np.int64)
        runs, lives = zip(none, *self._found, strict=True)
        return np.hstack(runs), np.concatenate(lives)

    @property
    def _memory(self) -> int:
        """Bytes that it takes, about."""
        held: int = sum([run.shape[1] for run, _ in self._stack])
        held += sum([len(live) for _, live in self._found])
        return 2 * len(self._net.preds) * held

    def _settled(self, run: Bools, wait: Bools, most: Ints) -> tuple[Bools, Bools, Bools]:
        """What follows for partial states in which no more than ``most`` is live.

        Returns:
            The partial states that are left, and which these are.
        """
        never = np.zeros(len(most), bool)
        net, room = self._net, self._budget - most
        # Most operators are out of the question in all of the states: that shows at once.
        held, everywhere = in_any(run), in_all(run)
        for reads in self._sooner:
            v = reads.operator
            if everywhere[v] or not all(held[u] for u in net.preds[v]):
                continue
            free = ~run[v]
            for u in net.preds[v]:
                free &= run[u]
            if np.count_nonzero(free):
                free &= room >= net.step[v]
                free &= reads.change(run) <= 0
                never |= free & wait[v]
                run[v] |= free
                held[v] = True
        added = self._pivot.change(run)
        held, everywhere = in_any(wait), in_all(wait)
        for reads in self._later:
            v = reads.operator
            if everywhere[v] or not all(held[w] for w in net.succs[v]):
                continue
            dear = ~wait[v]
            for w in net.succs[v]:
                dear &= wait[w]
            if np.count_nonzero(dear):
                less = reads.change_unless(wait)
                dear &= less > 0
                dear &= room + less - self._pivot.change_without(v, run, added) >= net.step[v]
                never |= dear & run[v]
                wait[v] |= dear
                held[v] = True
        left = ~never
        return run[:, left], wait[:, left], left


class _Reads:
    """What one operator changes of what is live.

    Attributes:
        operator: The operator.
        highest, lowest: The most bytes by which it may change it, and the least.
    """

    __slots__ = ("_kind", "_shared", "highest", "lowest", "operator")

    def __init__(self, net: Network, operator: int, kind: np.dtype[np.signedinteger]) -> None:
        self.operator = operator
        self.highest = net.kept[operator]
        self._kind = kind
        bytes_of: dict[tuple[int, ...], int] = {}  # by the other readers
        for tensor in net.frees[operator]:
            others = tuple([w for w in net.consumers[tensor] if w != operator])
            bytes_of[others] = bytes_of.get(others, 0) + net.sizes[tensor]
        self.highest -= bytes_of.pop((), 0)
        self.lowest = self.highest - sum(bytes_of.values())
        self._shared = [(others, kind.type(size)) for others, size in bytes_of.items()]

    def change(self, run: Bools) -> NDArray[np.signedinteger]:
        """By how much the operator changes what is live if these others have run."""
        change = np.full(run.shape[1], self.highest, self._kind)
        for others, size in self._shared:
            change -= _all(run, others) * size
        return change

    def change_unless(self, wait: Bools) -> NDArray[np.signedinteger]:
        """The same if all others have run but these."""
        change = np.full(wait.shape[1], self.lowest, self._kind)
        for others, size in self._shared:
            change += _any(wait, others) * size
        return change

    def change_without(
        self, other: int, run: Bools, change: NDArray[np.signedinteger]
    ) -> NDArray[np.signedinteger]:
        """The same if some other has not run, from what it is if that has."""
        for others, size in self._shared:
            if other in others:
                change = change + _all(run, others) * size
        return change


def _all(held: Bools, operators: Sequence[int]) -> Bools:
    """The columns that hold all of some operators."""
    found: Bools = held[operators[0]]
    for v in operators[1:]:
        found = found & held[v]
    return found


def _any(held: Bools, operators: Sequence[int]) -> Bools:
    """The columns that hold any of some operators."""
    found: Bools = held[operators[0]]
    for v in operators[1:]:
        found = found | held[v]
    return found
