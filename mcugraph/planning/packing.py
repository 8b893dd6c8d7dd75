"""From quick to thorough: greedy placements, learning from failures, exact search."""

from collections.abc import Sequence
from random import Random

from mcugraph.errors import GraphError
from mcugraph.planning.arena import ArenaProblem, Plan, placed
from mcugraph.planning.exact import fits
from mcugraph.planning.items import Items, clash, items_of
from mcugraph.planning.placing import SEQUENCES, exchange, first_fit, learn
from mcugraph.scheduling.limits import Limits
from mcugraph.scheduling.problem import Name

_TRIES = 300  # placements that learn from failures, in a short round


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

    def quick(self) -> None:
        """Greedy placements."""
        for turn in range(1, len(SEQUENCES)):
            if self.optimal:
                return
            self.adopt(first_fit(self.items, self.sequence(turn)))

    def climb(self, rounds: int, keep_on: Limits, seed: int = 0) -> None:
        """Learn from placements that fail, and exchange items, in many sequences.

        Most rounds start from the best offsets so far, from the bottom up, the others from a
        greedy sequence; some items are then moved at random.
        """
        random, count = Random(seed), len(self.items.height)
        for turn in range(rounds):
            if self.optimal:
                return
            keep_on.check()
            if turn < len(SEQUENCES):
                sequence = list(self.sequence(turn))
            elif random.random() < 0.6:
                rank = zip(self.offsets, self.items.height, strict=True)
                key = [(offset, -height) for offset, height in rank]
                sequence = sorted(range(count), key=key.__getitem__)
            else:
                sequence = list(self.sequence(random.randrange(len(SEQUENCES))))
            for _ in range(0 if turn < len(SEQUENCES) else random.choice((0, 1, 3, 10))):
                sequence.insert(random.randrange(count), sequence.pop(random.randrange(count)))
            new = random.randrange(1 << 30)
            if turn >= 2 * len(SEQUENCES) and random.random() < 0.2:
                tries = random.choice((_TRIES, 10 * _TRIES))
                for offsets in exchange(
                    self.items, sequence, self.lower_bound, tries, new, keep_on.check
                ):
                    self.adopt(offsets)
                continue
            # The bound, or, should that be out of reach, whatever is better.
            goal = random.choice((self.lower_bound, self.arena - 1, self.arena - 1))
            tries = random.choice((_TRIES, 10 * _TRIES)) if turn >= len(SEQUENCES) else _TRIES
            self.adopt(learn(self.items, sequence, goal, tries, new, keep_on.check))

    def exact(self, keep_on: Limits) -> None:
        """Bisect between the bound and the best arena."""
        check = keep_on.check
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
