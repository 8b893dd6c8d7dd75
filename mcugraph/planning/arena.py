"""The plain-data problem that planners solve, and the plan that they return."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mcugraph.errors import GraphError
from mcugraph.scheduling.problem import Name, Problem

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


@dataclass(frozen=True, slots=True)
class ArenaProblem:
    """Blocks that want a place in one arena.

    Two blocks that are needed at a common time may not overlap.

    Attributes:
        blocks: What to place.
        alignment: Offsets are multiples of it, and sizes are rounded up to it.
        shares: Pairs (earlier, later) of block numbers: the later one may take over the memory of
            the earlier one, at the same offset, although both are needed while one operator runs.
            At most one pair begins, and one ends, at a block.
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
        for side in (0, 1):
            used = [pair[side] for pair in self.shares]
            if len(set(used)) != len(used):
                raise GraphError("a block shares its memory with two others at once")
        for a, b in self.shares:
            first, second = self.blocks[a], self.blocks[b]
            if not first.lower <= second.lower < first.upper <= second.upper:
                raise GraphError(f"block {second.name!r} cannot follow {first.name!r} in place")

    @property
    def bound(self) -> int:
        """The largest sum of aligned sizes that are needed at one time: no arena is smaller."""
        events: dict[int, int] = {}
        later_of = dict(self.shares)
        for number, block in enumerate(self.blocks):
            size = self.aligned(block.size)
            events[block.lower] = events.get(block.lower, 0) + size
            events[block.upper] = events.get(block.upper, 0) - size
            if number in later_of:
                other = self.blocks[later_of[number]]
                both = min(size, self.aligned(other.size))
                events[other.lower] = events.get(other.lower, 0) - both
                events[block.upper] = events.get(block.upper, 0) + both
        live = most = 0
        for time in sorted(events):
            live += events[time]
            most = max(most, live)
        reach = [self.aligned(b.offset + b.size) for b in self.blocks if b.offset is not None]
        return max([most, *reach])

    def aligned(self, size: int) -> int:
        """A size rounded up to the alignment."""
        return -(-size // self.alignment) * self.alignment


@dataclass(frozen=True, slots=True)
class Plan:
    """An offset for every block, and what is proven about the arena.

    Attributes:
        blocks: The blocks of the problem with their offsets, in bytes; ``size`` is not rounded.
        arena: Bytes of the arena: the largest end of a block, its size rounded up.
        lower_bound: Proven: with these lifetimes no arena is smaller, in bytes. Equal to
            ``arena`` if ``optimal``.
        peak: The largest aligned live set, in bytes: what the lifetimes ask for at the least.
        alignment: Offsets are multiples of it, in bytes.
        method: How the plan was made.
        order: Operator names in the order that the lifetimes are those of; empty if unknown.
        elapsed: Seconds that it took.
    """

    blocks: tuple[Block, ...]
    arena: int
    lower_bound: int
    peak: int
    alignment: int
    method: str = "auto"
    order: tuple[Name, ...] = ()
    elapsed: float = 0.0

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
    last reader. Graph inputs that lie elsewhere are left out, and so is what has no bytes.

    Raises:
        GraphError: ``order`` is not an order of the operators, or runs one too early.
    """
    number = {name: index for index, name in enumerate(problem.operators)}
    if len(order) != len(number) or set(order) != number.keys():
        raise GraphError("the order does not hold every operator exactly once")
    steps = [number[name] for name in order]
    when = {index: step for step, index in enumerate(steps)}
    if any(when[earlier] > when[later] for earlier, later in problem.after):
        raise GraphError("the order breaks an 'after' pair")
    first = dict.fromkeys(problem.graph_inputs, 0)
    last = dict(first)
    for step, index in enumerate(steps):
        for tensor in problem.inputs[index]:
            if tensor not in first:
                raise GraphError(f"operator {problem.operators[index]!r} runs too early")
            last[tensor] = step
        for tensor in problem.outputs[index]:
            first[tensor] = last[tensor] = step
    last.update((tensor, max(len(steps) - 1, 0)) for tensor in problem.graph_outputs)
    elsewhere = set() if problem.count_inputs else set(problem.graph_inputs)
    placed = [t for t in first if problem.sizes[t] and t not in elsewhere]
    block_of = {tensor: i for i, tensor in enumerate(placed)}
    blocks = [Block(problem.tensors[t], problem.sizes[t], first[t], last[t] + 1) for t in placed]
    shares = _shares(problem, steps, last, block_of)
    for step, index in enumerate(steps):
        if problem.scratch and problem.scratch[index]:
            name = problem.operators[index]
            blocks.append(Block(name, problem.scratch[index], step, step + 1, None, SCRATCH))
    return ArenaProblem(tuple(blocks), alignment, shares)


def _shares(
    problem: Problem, steps: list[int], last: dict[int, int], block_of: dict[int, int]
) -> tuple[tuple[int, int], ...]:
    """The in-place pairs that save most, the largest output first."""
    chosen: list[tuple[int, int]] = []
    for step, index in enumerate(steps):
        pairs = [
            (a, b)
            for a, b in (problem.inplace[index] if problem.inplace else ())
            if last[a] == step
            and a not in problem.graph_outputs
            and problem.sizes[b] <= problem.sizes[a]
            and {a, b} <= block_of.keys()
        ]
        chosen += most_shared(pairs, problem.sizes)
    return tuple((block_of[a], block_of[b]) for a, b in chosen)


def most_shared(
    pairs: Sequence[tuple[int, int]], sizes: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """Of the pairs (input, output) those that save most bytes, no tensor in two of them."""
    best: dict[frozenset[int], tuple[int, tuple[tuple[int, int], ...]]] = {frozenset(): (0, ())}
    for a, b in pairs:
        for used, (saved, chosen) in list(best.items()):
            if a not in used and b not in used:
                key, value = used | {a, b}, (saved + sizes[b], (*chosen, (a, b)))
                if key not in best or best[key] < value:
                    best[key] = value
    return max(best.values())[1]


def placed(problem: ArenaProblem, offsets: Sequence[int]) -> tuple[Block, ...]:
    """The blocks of the problem with the given offsets."""
    return tuple(
        replace(block, offset=offset) for block, offset in zip(problem.blocks, offsets, strict=True)
    )
