r"""Branches that begin with one tensor, and their best order: by which of them begins when.

    x --+-- a -- what follows a --+
        |                         |
        +-- b -- what follows b --+--
        |                         |
        +-- c -- what follows c --+

The tensor x dies with the first operator of the branch that begins last, so what that frees depends
on the order. Say which branch begins first: its first operator runs before all else, and what
follows it stands beside the other branches, which are such a fork again.

    a --+-- what follows a --+
        |                    |
        +-- those of b, c ---+--

That is series-parallel, and whether a frees x is known: it does if no other branch is left. So of
each set of branches, the best chain follows from those of the sets with one less (see
``hill_valley``), one for each branch that may begin; and of these chains the one that is no worse
than any other, wherever it stands. Should there be none, nothing is said of the fork.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

from mcugraph.scheduling.solving.flow import KeepOn
from mcugraph.scheduling.solving.hill_valley import (
    Chain,
    in_parallel,
    in_series,
    no_worse,
    single,
)
from mcugraph.scheduling.solving.network import OUTSIDE, Network

_MOST = 6  # branches: as many sets of them as two to that power
_COMPARED = 2000  # segments of chains, between two looks at the limits


class Forks:
    """The tensors of a network that begin several branches.

    Args:
        net: The network.
        preds: Direct predecessors of each operator, without edges that follow from others.
        hills: Bytes that each operator adds while it runs.
        deltas: Bytes that are live after each operator, less those before it, if each tensor of
            several readers dies with one of them.
        last: That one, for each tensor with readers.
        keep_on: Called now and then, raises to stop it.
    """

    def __init__(
        self,
        net: Network,
        preds: Sequence[Sequence[int]],
        hills: Sequence[int],
        deltas: Sequence[int],
        last: Mapping[int, int],
        keep_on: KeepOn,
    ) -> None:
        self._keep_on, self._compared = keep_on, 0
        self._sizes, self._hills, self._deltas, self._last = net.sizes, hills, deltas, last
        self._readers: dict[int, frozenset[int]] = {}
        self._begun: dict[int, list[int]] = {}  # operator -> tensors that it may begin to read
        edges = {(u, v) for v, before in enumerate(preds) for u in before}
        for tensor in last:
            readers, producer = net.consumers[tensor], net.producer[tensor]
            if 1 < len(readers) <= _MOST and all(
                (producer, v) in edges or (producer == OUTSIDE and not preds[v]) for v in readers
            ):
                self._readers[tensor] = frozenset(readers)
                for v in readers:
                    self._begun.setdefault(v, []).append(tensor)

    def __bool__(self) -> bool:
        return bool(self._readers)

    def beside(self, v: int) -> set[int]:
        """The operators that begin branches with a tensor with which this one does, itself too."""
        return {u for tensor in self._begun.get(v, ()) for u in self._readers[tensor]}

    def chain(self, rests: Mapping[int, Chain]) -> tuple[Chain | None, Collection[int]]:
        """The best chain of branches that begin with a tensor, and which of some these are.

        Args:
            rests: The first operator of each branch -> what follows it; empty: nothing.

        Returns:
            The chain is None where these are none, or too many, or where it is not known.
        """
        shared = {
            tensor: readers
            for v in rests
            for tensor in self._begun.get(v, ())
            if (readers := self._readers[tensor]) <= rests.keys()
        }
        first = sorted({v for readers in shared.values() for v in readers})
        if not 0 < len(first) <= _MOST:
            return None, ()
        kept = {v: self._deltas[v] for v in first}
        for tensor in shared:
            kept[self._last[tensor]] += self._sizes[tensor]
        best: dict[tuple[int, ...], Chain] = {(): ()}
        for count in range(1, len(first) + 1):
            for branches in combinations(first, count):
                found = []
                for v in branches:
                    others = tuple([u for u in branches if u != v])
                    freed = sum(
                        self._sizes[tensor]
                        for tensor, readers in shared.items()
                        if v in readers and readers.isdisjoint(others)
                    )
                    alone = single(v, self._hills[v], kept[v] - freed)
                    after = [chain for chain in (rests[v], best[others]) if chain]
                    found.append(in_series(alone, in_parallel(after)) if after else alone)
                self._compared += sum(map(len, found))
                if self._compared > _COMPARED:
                    self._compared = 0
                    self._keep_on()
                least = _least(found)
                if least is None:
                    return None, ()
                best[branches] = least
        return best[tuple(first)], first


def _least(chains: Sequence[Chain]) -> Chain | None:
    """The one of several chains of the same operators that is no worse than any; None: none is."""
    least = chains[0]
    for chain in chains[1:]:
        if not no_worse(least, chain):
            least = chain
    others = [chain for chain in chains if chain is not least]
    return least if all(no_worse(least, chain) for chain in others) else None
