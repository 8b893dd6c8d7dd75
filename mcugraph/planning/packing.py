"""From quick to thorough: greedy placements, then searches for smaller and smaller arenas."""

from collections.abc import Sequence
from random import Random

from mcugraph.planning.arena import ArenaProblem
from mcugraph.planning.choices import Shares
from mcugraph.planning.goal import Goal
from mcugraph.planning.items import Items, best_items
from mcugraph.planning.placing import SEQUENCES, first_fit
from mcugraph.scheduling.solving.limits import Limits


class Packing:
    """The best offsets so far of one problem, in units, and the best bound.

    Attributes:
        items: What is placed, with the choice of shares that the best offsets belong to.
        offsets: One an item.
        arena, lower_bound: Over all choices.
        peak: What the lifetimes ask for at the least, whatever is proven besides.
        bound: The same in bytes.
        goal: What there is no need to do better than: the peak, or more, if more will do.
    """

    def __init__(
        self, problem: ArenaProblem, limits: Limits, keep_on: Limits, enough: int = 0
    ) -> None:
        """A first packing, within the limits ``keep_on``; ``limits`` are told of what is found.

        An arena of ``enough`` bytes will do.

        Raises:
            LimitReached: A limit is passed before there is one.
        """
        self.problem = problem
        self.limits = limits
        self.shares = Shares(problem)
        self.items = best_items(problem, self.shares, keep_on.check)
        self.bound = problem.bound
        self.peak = -(-self.bound // self.items.unit)
        self.lower_bound = self.peak
        self.goal = max(self.peak, enough // self.items.unit)
        self._sequences: dict[int, list[int]] = {}
        self.offsets = first_fit(self.items, self.sequence(0), keep_on.check)
        self.arena = self.items.arena(self.offsets)
        self._tell()

    def sequence(self, turn: int) -> list[int]:
        """One of the greedy sequences of the items, made when it is first needed."""
        if turn not in self._sequences:
            self._sequences[turn] = SEQUENCES[turn](self.items)
        return self._sequences[turn]

    @property
    def nbytes(self) -> int:
        """Bytes of the arena."""
        return self.arena * self.items.unit

    @property
    def done(self) -> bool:
        """Whether the best offsets will do: they are proven to be, or reach the goal."""
        return self.arena <= max(self.lower_bound, self.goal)

    def adopt(self, offsets: Sequence[int] | None, items: Items | None = None) -> bool:
        """Take offsets if they are better, with their items if those are others; whether so."""
        found = items or self.items
        if offsets is None or found.arena(offsets) >= self.arena:
            return False
        if found is not self.items:
            self.items = found
            self._sequences.clear()
        self.offsets = list(offsets)
        self.arena = found.arena(offsets)
        self._tell()
        return True

    def _tell(self) -> None:
        self.limits.tell(self.lower_bound * self.items.unit, self.arena * self.items.unit)

    def quick(self, keep_on: Limits) -> None:
        """Greedy placements."""
        for turn in range(1, len(SEQUENCES)):
            if self.done:
                return
            self.adopt(first_fit(self.items, self.sequence(turn), keep_on.check))

    def search(self, rounds: int, keep_on: Limits, seed: int = 0) -> None:
        """Aim at the goal, at what is just better than the best, and between the two, in turn.

        The goal is the bound, if more will not do.
        """
        if self.done:
            return
        random = Random(seed)
        goals: dict[int, Goal] = {}
        for turn in range(rounds):
            keep_on.check()
            low, high = max(self.lower_bound, self.goal), self.arena - 1
            if low > high:
                return
            capacity = (low, (low + high) // 2, high)[turn % 3]
            if capacity not in goals:
                goals[capacity] = Goal(self.problem, self.shares, self.items, capacity)
            goal = goals[capacity]
            found = goal.attempt(random, keep_on.check)
            if found is not None:
                self.adopt(found[1], found[0])
            elif goal.impossible:
                self.lower_bound = capacity + 1
                self._tell()

    def block_offsets(self) -> list[int]:
        """The best offset of each block of the problem, in bytes."""
        return self.items.block_offsets(self.problem, self.offsets)
