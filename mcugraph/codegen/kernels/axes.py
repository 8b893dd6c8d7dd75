"""Axes of a result as few loops: neighbours that go on together are one."""

from collections.abc import Sequence

from mcugraph.errors import GraphError
from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import Shape
from mcugraph.tflm.kernels.access.raster import steps


def loops(
    sizes: Sequence[int], *distances: Sequence[int], most: int
) -> tuple[tuple[int, ...], ...]:
    """Sizes and distances with as few axes as there can be, filled up to ``most`` at the front.

    Args:
        sizes: Of each axis.
        distances: Of each operand, from one element of an axis to the next.
        most: How many axes the C code knows.

    Raises:
        GraphError: There are more.
    """
    kept: list[tuple[int, ...]] = []
    for size, *steps_ in zip(sizes, *distances, strict=True):
        if size == 1:
            continue
        if kept and all(
            before == size * step for before, step in zip(kept[-1][1:], steps_, strict=True)
        ):
            kept[-1] = (kept[-1][0] * size, *steps_)
        else:
            kept.append((size, *steps_))
    if len(kept) > most:
        raise GraphError(f"{len(kept)} loops are needed, and {most} are known")
    filled = [(1, *(0 for _ in distances))] * (most - len(kept)) + kept
    return tuple(zip(*filled, strict=True))


def spread(operand: TfliteTensor, result: TfliteTensor) -> tuple[int, ...]:
    """Elements of an operand from one element of the result to the next, along each of its axes.

    Raises:
        GraphError: It does not make up the result.
    """
    return stretched(operand.shape, result.shape)


def stretched(operand: Shape, result: Shape) -> tuple[int, ...]:
    """As ``spread``, of shapes alone."""
    rank = len(result)
    shape: Shape = (*(1,) * (rank - len(operand)), *operand)
    fits = zip(shape, result, strict=False)
    if len(shape) != rank or any(length not in (1, made) for length, made in fits):
        raise GraphError(f"an operand {operand} does not make up {result}")
    return tuple(
        0 if length == 1 else step for length, step in zip(shape, steps(shape, 1), strict=True)
    )
