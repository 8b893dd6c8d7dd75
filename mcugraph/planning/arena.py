"""The plain-data problem that planners solve, and the plan that they return."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

from mcugraph.errors import GraphError
from mcugraph.planning.sections import sections
from mcugraph.records import dataclass, replace
from mcugraph.scheduling.liveness import liveness, numbered, takeovers
from mcugraph.scheduling.problem import Name, Problem
from mcugraph.scheduling.solving.matching import saved_bytes

TENSOR, SCRATCH = "tensor", "scratch"


@dataclass(frozen=True, slots=True)
class Block:
    """Some bytes that are needed for some time.

    Attributes:
        name: The tensor; for scratch memory the operator; what the CSV calls ``id``.
        size: Bytes.
        lower, upper: Needed from time ``lower`` to just before time ``upper``.
        offset: Where it has to lie, in bytes; None: wherever there is room.
        kind: ``"tensor"`` or ``"scratch"``.
    """

    name: Name
    size: int
    lower: int
    upper: int
    offset: int | None = None
    kind: str = TENSOR

    def at(self, offset: int) -> "Block":
        """The block at an offset, in bytes."""
        return Block(self.name, self.size, self.lower, self.upper, offset, self.kind)


@dataclass(frozen=True, slots=True)
class ArenaProblem:
    """Blocks that want a place in one arena.

    Two blocks that are needed at a common time may not overlap. A block without bytes is in
    nobody's way.

    Attributes:
        blocks: What to place.
        alignment: Offsets are multiples of it, and sizes are rounded up to it.
        shares: Pairs (earlier, later) of block numbers: the later one may take over the memory of
            the earlier one, at the same offset, although both are needed while one operator runs.
            Of the pairs that begin, or that end, at a block, a plan uses one at most.
    """

    blocks: tuple[Block, ...]
    alignment: int = 1
    shares: tuple[tuple[int, int], ...] = ()

    def verify(self) -> None:
        """Check that the problem does not contradict itself.

        Raises:
            GraphError: It does; the message names the block at fault.
        """
        if self.alignment < 1:
            raise GraphError(f"an alignment of {self.alignment} bytes is not possible")
        for block in self.blocks:
            if block.size < 0:
                raise GraphError(f"block {block.name!r} has the negative size {block.size}")
            if block.upper <= block.lower:
                raise GraphError(
                    f"block {block.name!r} is needed from {block.lower} to {block.upper}: "
                    "'upper' has to be larger than 'lower'"
                )
            if block.offset is not None and (block.offset < 0 or block.offset % self.alignment):
                raise GraphError(
                    f"block {block.name!r} has the fixed offset {block.offset}, "
                    f"which is no multiple of {self.alignment}"
                )
        self._verify_shares()
        self._verify_fixed()

    def _verify_shares(self) -> None:
        """Each pair could hold if it stood alone, and so could two that follow each other."""
        following: dict[int, list[int]] = {}
        for pair in self.shares:
            if not all(0 <= number < len(self.blocks) for number in pair):
                raise GraphError(f"the pair {pair} of 'shares' names a block that does not exist")
            following.setdefault(pair[0], []).append(pair[1])
        for a, b in self.shares:
            first, second = self.blocks[a], self.blocks[b]
            said = f"block {second.name!r} cannot follow {first.name!r} in place"
            if a == b or not first.lower <= second.lower < first.upper <= second.upper:
                raise GraphError(f"{said}: it is not needed from within its time to after it")
            if self.aligned(second.size) > self.aligned(first.size):
                raise GraphError(f"{said}: it is larger")
            if None not in (first.offset, second.offset) and first.offset != second.offset:
                raise GraphError(f"{said}: their fixed offsets differ")
            for c in following.get(b, ()):
                if self.blocks[c].lower < first.upper:
                    raise GraphError(
                        f"{said} and be followed by {self.blocks[c].name!r}: "
                        "all three are needed at once"
                    )

    def _verify_fixed(self) -> None:
        """Blocks with fixed offsets do not overlap, but for pairs at one offset."""
        fixed = [i for i, b in enumerate(self.blocks) if b.offset is not None and b.size]
        spans = [(self.blocks[i].lower, self.blocks[i].upper) for i in fixed]
        for members, new in sections(spans):
            for i, j in ((fixed[m], fixed[n]) for n in new for m in members if m != n):
                a, b = self.blocks[i], self.blocks[j]
                low, high = a.offset or 0, b.offset or 0
                if low == high and ((i, j) in self.shares or (j, i) in self.shares):
                    continue
                if low < high + self.aligned(b.size) and high < low + self.aligned(a.size):
                    first, second = self.blocks[min(i, j)], self.blocks[max(i, j)]
                    raise GraphError(
                        f"the fixed offsets of {first.name!r} and {second.name!r} make them overlap"
                    )

    @property
    def bound(self) -> int:
        """The most aligned bytes that are needed at one time: no arena is smaller.

        What blocks can save at that time by taking over each other's memory is taken off.
        """
        size = {i: self.aligned(block.size) for i, block in enumerate(self.blocks) if block.size}
        if self.shares:
            most = self._most_with_shares(size)
        else:
            change: dict[int, int] = {}  # of what is needed, from the time before
            for i, taken in size.items():
                block = self.blocks[i]
                change[block.lower] = change.get(block.lower, 0) + taken
                change[block.upper] = change.get(block.upper, 0) - taken
            most = max(accumulate(change[time] for time in sorted(change)), default=0)
        fixed = [b for b in self.blocks if b.offset is not None and b.size]
        return max([most, *((b.offset or 0) + self.aligned(b.size) for b in fixed)])

    def _most_with_shares(self, size: Mapping[int, int]) -> int:
        sized, most = list(size), 0
        following: dict[int, list[int]] = {}
        for a, b in self.shares:
            following.setdefault(a, []).append(b)
        for members, _ in sections([(self.blocks[i].lower, self.blocks[i].upper) for i in sized]):
            here = {sized[m] for m in members}
            pairs = [(a, b, size[b]) for a in here for b in following.get(a, ()) if b in here]
            most = max(most, sum(size[i] for i in here) - saved_bytes(pairs))
        return most

    def aligned(self, size: int) -> int:
        """A size rounded up to the alignment."""
        return -(-size // self.alignment) * self.alignment


@dataclass(frozen=True, slots=True)
class Plan:
    """An offset for every block, and what is proven about the arena.

    Attributes:
        blocks: The blocks of the problem with their offsets, in bytes; ``size`` is not rounded.
        arena: Bytes of the arena: the largest end of a block, its size rounded up. A block
            without bytes takes none, wherever it lies.
        lower_bound: Proven: with these lifetimes no arena is smaller, in bytes. Equal to
            ``arena`` if ``optimal``.
        peak: The largest aligned live set, in bytes: what the lifetimes ask for at the least.
        alignment: Offsets are multiples of it, in bytes.
        method: How the plan was made.
        order: Operator names in the order that the lifetimes are those of; empty if unknown.
        elapsed: Seconds that it took.
        stopped: Why the search ended before a proof: ``"time limit"``, ``"memory limit"`` or
            ``"interrupted"``; empty where nothing stopped it.
    """

    blocks: tuple[Block, ...]
    arena: int
    lower_bound: int
    peak: int
    alignment: int
    method: str = "auto"
    order: tuple[Name, ...] = ()
    elapsed: float = 0.0
    stopped: str = ""

    @property
    def offsets(self) -> dict[Name, int]:
        """Tensor name -> offset in the arena, in bytes."""
        return {b.name: b.offset or 0 for b in self.blocks if b.kind == TENSOR}

    @property
    def scratch(self) -> dict[Name, int]:
        """Operator name -> offset of its scratch memory, in bytes."""
        return {b.name: b.offset or 0 for b in self.blocks if b.kind == SCRATCH}

    @property
    def optimal(self) -> bool:
        """Whether no smaller arena is possible with these lifetimes."""
        return self.arena == self.lower_bound

    @property
    def gap(self) -> int:
        """Bytes between the arena and what is proven to be needed; 0 if optimal."""
        return self.arena - self.lower_bound


def arena_problem(problem: Problem, order: Sequence[Name], alignment: int = 16) -> ArenaProblem:
    """What is live when, with the operators run in the given order.

    Time counts operators: a block is needed from the step of its producer through that of its
    last reader. Graph inputs that lie elsewhere are left out, and so is what has no bytes. Outputs
    may take over the memory of inputs where the problem has in-place pairs.

    Raises:
        GraphError: ``order`` is not an order of the operators, or runs one too early.
    """
    steps = numbered(problem, order)
    live = liveness(problem, steps)
    elsewhere = set() if problem.count_inputs else set(problem.graph_inputs)
    placed = [t for t, size in enumerate(problem.sizes) if size and t not in elsewhere]
    block_of = {tensor: i for i, tensor in enumerate(placed)}
    blocks = [
        Block(problem.tensors[t], problem.sizes[t], live.begin[t], live.end[t]) for t in placed
    ]
    shares = [
        (block_of[a], block_of[b])
        for step in range(len(steps))
        for a, b in takeovers(problem, live, step)
        if {a, b} <= block_of.keys()
    ]
    for step, index in enumerate(steps):
        if problem.scratch and problem.scratch[index]:
            name = problem.operators[index]
            blocks.append(Block(name, problem.scratch[index], step, step + 1, None, SCRATCH))
    return ArenaProblem(tuple(blocks), alignment, tuple(shares))


def aligned_problem(problem: Problem, alignment: int) -> Problem:
    """The problem as an arena sees it: every size rounded up.

    In-place pairs are those of the problem itself: an output that is larger than an input may not
    take over its memory, even if both are rounded to one size.
    """

    def rounded(sizes: Sequence[int]) -> tuple[int, ...]:
        return tuple(-(-size // alignment) * alignment for size in sizes)

    inplace = tuple(
        tuple((a, b) for a, b in pairs if problem.sizes[b] <= problem.sizes[a])
        for pairs in problem.inplace
    )
    return replace(
        problem, sizes=rounded(problem.sizes), scratch=rounded(problem.scratch), inplace=inplace
    )
