"""How well the blocks of an order pack, remembered by what there is to pack.

Networks of one family, as an architecture search asks for one after another, differ little where
their arenas are full: nine in ten of their packings were made before.
"""

from mcugraph.planning.arena import ArenaProblem
from mcugraph.planning.packing import Packing
from mcugraph.records import dataclass, replace
from mcugraph.scheduling.solving.limits import Limits

_ROUNDS = 3  # of search, for an order that is only tried
_MARGIN = 3  # steps around those that do not pack
_REMEMBERED, _BLOCKS = 2000, 100  # so many judgements, of no more blocks each


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a walk through orders asks of a packing.

    Attributes:
        nbytes: Of the arena.
        above: What lies above the goal, in bytes, times how long.
        spots: The steps at which something lies above the goal, and those around; not all of them
            have to be steps of the order.
    """

    nbytes: int
    above: int
    spots: tuple[int, ...]

    @property
    def excess(self) -> tuple[int, int]:
        """How bad the packing is."""
        return self.nbytes, self.above


# By what there was to pack, times counted from the first; with the looks that it took.
_known: dict[tuple[object, ...], tuple[Judgement, int]] = {}


def judged_by_content(blocks: ArenaProblem, enough: int, limits: Limits) -> Judgement:
    """The judgement of what `packed_again` makes.

    A remembered one counts as so many looks at the limits as it took: a search that work limits
    ends in the same place, whatever was asked before.

    Raises:
        LimitReached: A limit is passed before it is made, or would be.
    """
    if len(blocks.blocks) > _BLOCKS:
        return judgement_of(packed_again(blocks, enough, limits))
    first = min([block.lower for block in blocks.blocks], default=0)
    key = (
        tuple([(b.size, b.lower - first, b.upper - first, b.offset) for b in blocks.blocks]),
        blocks.alignment,
        blocks.shares,
        blocks.overlaps,
        enough,
    )
    known = _known.get(key)
    if known is None:
        before = limits.looks
        made = _moved(judgement_of(packed_again(blocks, enough, limits)), -first)
        if len(_known) >= _REMEMBERED:
            _known.clear()
        known = _known[key] = made, limits.looks - before
    else:
        limits.spend(known[1])
    return _moved(known[0], first)


def packed_again(blocks: ArenaProblem, enough: int, limits: Limits) -> Packing:
    """With little search; the same packing of the same blocks, whenever it is asked for.

    Args:
        blocks: What to pack.
        enough: Bytes of an arena that will do.
        limits: Of the search.
    """
    packing = Packing(blocks, limits, limits, enough)
    packing.quick(limits)
    packing.search(_ROUNDS, limits)
    return packing


def judgement_of(packing: Packing) -> Judgement:
    """What there is to say of a packing."""
    items, problem, goal = packing.items, packing.problem, packing.goal
    above = sum(
        (offset + size - goal) * (hi - lo)
        for offset, parts in zip(packing.offsets, items.spans, strict=True)
        for lo, hi, size in parts
        if offset + size > goal
    )
    spots: set[int] = set()
    for chain, offset in zip(items.members, packing.offsets, strict=True):
        for block in (problem.blocks[number] for number in chain):
            if offset * items.unit + problem.aligned(block.size) > goal * items.unit:
                spots.update(range(block.lower - _MARGIN, block.upper + _MARGIN))
    return Judgement(packing.nbytes, above * items.unit, tuple(spots))


def _moved(judgement: Judgement, steps: int) -> Judgement:
    return replace(judgement, spots=tuple([step + steps for step in judgement.spots]))
