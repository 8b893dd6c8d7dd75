"""What a budget says about which operator runs before which, and what follows from that.

Let v and w be operators that the network leaves in any order. If all downsets with which v can run
within the budget hold w, then w runs before v in every order that keeps the budget; if none does,
after it. Either is told by a minimum cut (see ``cuts``). What is known leaves fewer downsets with
which others can run, and so on, until nothing more follows, or some operator cannot run: then no
order keeps the budget. This is propagation as in constraint programming, and as there a support is
remembered: as long as one downset with which v can run holds w, and another one does not, v and w
need not be looked at again, in no larger budget either.
"""

from collections.abc import Sequence

from mcugraph.scheduling.solving.cuts import OperatorCut
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import (
    Network,
    ancestor_masks,
    descendant_masks,
    highest_cost,
)
from mcugraph.scheduling.solving.overlay import least_gains

_CHECK_EVERY = 3  # flows


class Supports:
    """A network, and downsets with which its operators can run, for all budgets.

    Attributes:
        net: The network.
        downsets: For each operator, downsets of the network without it with which it can run, as
            masks, and the bytes that are live then.
        ranking: The operators; those first of which something followed lately.
    """

    __slots__ = ("ancestors", "descendants", "downsets", "net", "ranking")

    def __init__(self, net: Network, ranking: Sequence[int]) -> None:
        self.net = net
        self.ancestors, self.descendants = ancestor_masks(net), descendant_masks(net)
        self.downsets: list[dict[int, int]] = [{} for _ in net.preds]
        self.ranking = list(ranking)


class Precedence:
    """What runs before what in every order of a network that keeps a budget.

    Attributes:
        budget: Bytes.
        preds: For each operator, those that run before it: the direct ones of the network, and
            such as follow.
        ancestors, descendants: All that run before and after each, as masks.
        contradicted: Whether no order keeps the budget.
        least: If so, what every order needs at the least.
        complete: Whether all was found that follows.
        flows: How many flows that took, about.
        inferred: How many pairs of operators were found.
    """

    __slots__ = (
        "_left",
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
        "preds",
    )

    def __init__(self, supports: Supports, budget: int) -> None:
        self._supports = supports
        self.budget = budget
        self.preds = [list(preds) for preds in supports.net.preds]
        self.ancestors, self.descendants = supports.ancestors.copy(), supports.descendants.copy()
        self.contradicted = self.complete = False
        self.least = highest_cost(supports.net) + 1
        self.flows = self.inferred = 0
        self._pending = dict.fromkeys(supports.ranking)
        self._left = [
            [downset for downset, live in known.items() if live <= budget]
            for known in supports.downsets
        ]
        self._open = [self._opened(v) for v in range(len(self.preds))]

    def infer(self, most: int, limits: Limits) -> "Precedence":
        """Find what follows, or go on with it, with about so many flows more at the most.

        Raises:
            LimitReached: A limit was reached first.
        """
        ranking, pending = self._supports.ranking, self._pending
        fruitful: dict[int, None] = {}
        last = self.flows + most
        while pending and not self.contradicted and self.flows < last:
            v = next(iter(pending))
            del pending[v]
            if not any(self._open[v]):
                continue
            found = self._examined(v, limits)
            if found or self.contradicted:
                fruitful[v] = None
            for before, after in found:
                pending |= self._added(before, after)
        self.complete = not pending
        self._supports.ranking = list(dict.fromkeys([*fruitful, *ranking]))
        return self

    def _opened(self, v: int) -> tuple[int, int]:
        """Operators of which no known downset says that they can run before ``v``; nor after it."""
        others = (1 << len(self.preds)) - 1 & ~(self.ancestors[v] | self.descendants[v] | 1 << v)
        before = after = others
        for downset in self._left[v]:
            before &= ~downset
            after &= downset
        return before, after

    def _examined(self, v: int, limits: Limits) -> list[tuple[int, int]]:
        """Pairs of which the first must run before the second, since otherwise ``v`` cannot run."""
        gains, besides = least_gains(self._supports.net.overlays[v])
        cut = OperatorCut(self._supports.net, self.ancestors, v, gains, preds=self.preds)
        live = cut.least - besides
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
            if self.flows % _CHECK_EVERY == 0:
                limits.check()
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

    def _added(self, before: int, after: int) -> dict[int, None]:
        """Take note that one operator runs before another; those that lose downsets by it."""
        if self.ancestors[after] >> before & 1:
            return {}
        self.preds[after].append(before)
        self.inferred += 1
        above = self.ancestors[before] | 1 << before
        below = self.descendants[after] | 1 << after
        if above & below:
            self.contradicted = True
        lost: dict[int, None] = {}
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
                lost[w] = None
        return lost
