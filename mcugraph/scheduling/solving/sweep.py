"""A proof that no order stays within a budget, by all states of a level at once.

States are built backwards, from the last operator on, as in ``search``: a state is a set of
operators that run last, and a level holds all states of so many operators that can be reached
within the budget. A state that has a free move goes no other way (see ``search``), and one from
which some operator that is still to come cannot run within the budget is dropped (see
``completion``). If a level is empty, no order keeps the budget.

The states of a level are the rows of arrays, which makes each cheaper by far than one that is
looked at alone; there are more of them, since free moves are levels of their own. States are told
apart exactly: they are sorted by a hash, and neighbours with the same hash are compared.

What makes a step cheaper than it is only lowers the bound: bytes for the first operator alone are
left out, and of several outputs in place, each saves as if there were no other.
"""

from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mcugraph.scheduling.solving.completion import Completions
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network, end_bytes, highest_cost
from mcugraph.scheduling.solving.overlay_arrays import OverlayArrays
from mcugraph.scheduling.solving.ragged import Ints, Ragged

_CHUNK = 10_000  # states that are expanded at once
_MOST_BYTES = 1 << 28  # that a level may take


class Level(NamedTuple):
    """States of the same number of operators, a row each.

    Attributes:
        waiting: How many of the operators after it each one waits for; the largest number there
            is if the state holds the operator.
        dead: Of each tensor, 1 if nobody reads it in the state.
        live: Bytes live before the operators of the state.
        bits: The operators that it holds, in words of 64.
        mark: A hash of them.
    """

    waiting: NDArray[np.unsignedinteger]
    dead: NDArray[np.uint8]
    live: Ints
    bits: NDArray[np.uint64]
    mark: NDArray[np.uint64]

    def rows(self, chosen: Ints) -> "Level":
        """Some of the states."""
        return Level._make(column[chosen] for column in self)


class _Children(NamedTuple):
    """What can follow some states: the row of each, the operator added, and what comes of it."""

    rows: Ints
    added: Ints
    live: Ints
    bits: NDArray[np.uint64]
    mark: NDArray[np.uint64]

    def rows_of(self, chosen: Ints) -> "_Children":
        """Some of them."""
        return _Children._make(column[chosen] for column in self)


