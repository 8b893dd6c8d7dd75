"""What an operator saves by writing over inputs that die: the rule that all solvers share.

An output may begin ``lead`` bytes before an input that dies, or further below it. So the input
lies, as far as it goes, over the last ``size of output - lead`` bytes of the output: its *room*.

    output      |----------------------------|
    input a     .....|-------|................    lead 5, saves its 9 bytes
    input b     .....|-------|-------------|      lead 2: after a, all of it

Inputs that die together lie beside each other. The one with the most room begins first, each as
soon as it may: so no byte of the output stays free that some other arrangement covers. As a
function of the inputs that die, what is saved so grows and is submodular, as the work that one
machine gets done until a time is, of jobs that are released one after the other.

*In place* an output takes over the memory of one input that is no smaller: room for all of it. If
several outputs of an operator can do so, each takes another input; what is saved then is the
heaviest matching. It is submodular, too.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from mcugraph.scheduling.solving.matching import saved_bytes


class Overlay(NamedTuple):
    """An output that may lie over an input which dies.

    Attributes:
        input, output: Their numbers.
        saved: Bytes that this saves if no other input dies; at least 1.
        room: Bytes of the output over which the input may lie; at least ``saved``.
    """

    input: int
    output: int
    saved: int
    room: int


def possible_overlays(
    inplace: Iterable[tuple[int, int]],
    overlaps: Iterable[tuple[int, int, int]],
    sizes: Sequence[int],
    kept: frozenset[int],
) -> tuple[Overlay, ...]:
    """The overlays of one operator that save bytes in some order, the most room first.

    Args:
        inplace: Pairs (input, output); of an operator with overlaps, none.
        overlaps: (input, output, lead) with one output.
        sizes: Bytes of each tensor; 0 if it takes no memory.
        kept: Tensors that never die.
    """
    found = [Overlay(a, b, sizes[b], sizes[b]) for a, b in inplace if 0 < sizes[b] <= sizes[a]]
    for a, b, lead in overlaps:
        room = sizes[b] - lead
        if room > 0 and sizes[a]:
            found.append(Overlay(a, b, min(sizes[a], room), room))
    found.sort(key=attrgetter("room"), reverse=True)
    return tuple([overlay for overlay in found if overlay.input not in kept])


def covered_bytes(overlays: Sequence[Overlay]) -> int:
    """Most bytes that the overlays of an operator save together.

    Args:
        overlays: Of inputs that die, the most room first.
    """
    if len(overlays) <= 1:
        return overlays[0].saved if overlays else 0
    output = overlays[0].output
    for overlay in overlays:
        if overlay.output != output:
            return saved_bytes([(a, b, saved) for a, b, saved, _ in overlays])
    saved, left = 0, overlays[0].room
    for _, _, most, room in overlays:
        left = min(left, room)
        covered = min(most, left)
        saved += covered
        left -= covered
    return saved


def renumbered(overlays: Sequence[Overlay], number: Mapping[int, int]) -> tuple[Overlay, ...]:
    """The overlays, of an operator, whose inputs have a new number, under that."""
    return tuple(
        [
            Overlay(number[source], target, saved, room)
            for source, target, saved, room in overlays
            if source in number
        ]
    )


Gains = tuple[tuple[int, int], ...]  # inputs, and bytes that each of them saves


def least_gains(overlays: Sequence[Overlay]) -> tuple[Gains, int]:
    """What each input saves even if all others die, and bytes that may be saved besides.

    Whichever inputs die, they save together no more than these bytes and what each of them is said
    to save: the more others die, the less does one add.
    """
    whole = covered_bytes(overlays)
    found = tuple(
        [
            (source, whole - covered_bytes([other for other in overlays if other.input != source]))
            for source in dict.fromkeys([overlay.input for overlay in overlays])
        ]
    )
    return found, whole - sum([saved for _, saved in found])


def gains(overlays: Sequence[Overlay], most: int) -> list[Gains] | None:
    """What single inputs save, in all ways that matter; None if there are more than ``most``.

    Of the inputs that die, each way says no more than what they save together, and some way says
    it: let them come one after the other, in any sequence, each saving what it adds. That is the
    greedy algorithm of J. Edmonds, "Submodular functions, matroids, and certain polyhedra" (1970).
    """

    def together(inputs: Collection[int]) -> int:
        return covered_bytes([overlay for overlay in overlays if overlay.input in inputs])

    inputs = list(dict.fromkeys([overlay.input for overlay in overlays]))
    alone = tuple([(a, together((a,))) for a in inputs])
    if sum([saved for _, saved in alone]) == covered_bytes(overlays):
        return [alone]
    begun = {frozenset[tuple[int, int]]()}
    pending = list(begun)
    found: list[Gains] = []
    while pending:
        way = pending.pop()
        come = {a for a, _ in way}
        added = [(a, together(come | {a}) - together(come)) for a in inputs if a not in come]
        longer = [way | {(a, more)} for a, more in added if more]
        if not longer:
            found.append(tuple(way))
        new = [way for way in longer if way not in begun]
        begun.update(new)
        pending += new
        if len(begun) > 8 * most or len(found) > most:
            return None
    return found
