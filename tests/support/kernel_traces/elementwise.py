"""Loops of the reference kernels that go element by element, or row by row.

Sources: tensorflow/lite/kernels/internal/reference/broadcast_loop.h, softmax.h, log_softmax.h,
l2normalization.h, fully_connected.h, reduce.h.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod

from support.kernel_traces.steps import Step, flat

Shape = Sequence[int]


def operands(shapes: Sequence[Shape], result: Shape) -> Iterator[Step]:
    """Every operand is read for every element, wherever it is spread."""
    rank = len(result)
    extended = [(*(1,) * (rank - len(shape)), *shape) for shape in shapes]
    for index in product(*map(range, result)):
        reads = []
        for which, shape in enumerate(extended):
            held = [0 if length == 1 else i for length, i in zip(shape, index, strict=True)]
            reads.append((which, flat(shape, *held)))
        yield Step(reads, [flat(result, *index)])


def normalised(rows: int, depth: int, passes: int) -> Iterator[Step]:
    """Softmax and the like: ``passes`` over a row before the one that writes."""
    for row in range(rows):
        for _ in range(passes):
            for c in range(depth):
                yield Step([(0, row * depth + c)], ())
        for c in range(depth):
            yield Step([(0, row * depth + c)], [row * depth + c])


def fully_connected(rows: int, depth: int, made: int) -> Iterator[Step]:
    for row in range(rows):
        for out_c in range(made):
            yield Step([(0, row * depth + d) for d in range(depth)], [row * made + out_c])


def mean_of_floats(data: Shape) -> Iterator[Step]:
    """Over rows and columns, with their axes kept."""
    batches, height, width, depth = data
    for b in range(batches):
        for d in range(depth):
            reads = []
            for h in range(height):
                for w in range(width):
                    reads.append((0, flat(data, b, h, w, d)))
            yield Step(reads, [b * depth + d])


def cleared_first(data: Shape, result: Shape) -> Iterator[Step]:
    """Other reductions, and transposed convolutions of floats: they write all before they read."""
    for i in range(prod(result)):
        yield Step((), [i])
    for i in range(prod(data)):
        yield Step([(0, i)], ())
