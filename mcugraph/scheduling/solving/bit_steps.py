"""All that can follow many states at once, the states in words of bits.

A state is a set of operators, as in ``sweep``: what has run (forwards) or what has not yet
(backwards). Here it is nothing but bits and the bytes that are live in it, 64 operators a word, and
all states are dealt with operator by operator: which of them it may follow, what it then takes, and
whether it is a free move (see ``search``). So a state takes about a microsecond, but for its
bounds, and a few dozen bytes.

States are told apart exactly: they are sorted by a hash, and neighbours with the same hash are
compared.

Operators save nothing by what they write over; whoever asks has counted that already.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mcugraph.scheduling.solving.network import Network, mask
from mcugraph.scheduling.solving.ragged import Ints
from mcugraph.scheduling.solving.set_arrays import Words

_WORD = 64
_FULL = (1 << _WORD) - 1


class BitStates(NamedTuple):
    """States of the same number of operators.

    Attributes:
        words: Of 64 operators each: a row a word, a column a state.
        live: Bytes live in each.
    """

    words: Words
    live: Ints

    def __len__(self) -> int:
        return len(self.live)

    def of(self, chosen: Ints) -> "BitStates":
        """Some of the states."""
        return BitStates(self.words[:, chosen], self.live[chosen])

    def joined(self, other: "BitStates") -> "BitStates":
        """These states and others, none of which is among them."""
        return BitStates(
            np.hstack([self.words, other.words]),
            np.concatenate([self.live, other.live]),
        )

    def turned(self, full: Words) -> "BitStates":
        """The same states, as the other direction has them; ``full`` holds all operators."""
        return BitStates(self.words ^ full, self.live)


class Followers(NamedTuple):
    """What follows some states, and the steps that lead there.

    Attributes:
        states: The states that follow, each once.
        rows: For each step, the number of the state that it is made from,
        to: that of the state it leads to,
        added: the operator,
        cost: and the bytes that are live meanwhile.
    """

    states: BitStates
    rows: NDArray[np.int32]
    to: NDArray[np.int32]
    added: NDArray[np.int32]
    cost: Ints

    def leading_to(self, chosen: Ints) -> "Followers":
        """Some of the states that follow, and the steps that lead there."""
        number = np.full(len(self.states), -1, np.int32)
        number[chosen] = np.arange(len(chosen))
        left = np.flatnonzero(number[self.to] >= 0)
        return Followers(
            self.states.of(chosen),
            self.rows[left],
            number[self.to[left]],
            self.added[left],
            self.cost[left],
        )


class BitSteps:
    """A network without overlays, its bytes ``countable``, whose states grow in one direction.

    Attributes:
        forward: Whether a state holds what has run; else what has not yet.
    """

    def __init__(self, net: Network, forward: bool) -> None:
        count = len(net.preds)
        self.forward = forward
        self._net = net
        self._step: Ints = np.array(net.step, np.int64)
        self._rows = -(-count // _WORD)
        needed = net.preds if forward else net.succs
        self._needed = [self._masked(mask(operators)) for operators in needed]
        self._shared: list[list[tuple[list[tuple[int, np.uint64]], int]]] = []
        self._change: list[int] = []  # of what is live, but for what others read, too
        readers = [mask(consumers) for consumers in net.consumers]
        for v, tensors in enumerate(net.frees):
            bytes_of: dict[int, int] = {}
            for tensor in tensors:
                others = readers[tensor] & ~(1 << v)
                bytes_of[others] = bytes_of.get(others, 0) + net.sizes[tensor]
            change = net.kept[v] - bytes_of.pop(0, 0)
            self._change.append(change if forward else -change)
            self._shared.append([(self._masked(o), size) for o, size in bytes_of.items()])
        random = Random(0)
        self._marks = np.array([random.getrandbits(_WORD) for _ in range(count)], np.uint64)

    def following(self, states: BitStates, budget: int) -> Followers:
        """What follows the states within a budget."""
        found = list(self._children(states, budget))
        rows = np.concatenate([np.zeros(0, np.int64), *(rows for _, rows, _ in found)])
        live = np.concatenate([np.zeros(0, np.int64), *(live for _, _, live in found)])
        sizes = [len(rows) for _, rows, _ in found]
        added = np.repeat(np.array([v for v, _, _ in found], np.int32), sizes)
        words = states.words[:, rows]
        at = np.arange(len(rows))
        words[added // _WORD, at] |= np.uint64(1) << (added % _WORD).astype(np.uint64)
        chosen, to = _distinct(words, self._mark(words))
        cost = (states.live[rows] if self.forward else live) + self._step[added]
        return Followers(
            BitStates(words[:, chosen], live[chosen]), rows.astype(np.int32), to, added, cost
        )

    def added_to(self, states: BitStates, v: int) -> BitStates:
        """The states that come of adding one operator, which can be added to all of them."""
        change = self._changes(states.words, np.arange(len(states)), v)
        words = states.words.copy()
        words[v // _WORD] |= np.uint64(1 << v % _WORD)
        return BitStates(words, states.live + change)

    def _mark(self, words: Words) -> Words:
        """A hash of each state."""
        mark = np.zeros(words.shape[1], np.uint64)
        for row, factor in zip(words, self._marks, strict=False):
            mark = (mark ^ row) * (factor | np.uint64(1))
            mark ^= mark >> np.uint64(29)
        return mark

    def _children(self, states: BitStates, budget: int) -> Iterator[tuple[int, Ints, Ints]]:
        """Of each operator the states that it follows, and the bytes that are live then."""
        found: list[tuple[int, Ints, Ints]] = []
        moved = np.zeros(len(states), bool)
        for v in range(len(self._needed)):
            rows = self._ready(states.words, v)
            if not len(rows):
                continue
            live = states.live[rows]
            change = self._changes(states.words, rows, v)
            after = live + change
            cost = (live if self.forward else after) + self._net.step[v]
            fits = cost <= budget
            if not fits.all():
                rows, change, after = rows[fits], change[fits], after[fits]
            free = change <= 0
            if free.any():
                first = free & ~moved[rows]
                moved[rows[first]] = True
                yield v, rows[first], after[first]
                rows, after = rows[~free], after[~free]
            found.append((v, rows, after))
        for v, rows, after in found:
            left = ~moved[rows]
            yield v, rows[left], after[left]

    def _ready(self, words: Words, v: int) -> Ints:
        """The states that an operator can follow."""
        row, bit = v // _WORD, np.uint64(1 << v % _WORD)
        ready = (words[row] & bit) == 0
        for at, needed in self._needed[v]:
            ready &= (words[at] & needed) == needed
        return np.flatnonzero(ready)

    def _changes(self, words: Words, rows: Ints, v: int) -> Ints:
        """By how much an operator changes what is live in the states ``rows``."""
        change: Ints = np.full(len(rows), self._change[v], np.int64)
        taken: dict[int, Words] = {}
        for others, size in self._shared[v]:
            alone = np.ones(len(rows), bool)
            for at, readers in others:
                if at not in taken:
                    taken[at] = words[at, rows]
                alone &= (taken[at] & readers) == (readers if self.forward else np.uint64(0))
            if self.forward:
                change -= alone * size
            else:
                change += alone * size
        return change

    def _masked(self, operators: int) -> list[tuple[int, np.uint64]]:
        """The words of a set that are not empty, by row."""
        parts = ((at, operators >> _WORD * at & _FULL) for at in range(self._rows))
        return [(at, np.uint64(part)) for at, part in parts if part]


def _distinct(words: Words, mark: Words) -> tuple[Ints, NDArray[np.int32]]:
    """One of each state; and of each, which of these is the same."""
    order = np.argsort(mark, kind="stable")
    mark = mark[order]
    again = np.flatnonzero(mark[1:] == mark[:-1]) + 1
    equal = (words[:, order[again]] == words[:, order[again - 1]]).all(axis=0)
    new = np.ones(len(order), bool)
    new[again[equal]] = False
    same = np.empty(len(order), np.int32)
    same[order] = np.cumsum(new) - 1
    return order[new], same
