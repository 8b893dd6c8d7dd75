"""Where in TFLM's head every buffer lies, by TFLM's own plan and by ours."""

from collections.abc import Sequence

from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.planning.arena import TENSOR
from mcugraph.planning.tflm_greedy import place
from mcugraph.records import dataclass
from mcugraph.tflm.head import Head
from mcugraph.tflm.lifetimes import buffers
from mcugraph.tflm.loaded import TflmProgram
from mcugraph.tflm.own_plan import least_plan


@dataclass(frozen=True, slots=True)
class MapBlock:
    """One buffer.

    Attributes:
        label: The tensor's name; of scratch memory, what it is.
        size: Bytes, rounded up as TFLM does.
        begin, end: When it is needed: from a step of the map's order, to just before another.
        offset: Where it lies, in bytes from the beginning of the arena.
        scratch: Whether it is a kernel's own.
    """

    label: str
    size: int
    begin: int
    end: int
    offset: int
    scratch: bool


@dataclass(frozen=True, slots=True)
class ArenaMap:
    """Places of all buffers in one arena.

    Attributes:
        name: ``"tflm"``: as TFLM plans the file; ``"planned"``: our plan of the order that needs
            the least; ``"overlap"``: the same with outputs over inputs that die.
        order: Operators by number, in the order in which they run.
        arena: Bytes.
        blocks: What lies in it.
        steps: How many steps there are: operators, or what TFLM's clock counts.
        by_operator: Whether each step is one operator of ``order``; False where operators call
            subgraphs, whose steps count too.
    """

    name: str
    order: tuple[int, ...]
    arena: int
    blocks: tuple[MapBlock, ...]
    steps: int
    by_operator: bool


def arena_maps(program: TflmProgram, seconds: float) -> tuple[ArenaMap, ...]:
    """The maps of a program's head: TFLM's plan, ours, and ours with overlaps.

    Args:
        program: What TFLM loads.
        seconds: For each search for an order, and for each plan of one.
    """
    ours = [
        _by_us(name, Head(program, overlapping), seconds)
        for name, overlapping in (("planned", False), ("overlap", True))
    ]
    return (_by_tflm(program), *ours)


def _by_tflm(program: TflmProgram) -> ArenaMap:
    found = buffers(program.model, program.scratch)
    placement = place(found)
    blocks = [
        (buffer.tensor, buffer.size, buffer.first, buffer.last + 1, offset)
        for buffer, offset in zip(found, placement.offsets, strict=True)
    ]
    order = range(len(program.model.subgraphs[0].operators))
    return _map("tflm", program.model, tuple(order), placement.arena, blocks)


def _by_us(name: str, head: Head, seconds: float) -> ArenaMap:
    order, plan = least_plan(head, seconds)
    blocks = [
        (int(b.name) if b.kind == TENSOR else None, b.size, b.lower, b.upper, b.offset or 0)
        for b in plan.blocks
    ]
    return _map(name, head.model, order, plan.arena, blocks)


def _map(
    name: str,
    model: TfliteModel,
    order: tuple[int, ...],
    arena: int,
    blocks: Sequence[tuple[int | None, int, int, int, int]],
) -> ArenaMap:
    """The map of blocks: tensor by number, bytes, from and to by TFLM's clock, offset."""
    names = [tensor.name for tensor in model.tensors]
    last = max((upper for _, _, _, upper, _ in blocks), default=1) - 1
    by_operator = not any(operator.bodies for operator in model.subgraphs[0].operators)
    steps = len(order) if by_operator else max(last, 1)
    return ArenaMap(
        name,
        order,
        arena,
        tuple(
            MapBlock(
                "scratch of the kernel" if tensor is None else names[tensor],
                size,
                # The clock is at 1 while the first operator runs; what is there before it is 0.
                begin := max(lower - 1, 0),
                min(max(upper - 1, begin + 1), steps),
                offset,
                tensor is None,
            )
            for tensor, size, lower, upper, offset in blocks
        ),
        steps,
        by_operator,
    )
