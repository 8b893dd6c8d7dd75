"""TensorFlow Lite Micro's ``GreedyMemoryPlanner``, on plain buffers.

Largest buffer first, each at the lowest gap between the buffers already placed that are live at
the same time. It is not optimal, but it decides how large an arena a device needs.
"""

from collections.abc import Iterable, Iterator, Sequence

from mcugraph.planning.taken import Taken
from mcugraph.records import dataclass

# What TFLM writes where a tensor has no offset of its own (``kOnlinePlannedBuffer``).
UNPLANNED = -1


@dataclass(frozen=True, slots=True)
class Buffer:
    """A block of memory that is needed from time ``first`` through time ``last``.

    Attributes:
        size: Bytes, already rounded up to the alignment.
        first, last: Both ends count: buffers with a common time may not overlap.
        offset: Where it has to lie (an offline plan), or ``UNPLANNED``.
        tensor: Which tensor of the model it holds, by number; None: scratch of a kernel.
    """

    size: int
    first: int
    last: int
    offset: int = UNPLANNED
    tensor: int | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Offsets in bytes, one a buffer, and the size of the arena that holds them all."""

    offsets: tuple[int, ...]
    arena: int


def place(buffers: Sequence[Buffer]) -> Placement:
    """Offsets as TFLM's greedy planner chooses them."""
    offsets = [UNPLANNED] * len(buffers)
    for i, offset in placed(buffers):
        offsets[i] = offset
    return Placement(tuple(offsets), arena_of([buffer.size for buffer in buffers], offsets))


def arena_of(sizes: Iterable[int], offsets: Iterable[int]) -> int:
    """The bytes that hold all of some blocks, by their sizes and offsets."""
    return max((size + o for size, o in zip(sizes, offsets, strict=True)), default=0)


def placed(buffers: Sequence[Buffer]) -> Iterator[tuple[int, int]]:
    """Number and offset of one buffer after the other, as TFLM's greedy planner chooses them.

    They follow by descending size; of equal ones the last goes first, since the planner fills its
    list from the end before it sorts it with a stable sort.

    Source: tensorflow/lite/micro/memory_planner/greedy_memory_planner.cc.
    """
    sequence = sorted(range(len(buffers)), key=lambda i: (-buffers[i].size, -i))
    return placed_by(buffers, sequence)


def placed_by(buffers: Sequence[Buffer], sequence: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Number and offset of one buffer after the other, each at the lowest free place.

    Those with an offset of their own come first, by number, wherever they lie; the others in the
    given sequence.
    """
    fixed = [i for i, buffer in enumerate(buffers) if buffer.offset != UNPLANNED]
    free = [i for i in sequence if buffers[i].offset == UNPLANNED]
    taken = Taken(
        min((buffer.first for buffer in buffers), default=0),
        max((buffer.last for buffer in buffers), default=0),
    )
    for i in (*fixed, *free):
        buffer = buffers[i]
        offset = buffer.offset
        if offset == UNPLANNED:
            offset = taken.lowest(buffer.first, buffer.last, buffer.size)
        taken.add(buffer.first, buffer.last, offset, offset + buffer.size)
        yield i, offset
