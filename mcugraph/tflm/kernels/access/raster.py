"""Leads of kernels that write their output from its first byte to its last.

Such a kernel has written as many bytes as stand before the next one, so it may read the input
byte r, while w bytes are written, where the output begins at least w - r bytes before the input:
the lead is the largest w - r of all reads. In nested loops both w and r are sums of a part for each
loop, hence the largest difference is the sum of the largest difference of each loop.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate

from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import Shape


def steps(shape: Shape, element: int) -> tuple[int, ...]:
    """Bytes between neighbours along each axis of a tensor that is stored row by row."""
    return tuple(accumulate((element, *shape[:0:-1]), lambda a, b: a * b))[::-1] if shape else ()


def element(tensor: TfliteTensor) -> int:
    """Bytes of one element."""
    return tensor.dtype.bits // 8


def straight(count: int, written: int, read: int) -> int:
    """The largest difference of a loop that goes on by so many bytes in output and input."""
    return max(0, (count - 1) * (written - read))


def picked(places: Iterable[int | None], written: int, read: int) -> int | None:
    """The largest difference of a loop each turn of which reads at a place of its own.

    Args:
        places: The least place along the axis that a turn reads; None: it reads nothing.
        written: Bytes between neighbours along the axis of the output.
        read: Bytes between neighbours along the axis of the input.

    Returns:
        None where no turn reads anything.
    """
    found = (i * written - place * read for i, place in enumerate(places) if place is not None)
    return max(found, default=None)


def moved(result: TfliteTensor, begins: int, read: Sequence[int]) -> int:
    """The lead of a kernel that goes through its output element by element.

    Args:
        result: What it writes.
        begins: The byte of the input that the first element is read from.
        read: Bytes by which the place in the input goes on, along each axis of the result.
    """
    written = steps(result.shape, element(result))
    loops = map(straight, result.shape, written, read)
    return sum(loops) - begins


def broadcast(data: TfliteTensor, result: TfliteTensor) -> int:
    """The lead of a kernel that reads an operand for each element that it makes of it.

    Raises:
        LookupError: The operand does not fit the result.
    """
    if data.elements == result.elements:
        return straight(result.elements, element(result), element(data))
    rank = len(result.shape)
    shape = (*(1,) * (rank - len(data.shape)), *data.shape)
    pairs = tuple(zip(shape, result.shape, strict=False))
    if len(shape) != rank or any(length not in (1, made) for length, made in pairs):
        raise LookupError(f"an operand {data.shape} does not make up {result.shape}")
    steady = (
        0 if length == 1 else step
        for length, step in zip(shape, steps(shape, element(data)), strict=True)
    )
    return moved(result, 0, tuple(steady))
