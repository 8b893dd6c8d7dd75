"""What a budget says about which operator runs before which, and what follows from that.

Let v and w be operators that the network leaves in any order. If all downsets with which v can run
within the budget hold w, then w runs before v in every order that keeps the budget; if none does,
after it. Either is told by a minimum cut (see ``cuts``). What is known leaves fewer downsets with
which others can run, and so on, until nothing more follows, or some operator cannot run: then no
order keeps the budget. This is propagation as in constraint programming, and as there a support is
remembered: as long as one downset with which v can run holds w, and another one does not, v and w
need not be looked at again, in no larger budget either.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from mcugraph.scheduling.solving.cut_graph import CutFlow, CutGraph
from mcugraph.scheduling.solving.cuts import order_estimates
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import (
    Network,
    descendant_masks,
    highest_cost,
)
from mcugraph.scheduling.solving.order_cuts import OrderCut
from mcugraph.scheduling.solving.set_arrays import rows

_LOOK = 2800  # nodes that flows walk, between two looks at the limits


class Supports:
    """A network, and downsets with which its operators can run, for all budgets.

    Args:
        net: The network.
        order: An order of it.

    Attributes:
        net: The network.
        ancestors, descendants: All that the network has before and after each operator, as masks.
        downsets: For each operator, downsets of the network without it with which it can run, as
            masks, and the bytes that are live then.
        live: For each operator, its cut without any further precedences, in bytes; until it is
            looked at, what the order has live.
        flows: What flows then, of those that were looked at.
    """

    __slots__ = ("_graph", "_seen", "ancestors", "descendants", "downsets", "flows", "live", "net")

    def __init__(self, net: Network, order: Sequence[int]) -> None:
        self.net = net
        self._graph = CutGraph(net)
        self._seen = 0  # nodes walked until the last look at the limits
        self.ancestors, self.descendants = self._graph.ancestors, descendant_masks(net)
        self.downsets: list[dict[int, int]] = [{} for _ in net.preds]
        self.live = order_estimates(net, [order])
        self.flows: dict[int, CutFlow] = {}

    @property
    def walked(self) -> int:
        """How many nodes all flows walked so far: what they took."""
        return self._graph.walked

    def check(self, limits: Limits) -> None:
        """Look at the limits, as often as flows walked so much since the last time.

        Raises:
            LimitReached: A limit was reached.
        """
        while self._seen + _LOOK <= self.walked:
            self._seen += _LOOK
            limits.check()

    def look_at(self, v: int) -> int:
        """The cut of an operator without any further precedences, in bytes."""
        cut = OrderCut(self._graph, v, self.ancestors, self.descendants)
        self.flows[v] = cut.flow
        self.live[v] = cut.least
        return cut.least

    def cut(
        self, v: int, ancestors: Sequence[int], descendants: Sequence[int], flow: CutFlow | None
    ) -> OrderCut:
        """The cut of an operator, from what flowed under fewer precedences, if that is known."""
        return OrderCut(self._graph, v, ancestors, descendants, flow or self.flows[v])


class Precedence:
    """What runs before what in every order of a network that keeps a budget.

    Attributes:
        budget: Bytes.
        ancestors, descendants: All that run before and after each, as masks.
        contradicted: Whether no order keeps the budget.
        least: If so, what every order needs at the least.
        complete: Whether all was found that follows.
        flows: How many flows that took, about.
        inferred: How many pairs of operators were found.
    """

    __slots__ = (
        "_flows",
        "_left",
        "_live",
        "_open",
        "_pending",
        "_supports",
        "ancestors",
        "budget",
        "complete",
        "contradicted",
        "descendants",
        "flows",
        "inferred",
        "least",
    )

    def __init__(self, supports: Supports, budget: int) -> None:
        self._supports = supports
        self.budget = budget
        self._flows: dict[int, CutFlow] = {}
        self.ancestors, self.descendants = supports.ancestors.copy(), supports.descendants.copy()
        self.contradicted = self.complete = False
        self.least = highest_cost(supports.net) + 1
        self.flows = self.inferred = 0
        self._pending = set(range(len(self.ancestors)))
        self._live = supports.live.copy()
        self._left = [
            [downset for downset, live in known.items() if live <= budget]
            for known in supports.downsets
        ]
        self._open = [self._opened(v) for v in range(len(self.ancestors))]

    def infer(self, most: int, limits: Limits) -> "Precedence":
        """Find what follows, or go on with it, until flows walked about so many nodes more.

        Raises:
            LimitReached: A limit was reached first.
        """
        pending, live = self._pending, self._live
        supports = self._supports
        last = supports.walked + most
        while pending and not self.contradicted and supports.walked < last:
            supports.check(limits)
            v = max(pending, key=live.__getitem__)
            if any(self._open[v]) and v not in supports.flows:
                live[v] = supports.look_at(v)
                self.flows += 1
                continue
            pending.remove(v)
            if not any(self._open[v]):
                continue
            for before, after in self._examined(v, limits):
                pending |= self._added(before, after)
        self.complete = not pending
        return self

    def copy(self) -> "Precedence":
        """The same, to go on from under an assumption."""
        other = Precedence(self._supports, self.budget)
        other.ancestors, other.descendants = self.ancestors.copy(), self.descendants.copy()
        other.least = self.least
        other._flows, other._live = self._flows.copy(), self._live.copy()
        other._left, other._open = self._left.copy(), self._open.copy()
        other._pending = self._pending.copy()
        return other

    def assume(self, before: int, after: int) -> None:
        """Say that one operator runs before another."""
        self._pending |= self._added(before, after)

    def held(self) -> Iterable[CutFlow]:
        """What flows, as far as it is kept; others may keep some of it as well."""
        return self._flows.values()

    def disputed(self) -> tuple[int, int] | None:
        """Two operators that both had better be the first of the two, or both the second."""
        n = len(self.ancestors)
        most = self.budget + 1
        inside = np.full((n, n), most, np.int64)
        outside = np.full((n, n), most, np.int64)
        for v, downsets in enumerate(self._left):
            if not downsets:
                continue
            known = self._supports.downsets[v]
            lives = np.array([known[downset] for downset in downsets], np.int64)[:, None]
            bits = rows(downsets, n)
            inside[v] = np.where(bits == 1, lives, most).min(axis=0)
            outside[v] = np.where(bits == 0, lives, most).min(axis=0)
        # What it takes, as far as known, that the operator of the row runs first.
        first = np.maximum(inside.T, outside)
        score = np.minimum(first, first.T) * 4 + np.maximum(first, first.T)
        for v in range(n):
            related = self.ancestors[v] | self.descendants[v] | 1 << v
            (bits,) = rows([related], n)
            score[v, bits == 1] = -1
        best = int(score.argmax())
        v, w = divmod(best, n)
        if score[v, w] < 0:
            return None
        return (v, w) if first[v, w] >= first[w, v] else (w, v)

    def _opened(self, v: int) -> tuple[int, int]:
        """Operators of which no known downset says that they can run before ``v``; nor after it."""
        others = (1 << len(self.ancestors)) - 1 & ~(
            self.ancestors[v] | self.descendants[v] | 1 << v
        )
        before = after = others
        for downset in self._left[v]:
            before &= ~downset
            after &= downset
        return before, after

    def _examined(self, v: int, limits: Limits) -> list[tuple[int, int]]:
        """Pairs of which the first must run before the second, since otherwise ``v`` cannot run."""
        cut = self._supports.cut(v, self.ancestors, self.descendants, self._flows.get(v))
        self._flows[v] = cut.flow
        live = self._live[v] = cut.least
        room = self.budget - live
        self.flows += 1
        if room < 0:
            self.contradicted = True
            self.least = min(self.least, live)
            return []
        self._support(v, live, cut.downsets())
        found: list[tuple[int, int]] = []
        hopeless_before = hopeless_after = 0
        while True:
            self._supports.check(limits)
            before, after = self._open[v]
            before &= ~hopeless_before
            after &= ~hopeless_after
            if before:
                w = before.bit_length() - 1
                more, downsets = cut.if_run(w, room)
            elif after:
                w = (after & -after).bit_length() - 1
                more, downsets = cut.unless_run(w, room)
            else:
                return found
            self.flows += 1
            if more <= room:
                self._support(v, live + more, downsets)
                continue
            self.least = min(self.least, live + more)
            if before:
                found.append((v, w))
                hopeless_before |= self.descendants[w] | 1 << w
            else:
                found.append((w, v))
                hopeless_after |= self.ancestors[w] | 1 << w

    def _support(self, v: int, live: int, downsets: Sequence[int]) -> None:
        """Take note of downsets with which ``v`` can run, and others that are ready as well."""
        step = self._supports.net.step
        for downset in downsets:
            waiting = ~downset
            for w, (before, after) in enumerate(self._open):
                if waiting & self.ancestors[w] or downset >> w & 1:
                    continue
                if before & downset or after & waiting:
                    cost = live - step[v] + step[w]
                    self._supports.downsets[w][downset] = cost
                    if cost <= self.budget:
                        self._left[w].append(downset)
                        self._open[w] = before & waiting, after & downset

    def _added(self, before: int, after: int) -> set[int]:
        """Take note that one operator runs before another; those that lose downsets by it."""
        if self.ancestors[after] >> before & 1:
            return set()
        self.inferred += 1
        above = self.ancestors[before] | 1 << before
        below = self.descendants[after] | 1 << after
        if above & below:
            self.contradicted = True
        lost: set[int] = set()
        related = above | below
        for w, downsets in enumerate(self._left):
            if below >> w & 1:
                self.ancestors[w] |= above
            if above >> w & 1:
                self.descendants[w] |= below
            left = [d for d in downsets if not (d | 1 << w) >> after & 1 or d >> before & 1]
            if len(left) < len(downsets) or related >> w & 1:
                self._left[w] = left
                self._open[w] = self._opened(w)
                lost.add(w)
        return lost
