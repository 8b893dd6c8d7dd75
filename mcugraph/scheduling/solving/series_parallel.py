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

from collections.abc import Sequence
from random import Random

from mcugraph.scheduling.solving.hill_valley import Chain, in_parallel, in_series


def joins_wholly(preds: Sequence[Sequence[int]], succs: Sequence[Sequence[int]]) -> bool:
    """Whether operators with a successor in common have them all; if not, ``merged`` is None."""
    return all(succs[u] == succs[before[0]] for before in preds if len(before) > 1 for u in before)


def merged(
    preds: Sequence[Sequence[int]], succs: Sequence[Sequence[int]], chains: Sequence[Chain]
) -> Chain | None:
    """The chain of all operators, given that of each; None if they are not series-parallel."""
    taking = _TakingApart(preds, succs, chains)
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
    ) -> None:
        n = len(chains)
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
        """Apply both rules as long as they can be."""
        pending = list(self.chain)
        while pending:
            v = pending.pop()
            if v in self.chain:
                pending += self._parallel(v) or self._series(v)

    def _parallel(self, v: int) -> list[int]:
        """Make one of all that stand beside ``v``; returns what is to be looked at again."""
        alike = self._alike[self._key(v)]
        beside = [
            u
            for u in sorted(alike)
            if u != v and self.preds[u] == self.preds[v] and self.succs[u] == self.succs[v]
        ]
        if not beside:
            return []
        self.chain[v] = in_parallel([self.chain[u] for u in (v, *beside)])
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
        self.chain[v] = in_series(self.chain[v], self.chain.pop(w))
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
