"""Tools to property-test schedulers and planners: random problems, oracles and checkers.

``problems()``, ``graphs()`` and ``arenas()`` need the package ``hypothesis``; the rest does not.
"""

from collections.abc import Callable
from itertools import permutations, product
from typing import TYPE_CHECKING, Any

from mcugraph.errors import GraphError
from mcugraph.ir import DType, Graph, Kind, Op, Operator, Source, Tensor
from mcugraph.ops.convolution import Conv
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.selection import Concat, Split
from mcugraph.ops.window import SAME_UPPER
from mcugraph.planning.arena import ArenaProblem, Block
from mcugraph.planning.plan_checker import check_plan
from mcugraph.records import replace
from mcugraph.scheduling.order_checker import check_schedule
from mcugraph.scheduling.problem import Problem

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = [
    "SHAPES",
    "arenas",
    "brute_force_arena",
    "brute_force_peak",
    "check_plan",
    "check_schedule",
    "graphs",
    "problems",
]

SHAPES = ("chain", "branches", "cell", "layered", "random")

Integer = Callable[[int, int], int]  # draws an integer between two bounds, both included


def brute_force_peak(problem: Problem) -> int:
    """Least peak over all orders, by trying every one; for about nine operators at most."""
    n = len(problem.operators)
    writer = {t: i for i, written in enumerate(problem.outputs) for t in written}
    before = {(writer[t], i) for i, read in enumerate(problem.inputs) for t in read if t in writer}
    before |= set(problem.after)
    best: int | None = None
    for order in permutations(range(n)):
        when = [0] * n
        for step, index in enumerate(order):
            when[index] = step
        if all(when[a] < when[b] for a, b in before):
            peak = check_schedule(problem, [problem.operators[i] for i in order])
            best = peak if best is None else min(best, peak)
    assert best is not None, "the file order is always there"
    return best


def brute_force_arena(problem: ArenaProblem) -> int:
    """Smallest arena in bytes, by placing the blocks in every sequence; for about seven blocks.

    In some sequence every block of a best plan is at the lowest place that those before it leave.
    Every set of ``shares`` that can be used at once is tried; what they join is placed as one.
    A block that may lie over another at an offset with it comes before that one.
    """
    sized = [i for i, block in enumerate(problem.blocks) if block.size]
    best: int | None = None
    for used in product((False, True), repeat=len(problem.shares)):
        pairs = [pair for pair, use in zip(problem.shares, used, strict=True) if use]
        following = dict(pairs)
        if len(following) < len(pairs) or len(set(following.values())) < len(pairs):
            continue
        chains = []
        for i in sized:
            if i not in following.values():
                chain = [i]
                while following.get(chain[-1]) in sized:
                    chain.append(following[chain[-1]])
                chains.append(chain)
        arena = _smallest(problem, chains)
        if arena is not None and (best is None or arena < best):
            best = arena
    assert best is not None, "the fixed offsets leave no room"
    return best