class LevelSweep:
    """A network, its bytes ``countable``, as it is swept.

    Attributes:
        complete: Whether the last run visited every state.
        order: The order that it found if it met the goal; it may take more than the budget where
            steps are taken for cheaper than they are.
        next_budget: If it is complete without an order, a lower bound on the peak.
        states: How many states it visited.
    """

    def __init__(self, net: Network) -> None:
        n = len(net.preds)
        self.net = net
        self.complete, self.states, self.next_budget = False, 0, 0
        self.order: list[int] | None = None
        self._steps: list[tuple[NDArray[np.int32], NDArray[np.int32]]] = []
        most = max(map(len, net.succs), default=0)
        kind = np.uint8 if most < np.iinfo(np.uint8).max else np.uint32
        self._done = np.iinfo(kind).max
        self._gain: Ints = np.array([-kept for kept in net.kept], np.int64)
        self._step: Ints = np.array(net.step, np.int64)
        self._sizes: Ints = np.array(net.sizes, np.int64)
        self._frees, self._preds = Ragged(net.frees), Ragged(net.preds)
        self._overlays = OverlayArrays(net.overlays)
        # Of each tensor, whose output may lie over it; -1: nobody's, n: those of several.
        self._over = np.full(len(net.sizes), -1)
        for v, overlays in enumerate(net.overlays):
            for overlay in overlays:
                known = self._over[overlay.input]
                self._over[overlay.input] = v if known in (-1, v) else n
        random = Random(0)
        self._marks = np.array([random.getrandbits(64) for _ in range(n)], np.uint64)
        self._bits = np.zeros((n, (n + 63) // 64), np.uint64)
        for v in range(n):
            self._bits[v, v // 64] = 1 << v % 64
        self._start = Level(
            np.array([list(map(len, net.succs))], kind),
            np.ones((1, len(net.sizes)), np.uint8),
            np.array([end_bytes(net)], np.int64),
            np.zeros((1, (n + 63) // 64), np.uint64),
            np.zeros(1, np.uint64),
        )
        self._row_bytes = 64 + n * (np.dtype(kind).itemsize + 1) + len(net.sizes)

    def run(
        self, budget: int, quota: int, completions: Completions, limits: Limits
    ) -> "LevelSweep":
        """Visit all states within a budget, unless there are more than about ``quota``.

        Raises:
            LimitReached: A limit was reached first.
        """
        self.complete, self.states, self.order = False, 0, None
        self.next_budget = highest_cost(self.net)
        self._steps = []
        level = self._start
        for _ in range(len(self.net.preds)):
            children = self._expand(level, budget, quota, limits)
            if children is None:
                return self
            children = children.rows_of(_distinct(children))
            level = self._added(level, children)
            alive = completions.alive(level.bits, budget)
            if completions.least < self.next_budget:
                self.next_budget = completions.least
            level = level.rows(alive)
            rows, added = children.rows[alive], children.added[alive]
            self._steps.append((rows.astype(np.int32), added.astype(np.int32)))
            self.states += len(rows)
            if self.states > quota:
                return self
            if not len(rows):
                self.complete = True
                return self
        self.complete = True
        self.order = self._trace()
        return self

    def _expand(self, level: Level, budget: int, quota: int, limits: Limits) -> _Children | None:
        """What follows the states of a level; None if that is too much."""
        found: list[_Children] = []
        count, bytes_taken = 0, len(level.live) * self._row_bytes
        for begin in range(0, len(level.live), _CHUNK):
            found.append(self._children(level, begin, budget))
            count += len(found[-1].rows)
            bytes_taken += len(found[-1].rows) * (32 + 8 * self._bits.shape[1])
            limits.check(bytes_taken)
            if bytes_taken > _MOST_BYTES or count > 16 * quota:
                return None
        if len(found) == 1:
            return found[0]
        return _Children._make(map(np.concatenate, zip(*found, strict=True)))

    def _children(self, level: Level, begin: int, budget: int) -> _Children:
        """What can follow some of the states of a level."""
        waiting = level.waiting[begin : begin + _CHUNK]
        rows, added = np.nonzero(waiting == 0)
        rows += begin
        owner, tensor = self._frees.of(added)
        revived = level.dead[rows[owner], tensor] == 1
        gain = self._gain[added]
        np.add.at(gain, owner[revived], self._sizes[tensor[revived]])
        live = level.live[rows] + gain
        cost = live + self._step[added]
        if self._overlays:
            cost -= self._saved(level, rows, added)
        fits = cost <= budget
        if not fits.all():
            self.next_budget = min(self.next_budget, int(cost[~fits].min()))
        movable = fits & (gain <= 0)
        if self._overlays:
            # To read a tensor first may cost others their savings.
            over = self._over[tensor]
            movable[owner[revived & (over >= 0) & (over != added[owner])]] = False
        free = np.flatnonzero(movable)
        if len(free):
            first = np.ones(len(free), bool)
            first[1:] = rows[free[1:]] != rows[free[:-1]]
            moved = np.zeros(len(waiting), bool)
            moved[rows[free] - begin] = True
            fits &= ~moved[rows - begin]
            fits[free[first]] = True
        chosen = np.flatnonzero(fits)
        rows, added = rows[chosen], added[chosen]
        return _Children(
            rows,
            added,
            live[chosen],
            level.bits[rows] | self._bits[added],
            level.mark[rows] ^ self._marks[added],
        )

    def _saved(self, level: Level, rows: Ints, added: Ints) -> Ints:
        """Bytes that are saved, or more."""
        saved: Ints = np.zeros(len(rows), np.int64)
        np.add.at(
            saved,
            *self._overlays.saved(added, lambda step, tensor: level.dead[rows[step], tensor] == 1),
        )
        return saved

    def _added(self, level: Level, children: _Children) -> Level:
        """The states of the next level."""
        waiting, dead = level.waiting[children.rows], level.dead[children.rows]
        waiting[np.arange(len(waiting)), children.added] = self._done
        row, pred = self._preds.of(children.added)
        waiting[row, pred] -= 1
        row, tensor = self._frees.of(children.added)
        dead[row, tensor] = 0
        return Level(waiting, dead, children.live, children.bits, children.mark)

    def _trace(self) -> list[int]:
        """The order of the first state of the last level."""
        row, found = 0, []
        for rows, added in reversed(self._steps):
            found.append(int(added[row]))
            row = int(rows[row])
        return found


def _distinct(children: _Children) -> Ints:
    """One of each state, in the order in which they come."""
    order = np.argsort(children.mark, kind="stable")
    mark = children.mark[order]
    again = np.flatnonzero(mark[1:] == mark[:-1]) + 1
    equal = (children.bits[order[again]] == children.bits[order[again - 1]]).all(axis=1)
    new = np.ones(len(order), bool)
    new[again[equal]] = False
    return np.sort(order[new])
