"""Which blocks take over the memory of which: the choice that saves most, and all others.

A pair of ``ArenaProblem.shares`` may be used or not. A choice is a set of pairs that can be used at
once: no two begin, or end, at one block, and what they join has no two fixed offsets. Pairs of
blocks that are fixed at one offset are part of every choice.
"""

from collections.abc import Iterator, Sequence
from random import Random

from mcugraph.planning.arena import ArenaProblem
from mcugraph.scheduling.solving.matching import Pair, best_pairs, saved_bytes

Choice = tuple[tuple[int, int], ...]


class Shares:
    """The pairs of a problem, sorted by whether there is a choice.

    Attributes:
        forced: Pairs that every plan uses.
        free: Pairs that a plan may use or not, with the bytes that they save, in order of time.
    """

    def __init__(self, problem: ArenaProblem) -> None:
        self._problem = problem
        blocks = problem.blocks
        pairs = [
            (a, b) for a, b in dict.fromkeys(problem.shares) if blocks[a].size and blocks[b].size
        ]
        self.forced = [(a, b) for a, b in pairs if None not in (blocks[a].offset, blocks[b].offset)]
        begun, ended = {a for a, _ in self.forced}, {b for _, b in self.forced}
        self.free: list[Pair] = sorted(
            (
                (a, b, problem.aligned(blocks[b].size))
                for a, b in pairs
                if a not in begun and b not in ended
            ),
            key=lambda pair: (blocks[pair[1]].lower, pair),
        )

    def best(self) -> Choice:
        """The choice that saves most, at each time."""
        return self._joined(best_pairs(self.free))

    def least(self) -> Choice:
        """Only what every plan uses."""
        return tuple(self.forced)

    def some(self, random: Random) -> Choice:
        """A random choice: pairs as they come, some of them left out."""
        pairs = [(a, b) for a, b, _ in self.free if random.random() < 0.7]
        random.shuffle(pairs)
        return self._joined(pairs)

    def _joined(self, pairs: Sequence[tuple[int, int]]) -> Choice:
        """The pairs, without those that contradict earlier ones."""
        choice = _Growing(self._problem, self.forced)
        for a, b in pairs:
            choice.add(a, b)
        return choice.pairs

    def within(self, capacity: int) -> Iterator[Choice]:
        """Every choice with which no time needs more than ``capacity`` bytes, the largest first."""
        tightness = _Tightness(self._problem, self.forced, self.free, capacity)
        if not self.free:
            if tightness.holds((), 0):
                yield self.least()
            return
        # Each entry decides the pairs before one: what was taken, and which pair is next.
        stack: list[tuple[Choice, int]] = [((), 0)]
        while stack:
            taken, at = stack.pop()
            if not tightness.holds(taken, at):
                continue
            if at == len(self.free):
                yield (*self.forced, *taken)
                continue
            stack.append((taken, at + 1))
            a, b, _ = self.free[at]
            choice = _Growing(self._problem, (*self.forced, *taken))
            if choice.add(a, b):
                stack.append(((*taken, (a, b)), at + 1))


class _Growing:
    """Pairs that can be used at once, one by one."""

    def __init__(self, problem: ArenaProblem, pairs: Sequence[tuple[int, int]]) -> None:
        self._problem = problem
        self._after: dict[int, int] = {}
        self._before: dict[int, int] = {}
        for a, b in pairs:
            self._after[a], self._before[b] = b, a

    @property
    def pairs(self) -> Choice:
        return tuple(self._after.items())

    def add(self, a: int, b: int) -> bool:
        """Join two blocks, if nothing speaks against it; whether it was done."""
        if a in self._after or b in self._before:
            return False
        offsets = {self._problem.blocks[i].offset for i in (*self._chain(a), *self._chain(b))}
        if len(offsets - {None}) > 1:
            return False
        self._after[a], self._before[b] = b, a
        return True

    def _chain(self, i: int) -> list[int]:
        """All blocks that are joined with one, itself included."""
        chain = [i]
        while chain[-1] in self._after:
            chain.append(self._after[chain[-1]])
        while chain[0] in self._before:
            chain.insert(0, self._before[chain[0]])
        return chain


class _Tightness:
    """Whether every time still fits, with some pairs decided and the best of the others taken."""

    def __init__(
        self,
        problem: ArenaProblem,
        forced: Sequence[tuple[int, int]],
        free: Sequence[Pair],
        capacity: int,
    ) -> None:
        # For each section that pairs matter in: bytes to save, and what pairs, by number, save.
        self._wanted: list[tuple[int, dict[int, Pair]]] = []
        for here in problem.sections():
            wanted = sum(here.values()) - capacity
            wanted -= sum(here[b] for a, b in forced if a in here and b in here)
            if wanted > 0:
                pairs = {
                    number: (a, b, here[b])
                    for number, (a, b, _) in enumerate(free)
                    if a in here and b in here
                }
                self._wanted.append((wanted, pairs))

    def holds(self, taken: Choice, at: int) -> bool:
        """With ``taken`` of the pairs before number ``at``."""
        chosen = set(taken)
        for wanted, pairs in self._wanted:
            left = [pair for p, pair in pairs.items() if p >= at or pair[:2] in chosen]
            if saved_bytes(left) < wanted:
                return False
        return True
