"""A beam: many partial orders grown at once, an operator at a time, of which the lowest are kept.

All states of a level hold the same number of operators (chains of them, see ``chains``). Each is
extended by what is ready and fits the budget, of states that are the same one is kept, and of the
rest those with the least live; what the next operator would free at once counts as free already.
An operator after which no more is live than before is a free move (see ``search``): a state that
has one goes no other way. Unlike ``search`` a beam proves nothing, but the states of a level are
the rows of arrays, which makes each cheaper by far than a state that is looked at alone. A little
noise, a fixed amount for each operator that a state holds, makes a beam keep other ones.

After P. S. Ow and T. E. Morton, "Filtered beam search in scheduling" (1988), but over states, as
the dynamic programme has them (see ``dp``), in place of sequences.
"""

from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from mcugraph.scheduling.solving.chains import private_chains
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network, end_bytes
from mcugraph.scheduling.solving.overlay_arrays import OverlayArrays
from mcugraph.scheduling.solving.ragged import Ints, Ragged

_LEVEL_CELLS = 20_000  # a level takes as long as so many cells, be it as narrow as it may
_LEFT = 32  # bits of a tensor's entry below the number of its readers that are left


class Beam:
    """A network as a beam sees it that grows states in one direction (see ``direction``).

    Its bytes have to be ``countable``.

    Attributes:
        cells: How many numbers the states have that dives have kept so far: what they cost,
            whatever the clock says.
    """

    def __init__(self, net: Network, forward: bool) -> None:
        self.forward = forward
        self.cells = 0
        self._chains = chains = private_chains(net)
        heads = [chain.operators[0] for chain in chains]
        of = {v: i for i, chain in enumerate(chains) for v in chain.operators}
        preds = [sorted({of[u] for u in net.preds[head]}) for head in heads]
        succs: list[list[int]] = [[] for _ in chains]
        for i, needed in enumerate(preds):
            for u in needed:
                succs[u].append(i)
        frees = [net.frees[head] for head in heads]
        readers: list[list[int]] = [[] for _ in net.sizes]
        for i, tensors in enumerate(frees):
            for tensor in tensors:
                readers[tensor].append(i)

        self._needed = np.array([len(n) for n in (preds if forward else succs)], np.int32)
        self._following = Ragged(succs if forward else preds)
        self._frees, self._readers = Ragged(frees), Ragged(readers)
        self._sizes: Ints = np.array(net.sizes, np.int64)
        self._step: Ints = np.array([net.step[head] for head in heads], np.int64)
        self._tail: Ints = np.array([chain.tail for chain in chains], np.int64)
        self._scale = int(self._step.mean()) if chains else 0
        self._overlays = OverlayArrays([net.overlays[head] for head in heads])
        # The level at which the first operator runs, and what it needs besides.
        self._first = (0 if forward else len(chains) - 1, net.first)
        # By how much each chain changes what is live in the empty state.
        gain = [chain.kept for chain in chains]
        if forward:
            # Readers that are left, and the sum of their numbers: in the end, the last one's.
            entries = [(len(r) << _LEFT) + sum(r) for r in readers]
            for size, r in zip(net.sizes, readers, strict=True):
                if len(r) == 1:
                    gain[r[0]] -= size
            self._start = net.start
        else:
            entries = [1] * len(readers)  # whether it is dead after what is to come
            gain = [
                sum(net.sizes[t] for t in tensors) - change
                for tensors, change in zip(frees, gain, strict=True)
            ]
            self._start = end_bytes(net)
        self._entries: Ints = np.array(entries, np.int64)
        self._gain: Ints = np.array(gain, np.int64)

    def most_cells(self, width: int) -> int:
        """Cells that a dive may spend."""
        count = len(self._chains)
        return count * (width * (count + len(self._sizes)) + _LEVEL_CELLS)

    def dive(
        self, budget: int, width: int, limits: Limits, random: Random, noise: float = 0.0
    ) -> list[int] | None:
        """An order whose peak is within the budget, or None: then there may be one all the same.

        Args:
            budget: Bytes, less than 2**62.
            width: States that a level may keep.
            limits: Limits to keep.
            random: Where the noise comes from.
            noise: How much of the mean step of an operator one operator may count for or against.

        Raises:
            LimitReached: A limit was reached first.
        """
        count = len(self._chains)
        mark: Ints = np.array([random.getrandbits(62) for _ in range(count)], np.int64)
        scale = noise * self._scale
        bias = np.array([random.uniform(-scale, scale) for _ in range(count if noise else 0)])
        states = _States(self)
        steps: list[tuple[NDArray[np.int32], NDArray[np.int32]]] = []
        for level in range(count):
            rows, added, after = self._candidates(states, budget, level)
            if not len(rows):
                self.cells += _LEVEL_CELLS
                return None
            marks, distinct = np.unique(states.mark[rows] ^ mark[added], return_index=True)
            rows, added, after = rows[distinct], added[distinct], after[distinct]
            biases = states.bias[rows] + bias[added] if noise else states.bias[rows]
            if len(rows) > width:
                height = after + self._freed_next(states, rows, added) + biases
                best = np.argpartition(height, width)[:width]
                rows, added, after = rows[best], added[best], after[best]
                marks, biases = marks[best], biases[best]
            states.step(rows, added, after, marks, biases)
            steps.append((rows.astype(np.int32), added.astype(np.int32)))
            cells = len(rows) * (count + len(self._sizes))
            self.cells += cells + _LEVEL_CELLS
            limits.check(32 * cells)  # two sets of states, about 16 bytes a cell
        return self._order(steps)

    def _candidates(self, states: "_States", budget: int, level: int) -> tuple[Ints, Ints, Ints]:
        """What can follow: the state, what is added to it, what is live then."""
        rows, added = np.nonzero(states.waiting == 0)
        gain = states.gain[rows, added]
        live = states.live[rows]
        after = live + gain
        low, high = (live, after) if self.forward else (after, live)
        cost = low + self._step[added] - self._saved(states, rows, added)
        cost = np.maximum(cost, high + self._tail[added])
        if level == self._first[0]:
            cost += self._first[1]
        fits = cost <= budget
        rows, added, gain, after = rows[fits], added[fits], gain[fits], after[fits]
        free = np.flatnonzero(gain <= 0)
        if len(free):
            moved = np.zeros(len(states.live), bool)
            moved[rows[free]] = True
            leading = np.ones(len(free), bool)
            leading[1:] = rows[free][1:] != rows[free][:-1]
            kept = ~moved[rows]
            kept[free[leading]] = True
            rows, added, after = rows[kept], added[kept], after[kept]
        return rows, added, after

    def _saved(self, states: "_States", rows: Ints, added: Ints) -> Ints:
        """Bytes saved by one output: several that are in place may save more together."""
        saved: Ints = np.zeros(len(rows), np.int64)
        if self._overlays:

            def dies(step: Ints, tensor: Ints) -> NDArray[np.bool_]:
                entries = states.entries[rows[step], tensor]
                last: NDArray[np.bool_] = (entries >> _LEFT if self.forward else entries) == 1
                return last

            np.maximum.at(saved, *self._overlays.saved(added, dies))
        return saved

    def _freed_next(self, states: "_States", rows: Ints, added: Ints) -> Ints:
        """Change of what is live by the best operator that would be ready then, if it is lower."""
        owner, following = self._following.of(added)
        ready = states.waiting[rows[owner], following] == 1
        owner, following = owner[ready], following[ready]
        change: Ints = np.zeros(len(rows), np.int64)
        np.minimum.at(change, owner, states.gain[rows[owner], following])
        return change

    def _order(self, steps: Sequence[tuple[NDArray[np.int32], NDArray[np.int32]]]) -> list[int]:
        """The order that leads to the first state of the last level."""
        row, found = 0, []
        for rows, added in reversed(steps):
            found.append(int(added[row]))
            row = int(rows[row])
        if self.forward:
            found.reverse()
        return [v for i in found for v in self._chains[i].operators]


