"""Steps of a kernel, and what they say of where its output may lie."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Step(NamedTuple):
    """What happens at once: elements read, as (input, element), and then elements written."""

    reads: Sequence[tuple[int, int]]
    writes: Sequence[int]


def copied(source: int, begin: int, target: int, count: int) -> Iterator[Step]:
    """A call of memcpy: nobody knows which byte it copies first, so all are written before."""
    yield Step((), range(target, target + count))
    yield Step([(source, begin + i) for i in range(count)], ())


def flat(shape: Sequence[int], *index: int) -> int:
    """Where an element of a tensor lies."""
    place = 0
    for length, i in zip(shape, index, strict=True):
        assert 0 <= i < length
        place = place * length + i
    return place


def unclipped_lead(steps: Iterable[Step], which: int, read: int, written: int) -> int | None:
    """The largest w + 1 - r, of the last byte w of a write and the first byte r of a later read.

    Args:
        steps: Of the kernel.
        which: The input in question.
        read: Bytes of one of its elements.
        written: Bytes of one element of the output.

    Returns:
        None where nothing is read after a write.
    """
    far, lead = 0, None
    for reads, writes in steps:
        for source, i in reads:
            if source == which and far:
                lead = far - i * read if lead is None else max(lead, far - i * read)
        far = max((far, *((i + 1) * written for i in writes)))
    return lead


def spoils(steps: Iterable[Step], which: int, read: int, written: int, distance: int) -> bool:
    """Whether a byte of the input is read that was overwritten.

    Args:
        steps: Of the kernel.
        which: The input in question.
        read: Bytes of one of its elements.
        written: Bytes of one element of the output.
        distance: How many bytes the output begins before the input.
    """
    overwritten: set[int] = set()
    for reads, writes in steps:
        for source, i in reads:
            if source == which and not overwritten.isdisjoint(range(i * read, (i + 1) * read)):
                return True
        for i in writes:
            overwritten.update(range(i * written - distance, (i + 1) * written - distance))
    return False
