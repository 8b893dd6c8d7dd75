"""From quick to thorough: greedy placements, learning from failures, exact search."""

from collections.abc import Sequence
from random import Random

from mcugraph.planning.arena import ArenaProblem
from mcugraph.planning.choices import Shares
from mcugraph.planning.exact import fits
from mcugraph.planning.items import Items, best_items, items_of
from mcugraph.planning.placing import SEQUENCES, exchange, first_fit, learn
from mcugraph.scheduling.limits import Limits

_TRIES = 300  # placements that learn from failures, in a short round
_OTHERS = 0.3  # how often another choice of what takes over what is tried, where there is one


class Packing:
    """The best offsets so far of one problem, in units, and the best bound.

    Attributes:
        items: What is placed, with the choice of shares that the best offsets belong to.
        offsets: One an item.
        arena, lower_bound: Over all choices.
    """

    def __init__(self, problem: ArenaProblem, limits: Limits) -> None:
        self.problem = problem
        self.limits = limits
        self.shares = Shares(problem)
        self.items = best_items(problem, self.shares)
        self.lower_bound = -(-problem.bound // self.items.unit)
        self._sequences: dict[int, list[int]] = {}
        self.offsets = first_fit(self.items, self.sequence(0))
        self.arena = self.items.arena(self.offsets)
        self._tell()

    def sequence(self, turn: int) -> list[int]:
        """One of the greedy sequences of the items, made when it is first needed."""
        if turn not in self._sequences:
            self._sequences[turn] = SEQUENCES[turn](self.items)
        return self._sequences[turn]

    @property
    def optimal(self) -> bool:
        """Whether the best offsets are proven to be."""
        return self.arena == self.lower_bound

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
        random = Random(seed)
        for turn in range(rounds):
            if self.optimal:
                return
            keep_on.check()
            if self.shares.free and turn and random.random() < _OTHERS:
                self._try_others(random, keep_on)
                continue
            sequence = self._start(turn, random)
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

    def _start(self, turn: int, random: Random) -> list[int]:
        """A sequence to start from."""
        if turn < len(SEQUENCES):
            return list(self.sequence(turn))
        count = len(self.items.height)
        if random.random() < 0.6:
            rank = zip(self.offsets, self.items.height, strict=True)
            key = [(offset, -height) for offset, height in rank]
            sequence = sorted(range(count), key=key.__getitem__)
        else:
            sequence = list(self.sequence(random.randrange(len(SEQUENCES))))
        for _ in range(random.choice((0, 1, 3, 10))):
            sequence.insert(random.randrange(count), sequence.pop(random.randrange(count)))
        return sequence

    def _try_others(self, random: Random, keep_on: Limits) -> None:
        """Another choice of what takes over what, briefly."""
        items = items_of(self.problem, self.shares.some(random))
        if items.clash():
            return
        sequence = SEQUENCES[random.randrange(len(SEQUENCES))](items)
        new = random.randrange(1 << 30)
        self.adopt(learn(items, sequence, self.arena - 1, _TRIES, new, keep_on.check), items)

    def exact(self, keep_on: Limits) -> None:
        """Bisect between the bound and the best arena, over all choices."""
        goal = self.lower_bound
        while not self.optimal:
            if not self._exact_within(goal, keep_on):
                self.lower_bound = goal + 1
                self._tell()
            goal = (self.lower_bound + self.arena - 1) // 2

    def _exact_within(self, goal: int, keep_on: Limits) -> bool:
        """Whether there is a plan of ``goal`` units, which is then adopted."""
        for choice in self.shares.within(goal * self.items.unit):
            keep_on.check()
            items = items_of(self.problem, choice)
            if not items.clash() and self.adopt(fits(items, goal, keep_on.check), items):
                return True
        return False

    def block_offsets(self) -> list[int]:
        """The best offset of each block of the problem, in bytes."""
        return self.items.block_offsets(self.problem, self.offsets)
