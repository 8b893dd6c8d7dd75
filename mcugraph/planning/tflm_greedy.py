"""TensorFlow Lite Micro's ``GreedyMemoryPlanner``, on plain buffers.

Largest buffer first, each at the lowest gap between the buffers already placed that are live at
the same time. It is not optimal, but it decides how large an arena a device needs.
"""

from collections.abc import Sequence

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
    """Offsets as TFLM's greedy planner chooses them.

    Buffers with an offset of their own come first, in their order, wherever they lie. The
    others follow by descending size; of equal ones the last goes first, since the planner
    fills its list from the end before it sorts it with a stable sort.

    Source: tensorflow/lite/micro/memory_planner/greedy_memory_planner.cc.
    """
    fixed = [i for i, buffer in enumerate(buffers) if buffer.offset != UNPLANNED]
    free = [i for i, buffer in enumerate(buffers) if buffer.offset == UNPLANNED]
    free.reverse()
    free.sort(key=lambda i: -buffers[i].size)
    offsets = [buffer.offset for buffer in buffers]
    placed: list[tuple[int, int, int, int]] = []  # (offset, end, first, last), by offset
    for i in (*fixed, *free):
        buffer = buffers[i]
        if buffer.offset == UNPLANNED:
            offsets[i] = _first_gap(buffer, placed)
        _insert(placed, (offsets[i], offsets[i] + buffer.size, buffer.first, buffer.last))
    return Placement(tuple(offsets), max((end for _, end, _, _ in placed), default=0))


def _first_gap(buffer: Buffer, placed: list[tuple[int, int, int, int]]) -> int:
    """The lowest offset at which a buffer meets no other that is live with it."""
    size, begin, stop = buffer.size, buffer.first, buffer.last
    candidate = 0
    for offset, end, first, last in placed:
        if first > stop or begin > last:
            continue
        if offset - candidate >= size:
            break
        candidate = max(candidate, end)
    return candidate


def _insert(placed: list[tuple[int, int, int, int]], entry: tuple[int, int, int, int]) -> None:
    """Keep the list sorted by offset; equal offsets stay in the order of their arrival."""
    low, high = 0, len(placed)
    while low < high:
        middle = (low + high) // 2
        if placed[middle][0] > entry[0]:
            high = middle
        else:
            low = middle + 1
    placed.insert(low, entry)
