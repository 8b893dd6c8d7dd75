r"""Orders of independent operators merged by hills and valleys.

Where each operator changes what is live by a fixed amount, an order is a walk over hills into
valleys, and what matters of it to others is a short list of segments:

    live     __ hill
            /  \          __
           /    \   ______/  \
    ______/      \_/             delta: from the beginning of a segment to its end

Segments are kept in the order in which a merge takes them: first those that lower what is live, the
lowest hill first, then those that raise it, the largest descent after the hill first. An order in
which two neighbours stand the other way round is no worse if they stay together, so they become
one segment. Several such chains are merged by taking always the segment that comes first.

After J. W. H. Liu, "An application of generalized tree pebbling to sparse matrix factorization"
(1987), and H. M. Abdel-Wahab and T. Kameda, "Scheduling to minimize maximum cumulative cost subject
to series-parallel precedence constraints" (1978).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

_Rope = int | tuple["_Rope", "_Rope"]  # operators in order, joined without copying them


class Segment(NamedTuple):
    """A part of an order that is run as one.

    Attributes:
        rises: Whether more is live after it than before.
        key: Of two that both rise, or that both do not, the one with the smaller key comes first.
        hill: Most bytes that are live during the segment, less those before it.
        delta: Bytes that are live after it, less those before it.
        operators: What is run.
    """

    rises: bool
    key: int
    hill: int
    delta: int
    operators: _Rope


Chain = tuple[Segment, ...]

_RANK = itemgetter(0, 1)  # smaller: comes first in a merge
_FEW = 16  # a chain so many times longer than the rest is not sorted again


def _segment(hill: int, delta: int, operators: _Rope) -> Segment:
    return Segment(delta > 0, delta - hill if delta > 0 else hill, hill, delta, operators)


def single(operator: int, hill: int, delta: int) -> Chain:
    """The chain of one operator."""
    return (_segment(max(hill, delta, 0), delta, operator),)


def in_series(first: Chain, second: Chain) -> Chain:
    """Two chains that run one after the other."""
    found = list(first)
    for index, segment in enumerate(second):
        if found[-1][:2] <= segment[:2]:
            # So are all that follow: each chain is in order.
            return (*found, *second[index:])
        last = segment
        while found and found[-1][:2] > last[:2]:
            before = found.pop()
            last = _segment(
                max(before.hill, before.delta + last.hill),
                before.delta + last.delta,
                (before.operators, last.operators),
            )
        found.append(last)
    return tuple(found)


def in_parallel(chains: Sequence[Chain]) -> Chain:
    """Chains that do not depend on each other, merged such that the highest hill is lowest."""
    if len(chains) == 1:
        return chains[0]
    # Each is sorted: to sort is to merge, and of equal segments the first comes first.
    number = max(range(len(chains)), key=lambda i: len(chains[i]))
    before, after = _joined(chains[:number]), _joined(chains[number + 1 :])
    longest = list(chains[number])
    if _FEW * (len(before) + len(after)) > len(longest):
        return tuple(sorted([*before, *longest, *after], key=_RANK))
    for segment in reversed(before):
        longest.insert(bisect_left(longest, _RANK(segment), key=_RANK), segment)
    for segment in after:
        longest.insert(bisect_right(longest, _RANK(segment), key=_RANK), segment)
    return tuple(longest)


def _joined(chains: Sequence[Chain]) -> list[Segment]:
    return [segment for chain in chains for segment in chain]


def no_worse(chain: Chain, other: Chain) -> bool:
    """Whether one of two chains of the same operators may stand for the other one anywhere.

    It may if, whenever the other goes over a hill on its way down to its lowest valley, this one
    then is in a valley as low, over hills no higher; and the same from the end backwards.
    """
    return _goes_down(_down(chain), _down(other)) and _goes_down(_up(chain), _up(other))


def _down(chain: Chain) -> list[tuple[int, int]]:
    """The hills on the way to the lowest valley, and the valley after each; from the start."""
    level, found = 0, []
    for segment in chain:
        if segment.rises:
            break
        found.append((level + segment.hill, level + segment.delta))
        level += segment.delta
    return found


def _up(chain: Chain) -> list[tuple[int, int]]:
    """The hills from the lowest valley on, and the valley before each; from the end backwards."""
    level, found = 0, []
    for segment in reversed(chain):
        if not segment.rises:
            break
        level -= segment.delta
        found.append((level + segment.hill, level))
    return found


def _goes_down(way: Sequence[tuple[int, int]], other: Sequence[tuple[int, int]]) -> bool:
    at = level = 0
    for hill, valley in ((0, 0), *other):
        while at < len(way) and way[at][0] <= hill:
            level = way[at][1]
            at += 1
        if level > valley:
            return False
    return at == len(way)


def hill_of(chain: Chain) -> int:
    """Most bytes that are live while a chain runs, less those before it."""
    level = highest = 0
    for segment in chain:
        highest = max(highest, level + segment.hill)
        level += segment.delta
    return highest


def operators_of(chain: Chain) -> list[int]:
    """The operators of a chain in order."""
    found: list[int] = []
    pending: list[_Rope] = [segment.operators for segment in reversed(chain)]
    while pending:
        rope = pending.pop()
        if isinstance(rope, int):
            found.append(rope)
        else:
            pending += reversed(rope)
    return found
