"""A proof that no order keeps a budget, or an order that does, from the states before pivots.

For each operator there are but a few states from which it runs in some order of the budget, if
there is any (see ``pivot_states``). What is in all of them, the operator may be taken to run after,
and before what is in none: then there is an order left as well. That leaves fewer states of others,
and so on.

Where memory is tight in the middle of an order, most operators run well before that, or well after
it: their states come in two groups. From a group what comes before is found, or what follows, on
its way through the middle (see ``pivot_sweep``); mostly nothing does, and then the group is out,
and the operator runs on the one side for good. If all groups of an operator are out, no order keeps
the budget; if a way to both ends is found, it is an order.

One thing follows the other: all that is found out is true of *some* order of the budget, so it is
taken as given before the next operator is looked at.
"""

from collections.abc import Generator, Iterator
from typing import NamedTuple

import numpy as np

from mcugraph.scheduling.solving.bit_steps import BitStates
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network
from mcugraph.scheduling.solving.partial_order import PartialOrder
from mcugraph.scheduling.solving.partial_states import PartialBounds
from mcugraph.scheduling.solving.pivot_states import PivotStates
from mcugraph.scheduling.solving.pivot_sweep import PivotSweep
from mcugraph.scheduling.solving.ragged import Ints
from mcugraph.scheduling.solving.set_arrays import Bools, columns, words

_PIVOTS = 5  # operators that are looked at before a sweep
_STEP = 6  # operators that add much while they run leave less to others: so many times
_APART = 6  # numbers of operators, at least, between those of two groups of states
_SLICE = 4000  # partial states, after which it is looked at what else there is to do
_MOST = 32_000  # partial states that are looked at for one operator, about
_WIDTH = 100_000  # states of a level of a sweep
_FAILED = 3  # sweeps in a row that say nothing; then more is looked at
_EFFORTS = (1, 2, 4, 8, 16)  # times as many, once nothing comes of fewer
_GROWN = 1.1  # times as many pairs of operators in order are worth another look


class _Group(NamedTuple):
    """States before a pivot that hold about as many operators.

    Attributes:
        late: Whether they hold more than are in the middle.
        run: The states, a column each.
        live: Bytes that are live in them.
        far: By how many operators one of them is away from the middle, at the most.
    """

    late: bool
    run: Bools
    live: Ints
    far: float


class _PivotRecord:
    """What is known of the states before a pivot.

    Attributes:
        states: The states.
        groups: Those, once all are found.
        pairs: How many pairs of operators were in order, with what follows from these states.
    """

    __slots__ = ("groups", "pairs", "states")

    def __init__(self, states: PivotStates, pairs: int) -> None:
        self.states, self.pairs = states, pairs
        self.groups: list[_Group] | None = None


