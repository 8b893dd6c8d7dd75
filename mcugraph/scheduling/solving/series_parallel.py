"""Whether a precedence is a tree or series-parallel, and the best order if it is.

Two rules take it apart, from the inside out. *Series*: an operator whose only successor has no
other predecessor becomes one with it. *Parallel*: operators that have the same predecessors and the
same successors become one. What ends as one operator is series-parallel; trees are. The precedence
has to be without edges that follow from others.

In such a precedence two operators have the same successors or none in common: when parts are put in
series, all that ends the first is followed by all that begins the second. So most others are known
at a glance (J. Valdes, R. E. Tarjan and E. L. Lawler, "The recognition of series parallel
digraphs", 1982).
"""

from collections.abc import Collection, Sequence
from random import Random

from mcugraph.scheduling.solving.forks import Forks
from mcugraph.scheduling.solving.hill_valley import Chain, in_parallel, in_series


def joins_wholly(preds: Sequence[Sequence[int]], succs: Sequence[Sequence[int]]) -> bool:
    """Whether operators with a successor in common have them all; if not, ``merged`` is None."""
    return all(succs[u] == succs[before[0]] for before in preds if len(before) > 1 for u in before)


def merged(
    preds: Sequence[Sequence[int]],
    succs: Sequence[Sequence[int]],
    chains: Sequence[Chain],
    forks: Forks | None = None,
) -> Chain | None:
    """The chain of all operators, given that of each; None if they are not series-parallel.

    Args:
        preds: Of each operator, without edges that follow from others.
        succs: The same.
        chains: One an operator.
        forks: What dies otherwise than these say.
    """
    taking = _TakingApart(preds, succs, chains, forks or None)
    taking.run()
    if len(taking.chain) != 1:
        return None
    return next(iter(taking.chain.values()))


class _TakingApart:
    """What is left of a precedence, with the chain of what each operator stands for.

    When two operators become one in series, that one keeps the number of the first towards what
    comes before, and that of the second towards what comes after, so that nothing else changes.

    Attributes:
        chain: By the number towards what comes before.
    """

    def __init__(
        self,
        preds: Sequence[Sequence[int]],
        succs: Sequence[Sequence[int]],
        chains: Sequence[Chain],
        forks: Forks | None,
    ) -> None:
        n = len(chains)
        self._forks = forks
        # What follows the first operator; None: it begins with several.
        self._rest: dict[int, Chain | None] = dict.fromkeys(range(n) if forks else (), ())
        random = Random(0)
        self.chain = dict(enumerate(chains))
        self.preds = {v: set(preds[v]) for v in range(n)}
        self.succs = {v: set(succs[v]) for v in range(n)}
        self.tail = {v: v for v in range(n)}  # the number towards what comes after
        self.head = {v: v for v in range(n)}  # backwards: tail -> number
        # The neighbours of each as one number, to find those with the same at once.
        self._code = [random.getrandbits(64) for _ in range(n)]
        self._before = {v: self._sum(preds[v]) for v in range(n)}
        self._after = {v: self._sum(succs[v]) for v in range(n)}
        self._alike: dict[tuple[int, int], set[int]] = {}
        for v in range(n):
            self._alike.setdefault(self._key(v), set()).add(v)

    def _sum(self, operators: Sequence[int]) -> int:
        total = 0
        for u in operators:
            total ^= self._code[u]
        return total

    def _key(self, v: int) -> tuple[int, int]:
        return self._before[v], self._after[v]

    def run(self) -> None:
        """Apply both rules as long as they can be; to a part of a fork if nothing else can be."""
        pending = list(self.chain)
        waiting: list[int] = []
        while pending or waiting:
            hurried = not pending
            v = (pending or waiting).pop()
            if v in self.chain:
                if not hurried and self._waits(v):
                    waiting.append(v)
                    pending += self._series(v)
                else:
                    pending += self._parallel(v, hurried) or self._series(v)

    def _waits(self, v: int) -> bool:
        """Whether it begins with a tensor as branches do that do not stand beside it yet."""
        if self._forks is None or self._rest[v] is None:
            return False
        alike = self._alike[self._key(v)]
        return not all(u in alike and self._rest[u] is not None for u in self._forks.beside(v))

    def _parallel(self, v: int, hurried: bool) -> list[int]:
        """Make one of all that stand beside ``v``; returns what is to be looked at again.

        Args:
            v: By number.
            hurried: Do not wait for the other branches of forks.
        """
        alike = self._alike[self._key(v)]
        beside = [
            u
            for u in sorted(alike)
            if u != v
            and self.preds[u] == self.preds[v]
            and self.succs[u] == self.succs[v]
            and (hurried or not self._waits(u))
        ]
        if not beside:
            return []
        self.chain[v] = self._side_by_side((v, *beside))
        if self._forks is not None:
            self._rest[v] = None
        for u in beside:
            alike.discard(u)
            del self.chain[u], self.head[self.tail[u]]
            for p in self.preds[u]:
                self._change(self.head[p], self._after, self._code[u])
                self.succs[self.head[p]].discard(u)
            for s in self.succs[u]:
                self._change(s, self._before, self._code[self.tail[u]])
                self.preds[s].discard(self.tail[u])
        return [v, *(self.head[p] for p in self.preds[v]), *self.succs[v]]

    def _side_by_side(self, branches: Sequence[int]) -> Chain:
        chain: Chain | None = None
        forked: Collection[int] = ()
        if self._forks is not None:
            rests = {u: rest for u in branches if (rest := self._rest[u]) is not None}
            chain, forked = self._forks.chain(rests)
        others = [self.chain[u] for u in branches if u not in forked]
        return in_parallel(others if chain is None else [chain, *others])

    def _series(self, v: int) -> list[int]:
        """Make one of ``v`` and its only successor, or its only predecessor."""
        if len(self.succs[v]) == 1:
            (w,) = self.succs[v]
            if len(self.preds[w]) == 1:
                return self._join(v, w)
        if len(self.preds[v]) == 1:
            u = self.head[next(iter(self.preds[v]))]
            if len(self.succs[u]) == 1:
                return self._join(u, v)
        return []

    def _join(self, v: int, w: int) -> list[int]:
        after = self.chain.pop(w)
        self.chain[v] = in_series(self.chain[v], after)
        if self._forks is not None:
            rest = self._rest[v]
            self._rest[v] = in_series(rest, after) if rest else None if rest is None else after
        self._alike[self._key(w)].discard(w)
        self._alike[self._key(v)].discard(v)
        del self.head[self.tail[v]]
        self.tail[v], self.succs[v], self._after[v] = self.tail[w], self.succs[w], self._after[w]
        self.head[self.tail[v]] = v
        self._alike.setdefault(self._key(v), set()).add(v)
        return [v]

    def _change(self, v: int, side: dict[int, int], code: int) -> None:
        """Take a neighbour off the code of ``v``."""
        self._alike[self._key(v)].discard(v)
        side[v] ^= code
        self._alike.setdefault(self._key(v), set()).add(v)