class _States:
    """The states of a level, a row each.

    Attributes:
        waiting: How much each chain waits for; -1 if the state holds it.
        gain: By how much each would change what is live.
        entries: Of each tensor, forwards: readers that are left and their sum; backwards: whether
            none of its readers is in the state.
        live: Bytes live in each state.
        mark: A number that tells which chains a state holds.
        bias: The noise of what it holds.
    """

    __slots__ = ("_beam", "bias", "entries", "gain", "live", "mark", "waiting")

    def __init__(self, beam: Beam) -> None:
        self._beam = beam
        self.waiting = beam._needed[None]
        self.gain = beam._gain[None]
        self.entries = beam._entries[None]
        self.live: Ints = np.array([beam._start], np.int64)
        self.mark: Ints = np.zeros(1, np.int64)
        self.bias: NDArray[np.float64] = np.zeros(1)

    def step(
        self, rows: Ints, added: Ints, live: Ints, mark: Ints, bias: NDArray[np.float64]
    ) -> None:
        """Become the next level: what is ``added`` to the states ``rows``."""
        beam = self._beam
        self.live, self.mark, self.bias = live, mark, bias
        self.waiting, self.gain = self.waiting[rows], self.gain[rows]
        self.entries = self.entries[rows]
        self.waiting[np.arange(len(rows)), added] = -1
        row, following = beam._following.of(added)
        self.waiting[row, following] -= 1
        row, tensor = beam._frees.of(added)
        if beam.forward:
            self.entries[row, tensor] -= (1 << _LEFT) + added[row]
            left = self.entries[row, tensor]
            one = left >> _LEFT == 1
            row, tensor, reader = row[one], tensor[one], left[one] & ((1 << _LEFT) - 1)
        else:
            dead = self.entries[row, tensor] == 1
            row, tensor = row[dead], tensor[dead]
            self.entries[row, tensor] = 0
            owner, reader = beam._readers.of(tensor)
            row, tensor = row[owner], tensor[owner]
        np.subtract.at(self.gain, (row, reader), beam._sizes[tensor])
