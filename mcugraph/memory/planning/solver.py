"""From quick to thorough: greedy placements, learning from failures, exact search."""

from collections.abc import Sequence

from mcugraph.errors import GraphError
from mcugraph.memory.limits import Limits
from mcugraph.memory.planning.arena import ArenaProblem, Plan, placed
from mcugraph.memory.planning.exact import fits
from mcugraph.memory.planning.greedy import SEQUENCES, first_fit, learn
from mcugraph.memory.planning.items import Items, clash, items_of
from mcugraph.memory.problem import Name

_TRIES = 400  # placements that learn from failures, before the search for a proof


class Solver:
    """The best offsets so far, in units, and the best bound."""

    def __init__(self, problem: ArenaProblem, limits: Limits) -> None:
        problem.verify()
        self.problem = problem
        self.limits = limits
        self.items: Items = items_of(problem)
        pair = clash(self.items)
        if pair is not None:
            first, second = (problem.blocks[self.items.members[i][0]].name for i in pair)
            raise GraphError(f"the fixed offsets of {first!r} and {second!r} make them overlap")
        self.peak = problem.bound
        self.lower_bound = -(-self.peak // self.items.unit)
        self._sequences: dict[int, list[int]] = {}
        self.offsets = first_fit(self.items, self.sequence(0))
        self.arena = self.items.arena(self.offsets)

    def sequence(self, turn: int) -> list[int]:
        """One of the greedy sequences, made when it is first needed."""
        if turn not in self._sequences:
            self._sequences[turn] = SEQUENCES[turn](self.items)
        return self._sequences[turn]

    @property
    def optimal(self) -> bool:
        """Whether the best offsets are proven to be."""
        return self.arena == self.lower_bound

    def adopt(self, offsets: Sequence[int] | None) -> bool:
        """Take offsets if they are better; whether they are."""
        if offsets is None or self.items.arena(offsets) >= self.arena:
            return False
        self.offsets = list(offsets)
        self.arena = self.items.arena(offsets)
        unit = self.items.unit
        self.limits.tell(self.lower_bound * unit, self.arena * unit)
        return True

    def quick(self, tries: int = _TRIES, seed: int = 0) -> None:
        """Greedy placements and what can be learned from their failures."""
        for turn in range(1, len(SEQUENCES)):
            if self.optimal:
                return
            self.adopt(first_fit(self.items, self.sequence(turn)))
        for turn in range(len(SEQUENCES)):
            sequence = self.sequence(turn)
            # The bound first; then, should that be out of reach, whatever is better.
            for goal in (self.lower_bound, (self.lower_bound + self.arena) // 2, self.arena - 1):
                if self.optimal:
                    return
                if self.lower_bound <= goal < self.arena:
                    found = learn(self.items, sequence, goal, tries, seed + turn, self.limits.check)
                    self.adopt(found)

    def exact(self, keep_on: Limits | None = None) -> None:
        """Bisect between the bound and the best arena."""
        check = (keep_on or self.limits).check
        goal = self.lower_bound
        while not self.optimal:
            found = fits(self.items, goal, check)
            if found is None:
                self.lower_bound = goal + 1
            else:
                self.adopt(found)
            goal = (self.lower_bound + self.arena - 1) // 2

    def plan(self, order: Sequence[Name] = ()) -> Plan:
        """The best plan, in bytes."""
        offsets = [0] * len(self.problem.blocks)
        for i, chain in enumerate(self.items.members):
            for number in chain:
                offsets[number] = self.offsets[i] * self.items.unit
        return Plan(
            placed(self.problem, offsets),
            self.arena * self.items.unit,
            self.lower_bound * self.items.unit,
            self.peak,
            self.problem.alignment,
            order=tuple(order),
            elapsed=self.limits.elapsed,
        )