def _smallest(problem: ArenaProblem, chains: list[list[int]]) -> int | None:
    """The smallest arena with what stands in one chain at one offset; None: fixed blocks clash."""
    blocks, step = problem.blocks, problem.alignment

    def aligned(size: int) -> int:
        return -(-size // step) * step

    def size(i: int) -> int:
        return aligned(blocks[i].size)

    leads = {(a, b): min(aligned(lead), size(b)) for a, b, lead in problem.overlaps}

    fixed = [chain for chain in chains if any(blocks[i].offset is not None for i in chain)]
    best: int | None = None
    for sequence in permutations([chain for chain in chains if chain not in fixed]):
        taken: dict[int, int] = {}
        for chain in (*fixed, *sequence):
            near = [
                (taken[j] - leads.get((j, i), size(i)) + 1, taken[j] + leads.get((i, j), size(j)))
                for i in chain
                for j in taken
                if blocks[i].lower < blocks[j].upper and blocks[j].lower < blocks[i].upper
            ]
            starts = {offset for i in chain if (offset := blocks[i].offset) is not None}
            free = [
                start
                for start in starts or {0, *(end for _, end in near)}
                if all(not low <= start < end for low, end in near)
            ]
            if len(starts) > 1 or not free:
                return None  # only what is fixed can fail, in every sequence
            taken |= dict.fromkeys(chain, min(free))
        arena = max((start + size(i) for i, start in taken.items()), default=0)
        best = arena if best is None else min(best, arena)
    return best


def arenas(
    max_blocks: int = 6,
    max_size: int = 9,
    fixed: bool = False,
    shares: bool = False,
    overlaps: bool = False,
) -> "SearchStrategy[ArenaProblem]":
    """A hypothesis strategy for planning problems.

    Args:
        max_blocks: Most blocks.
        max_size: Largest block, in bytes.
        fixed: Some blocks may have fixed offsets, and some no bytes.
        shares: Some blocks may take over the memory of others.
        overlaps: Some blocks may lie over others where their times meet.
    """
    from hypothesis import strategies as st

    @st.composite
    def build(draw: Any) -> ArenaProblem:
        def integer(low: int, high: int) -> int:
            return int(draw(st.integers(low, high)))

        count = integer(0, max_blocks)
        return build_arena(integer, count, max_size, fixed, shares, overlaps)

    return build()


def build_arena(
    integer: Integer,
    count: int,
    max_size: int = 9,
    fixed: bool = False,
    shares: bool = False,
    overlaps: bool = False,
) -> ArenaProblem:
    """A planning problem of ``count`` blocks whose choices come from ``integer(low, high)``."""
    alignment = (1, 1, 4)[integer(0, 2)]
    problem = ArenaProblem((), alignment)
    for number in range(count):
        if overlaps and number and integer(0, 3):  # follows on another one, as an output does
            lower = problem.blocks[integer(0, number - 1)].upper - 1
            upper = lower + integer(1, 3)
        else:
            lower = integer(0, 5)
            upper = integer(lower + 1, 7)
        size = integer(0 if fixed else 1, max_size)
        offset = alignment * integer(0, 3) if fixed and not integer(0, 2) else None
        block = Block(f"b{number}", size, lower, upper, offset)
        larger = replace(problem, blocks=(*problem.blocks, block))
        if not _possible(larger):
            larger = replace(problem, blocks=(*problem.blocks, replace(block, offset=None)))
        problem = larger
    for a, b in permutations(range(count if shares or overlaps else 0), 2):
        if shares and integer(0, 2):
            shared = replace(problem, shares=(*problem.shares, (a, b)))
            if len(shared.shares) < 6 and _possible(shared):
                problem = shared
        if overlaps and integer(0, 3):
            lead = integer(0, max_size) if integer(0, 2) else 0
            over = replace(problem, overlaps=(*problem.overlaps, (a, b, lead)))
            if _possible(over):
                problem = over
    return problem


def _possible(problem: ArenaProblem) -> bool:
    try:
        problem.verify()
    except GraphError:
        return False
    return True


def problems(
    min_operators: int = 0,
    max_operators: int = 9,
    shapes: tuple[str, ...] = SHAPES,
    max_size: int = 8,
    plain: bool = False,
    overlaps: bool = False,
) -> "SearchStrategy[Problem]":
    """A hypothesis strategy for scheduling problems.

    Args:
        min_operators: Fewest operators.
        max_operators: Most operators.
        shapes: Which of ``SHAPES`` to draw from.
        max_size: Largest tensor, in bytes.
        plain: Only what every scheduler knows: one output an operator, no scratch, no in-place
            pairs, no extra precedence, inputs counted, nothing of size 0.
        overlaps: Outputs may lie over inputs that die, as far as some lead allows.
    """
    from hypothesis import strategies as st

    @st.composite
    def build(draw: Any) -> Problem:
        def integer(low: int, high: int) -> int:
            return int(draw(st.integers(low, high)))

        n = integer(min_operators, max_operators)
        shape = draw(st.sampled_from(shapes))
        return build_problem(integer, n, shape, max_size, plain, overlaps)

    return build()


def build_problem(
    integer: Integer,
    n: int,
    shape: str,
    max_size: int = 8,
    plain: bool = False,
    overlaps: bool = False,
) -> Problem:
    """A problem of ``n`` operators whose choices come from ``integer(low, high)``.

    ``problems()`` calls it with hypothesis' choices; ``random.Random(seed).randint`` does as well.
    """

    def chance(percent: int) -> bool:
        return integer(1, 100) > 100 - percent

    def size() -> int:
        return 0 if not plain and chance(5) else integer(1, max_size)

    sizes = [size() for _ in range(1 if plain else integer(0, 2))]
    graph_inputs = list(range(len(sizes)))
    inputs: list[tuple[int, ...]] = []
    outputs: list[tuple[int, ...]] = []
    for index, sources in enumerate(_edges(integer, n, shape)):
        written = [outputs[u] for u in sources if outputs[u]]
        tensors = [tensors[integer(0, len(tensors) - 1)] for tensors in written]
        if graph_inputs and (index == 0 or not sources or (not plain and chance(10))):
            tensors.append(graph_inputs[integer(0, len(graph_inputs) - 1)])
        inputs.append(tuple(dict.fromkeys(tensors)))
        count = 1 if plain or not chance(20) else integer(0, 3)
        outputs.append(tuple(range(len(sizes), len(sizes) + count)))
        sizes += [size() for _ in range(count)]
    read_somewhere = {t for read in inputs for t in read}
    kept = [
        t
        for t in range(len(sizes))
        if (t not in read_somewhere and (plain or chance(70))) or (not plain and chance(5))
    ]
    problem = Problem(
        tensors=tuple(f"t{i}" for i in range(len(sizes))),
        sizes=tuple(sizes),
        operators=tuple(f"op{i}" for i in range(n)),
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        graph_inputs=tuple(graph_inputs),
        graph_outputs=tuple(kept),
        scratch=tuple(integer(0, max_size) for _ in range(n)) if not plain and chance(25) else (),
        inplace=tuple(
            tuple((a, b) for a in inputs[i] for b in outputs[i] if chance(60)) for i in range(n)
        )
        if not plain and chance(40)
        else (),
        after=tuple((a, b) for b in range(n) for a in range(b) if chance(4))
        if not plain and chance(20)
        else (),
        count_inputs=plain or not chance(10),
    )
    if overlaps and chance(60):
        problem = replace(problem, overlaps=_overlaps(integer, problem, max_size))
    problem.verify()
    return problem


def _overlaps(
    integer: Integer, problem: Problem, most: int
) -> tuple[tuple[tuple[int, int, int], ...], ...]:
    """Overlaps of operators that have no in-place pairs, with leads up to ``most``."""
    found: list[tuple[tuple[int, int, int], ...]] = []
    for v, (read, written) in enumerate(zip(problem.inputs, problem.outputs, strict=True)):
        if not written or (problem.inplace and problem.inplace[v]) or not integer(0, 3):
            found.append(())
            continue
        target = written[integer(0, len(written) - 1)]
        found.append(
            tuple((a, target, max(0, integer(-most, most))) for a in read if integer(0, 3))
        )
    return tuple(found)


def _edges(integer: Integer, n: int, shape: str) -> list[list[int]]:
    """For each operator, the operators that it reads from."""
    sources: list[list[int]] = []
    for v in range(n):
        if v == 0 or shape == "chain":
            chosen = [v - 1] if v else []
        elif shape == "branches":
            # From one trunk operator, or from the tips of all branches.
            tips = [u for u in range(v) if not any(u in s for s in sources)]
            chosen = tips if integer(0, 3) == 0 else [integer(0, v - 1)]
        elif shape == "cell":
            chosen = [max(0, v - integer(1, 4)), max(0, v - integer(1, 6))]
        elif shape == "layered":
            width = 3
            begin = v - v % width
            chosen = [u for u in range(max(0, begin - width), begin) if integer(0, 1)]
        else:
            chosen = [integer(0, v - 1) for _ in range(integer(0, 3))]
        sources.append(list(dict.fromkeys(chosen)))
    return sources


def graphs(min_operators: int = 1, max_operators: int = 9) -> "SearchStrategy[Graph]":
    """Small convolutional networks as graphs: convolutions, sums, concats, splits, ReLUs.

    Tensors are float32 of shape (1, channels, 4, 4); several inputs, outputs that nothing reads
    and operators with two outputs occur. Needs the package ``hypothesis``.

    Args:
        min_operators: Fewest operators.
        max_operators: Most operators.
    """
    from hypothesis import strategies as st

    @st.composite
    def draw_graph(draw: Callable[..., Any]) -> Graph:
        def integer(low: int, high: int) -> int:
            return int(draw(st.integers(low, high)))

        return build_graph(integer, integer(min_operators, max_operators))

    return draw_graph()


def build_graph(integer: Integer, n: int) -> Graph:
    """A random convolutional network of n operators; ``integer`` draws the choices."""
    tensors: dict[str, Tensor] = {}

    def new(name: str, channels: int) -> str:
        tensors[name] = Tensor(name, DType.FLOAT32, (1, channels, 4, 4))
        return name

    def channels(name: str) -> int:
        return (tensors[name].shape or ())[1]

    inputs = tuple(new(f"input{i}", integer(1, 4)) for i in range(integer(1, 2)))
    known, operators = list(inputs), []
    for i in range(n):
        first = known[integer(0, len(known) - 1)]
        alike = [name for name in known if channels(name) == channels(first)]
        second = alike[integer(0, len(alike) - 1)]
        other = known[integer(0, len(known) - 1)]
        kind = integer(0, 4)
        reads: tuple[str, ...] = (first,)
        op: Op
        widths: tuple[int, ...]
        if kind == 1:
            op, reads, widths = Elementwise("add"), (first, second), (channels(first),)
        elif kind == 2:
            op, reads = Concat(1), (first, other)
            widths = (channels(first) + channels(other),)
        elif kind == 3 and channels(first) > 1:
            op = Split(1, sizes=(1, channels(first) - 1))
            widths = op.sizes or ()
        elif kind == 4:
            op, widths = Elementwise("relu"), (channels(first),)
        else:
            made = integer(1, 6)
            weight = f"conv{i}.weight"
            shape = (made, channels(first), 3, 3)
            tensors[weight] = Tensor(weight, DType.FLOAT32, shape, Kind.CONSTANT)
            op, reads, widths = Conv((1, 1), (1, 1), SAME_UPPER), (first, weight), (made,)
        outputs = tuple(new(f"t{i}_{j}", width) for j, width in enumerate(widths))
        operators.append(Operator(f"{op.kind}_{i}", op, reads, outputs, op.kind))
        known += outputs
    read = {name for operator in operators for name in operator.inputs}
    made_here = known[len(inputs) :]
    ends = [t for t in made_here if t not in read and integer(0, 4)] or made_here[-1:]
    return Graph("random", tuple(operators), tensors, inputs, tuple(ends), Source("random"))