class PivotProof:
    """The proofs for a network without overlays, its bytes ``countable``.

    Args:
        net: The network.
        middle: Of how many operators about have run where the most is live.

    Attributes:
        refuted: Whether no order keeps the last budget.
        order: An order that does, if one was found.
        found: Whether the states before some operator were found.
    """

    __slots__ = (
        "_bounds",
        "_budget",
        "_failures",
        "_known",
        "_limits",
        "_looked",
        "_middle",
        "_net",
        "_ordered",
        "found",
        "order",
        "refuted",
    )

    def __init__(self, net: Network, middle: float, limits: Limits) -> None:
        self._net, self._middle, self._limits = net, middle, limits
        self._bounds = PartialBounds(net)
        self._budget = 0
        self._known = PartialOrder(net)
        self._ordered = net
        self._looked: dict[int, _PivotRecord] = {}
        self._failures = [0, 0]  # of sweeps of early groups in a row, and of late ones
        self.refuted = self.found = False
        self.order: list[int] | None = None

    def run(self, budget: int) -> Iterator[None]:
        """See whether some order keeps a budget; left open if even much effort does not tell.

        Yields:
            Now and then.

        Raises:
            LimitReached: A limit was reached first.
        """
        self._budget, self._known = budget, PartialOrder(self._net)
        self._ordered, self._looked = self._net, {}
        self.refuted, self.order, self.found = False, None, False
        self._failures = [0, 0]
        for effort in _EFFORTS:
            looked: dict[int, int] = {}  # pairs that were in order, by operator
            swept: dict[tuple[int, int], int] = {}
            failed = 0  # sweeps in a row
            while failed < _FAILED:
                for pivot in self._ranked()[:_PIVOTS]:
                    if self._worth(looked.get(pivot, 0)):
                        looked[pivot] = self._known.pairs
                        yield from self._groups(pivot, effort * _MOST)
                        if self.refuted:
                            return
                left = {
                    (pivot, number): group.far * 2 ** self._failures[group.late]
                    for pivot in looked
                    for number, group in enumerate(self._looked[pivot].groups or ())
                    if self._worth(swept.get((pivot, number), 0))
                }
                if not left:
                    break
                best = min(left, key=left.__getitem__)
                swept[best] = self._known.pairs
                pairs = self._known.pairs
                yield from self._sweep(*best, effort)
                if self.refuted or self.order is not None:
                    return
                failed = failed + 1 if self._known.pairs == pairs else 0

    def _worth(self, pairs: int) -> bool:
        """Whether much more is known than when so many pairs of operators were in order."""
        return self._known.pairs > _GROWN * pairs

    def _sweep(self, pivot: int, number: int, effort: int) -> Iterator[None]:
        """See what comes of one of the groups of an operator."""
        groups = yield from self._groups(pivot, effort * _MOST)
        if not groups or number >= len(groups):
            return
        group = groups[number]
        sweep = PivotSweep(self._ordered, self._budget, effort * _WIDTH)
        states = BitStates(words(group.run), group.live)
        yield from sweep.run(pivot, states, not group.late, self._limits)
        self.order = sweep.order
        self._failures[group.late] = 0 if sweep.refuted else self._failures[group.late] + 1
        if sweep.refuted:
            self._restrict(pivot, [other for other in groups if other is not group])

    def _ranked(self) -> list[int]:
        """Operators that may run in the middle, those first that likely can from few states."""
        count = len(self._net.preds)
        known = self._known
        run = columns(known.ancestors, count)
        wait = columns([m | 1 << v for v, m in enumerate(known.descendants)], count)
        needed = self._bounds.live(run, wait) + _STEP * np.array(self._net.step)
        between = run.sum(axis=0) <= self._middle
        between &= count - wait.sum(axis=0) >= self._middle
        ranked = np.argsort(-needed, kind="stable")
        found: list[int] = ranked[between[ranked]].tolist()
        return found

    def _groups(self, pivot: int, most: int) -> Generator[None, None, list[_Group] | None]:
        """The states before a pivot, in one group or two, which are taken as given from here on.

        None: it takes too long to find them.
        """
        looked = self._looked.get(pivot)
        if looked is None or looked.pairs != self._known.pairs:
            states = PivotStates(self._bounds, self._known, self._ordered, pivot, self._budget)
            looked = self._looked[pivot] = _PivotRecord(states, self._known.pairs)
        states = looked.states
        while not states.done and states.looked < most:
            states.run(states.looked + _SLICE, self._limits)
            yield
        if states.done and looked.groups is None:
            self.found = True
            self._restrict(pivot, self._parted(*states.states))
        return self._looked[pivot].groups

    def _parted(self, run: Bools, live: Ints) -> list[_Group]:
        """States in groups that are apart by how many operators they hold."""
        if not len(live):
            return []
        sizes = run.sum(axis=0)
        ranked = np.sort(sizes)
        gaps = np.diff(ranked)
        parts = [sizes <= ranked[-1]]
        if len(gaps) and gaps.max() >= _APART:
            lower = sizes <= ranked[gaps.argmax()]
            parts = [lower, ~lower]
        return [self._group(run[:, part], live[part], sizes[part]) for part in parts]

    def _group(self, run: Bools, live: Ints, sizes: Ints) -> _Group:
        late = bool(sizes.mean() > self._middle)
        far = sizes.max() - self._middle if late else self._middle - sizes.min()
        return _Group(late, run, live, float(far))

    def _restrict(self, pivot: int, groups: list[_Group]) -> None:
        """Take the pivot to run from a state of these groups; if there are none, from nowhere."""
        self._looked[pivot].groups = groups
        if not groups:
            self.refuted = True
            return
        every = np.logical_and.reduce([group.run.all(axis=1) for group in groups])
        some = np.logical_or.reduce([group.run.any(axis=1) for group in groups])
        before = self._known.pairs
        for v in np.flatnonzero(every).tolist():
            self._known.add(v, pivot)
        for v in np.flatnonzero(~some).tolist():
            if v != pivot:
                self._known.add(pivot, v)
        if self._known.pairs > before:
            self._ordered = self._known.network()
        # An order that passes one of the states now keeps what follows from them.
        self._looked[pivot].pairs = self._known.pairs
