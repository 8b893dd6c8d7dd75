"""Close the gap between an order and a bound: by searches, further bounds and beams, in turn.

Searches prove, and find orders where the network is not too large (see ``searches``). Bounds that
take their time come after the first of them, and beams look for better orders (see ``polish``).
Whichever of the three is the furthest behind goes on. What it does counts more, the longer it has
not narrowed the gap: so most of the time goes to what wins most, some of it to all of them.

Effort is counted in steps, not in seconds: the same problem gives the same order on any machine,
unless a limit ends it.
"""

from collections.abc import Iterable, Iterator, Sequence

from mcugraph.scheduling.solving.known_gap import KnownGap
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network
from mcugraph.scheduling.solving.polish import Polish
from mcugraph.scheduling.solving.searches import Searches

FIRST_QUOTA = 500  # states
_Found = tuple[int, list[int] | None]  # a bound, and an order
_Work = Iterator[tuple[int, _Found]]  # effort, and what came of it

# Effort, about a millisecond each.
_LOOK = 4  # between two looks of searches, or of bounds, at the limits
_CELLS = 160_000  # of beams
_SLICE = 20  # of beams at once
_SEARCHED = 400  # of searches, before further bounds are asked for

_PATIENCE = 100  # effort without a success, after which it counts double, and so on
_DEAREST = 16  # times that it counts, at the most
_BEAMS = 4  # times that it counts for beams at first
_SUCCESS = 16  # what narrows the gap by such a part makes up for all effort without success


def improve(
    net: Network,
    order: Sequence[int],
    lower_bound: int,
    limits: Limits,
    quota: int = FIRST_QUOTA,
    bounds: Iterable[_Found] = (),
) -> Iterator[_Found]:
    """Better and better bounds, with orders, until the two meet.

    Args:
        net: The network.
        order: The best order known.
        lower_bound: What is proven, in bytes; less than its peak.
        limits: Limits to keep.
        quota: States that the first search of a turn may visit.
        bounds: Further lower bounds, some with an order, worth their time only where the first
            searches do not suffice.

    Yields:
        The proven bound, and the order if it is a better one than before.

    Raises:
        LimitReached: A limit was reached first.
    """
    gap = KnownGap(net, order, lower_bound)
    workers = [
        _Worker(_searching(gap, quota, limits)),
        _Worker(_bounding(gap, bounds, limits), due=_SEARCHED),
        _Worker(_beaming(gap, limits), vain=_BEAMS * _PATIENCE),
    ]
    while gap.size:
        worker = min(workers, key=lambda worker: worker.due)
        done = next(worker.work, None)
        if done is None:
            workers.remove(worker)
            continue
        effort, (bound, found) = done
        before, proven = gap.size, gap.lower_bound
        better = gap.take(bound, found)
        worker.count(effort, before, gap.size)
        if better or gap.lower_bound > proven:
            yield gap.lower_bound, list(gap.order) if better else None


class _Worker:
    """One of those that narrow the gap.

    Attributes:
        work: What it does, step by step.
        due: The effort that it took, each part as dear as it was when it was made.
        vain: The effort since the last success.
    """

    __slots__ = ("due", "vain", "work")

    def __init__(self, work: _Work, due: int = 0, vain: int = 0) -> None:
        self.work, self.due, self.vain = work, due, vain

    def count(self, effort: int, before: int, after: int) -> None:
        """Take note of a step, and of the gap before and after it."""
        self.due += effort * min(max(self.vain // _PATIENCE, 1), _DEAREST)
        self.vain += effort
        self.vain -= self.vain * min(_SUCCESS * (before - after), before) // before


def _searching(gap: KnownGap, quota: int, limits: Limits) -> _Work:
    looks = limits.looks
    for found in Searches(gap, quota, limits).run():
        yield (limits.looks - looks) * _LOOK, found
        looks = limits.looks


def _bounding(gap: KnownGap, bounds: Iterable[_Found], limits: Limits) -> _Work:
    looks = limits.looks
    for found in bounds:
        limits.check()
        yield (limits.looks - looks) * _LOOK, found
        looks = limits.looks


def _beaming(gap: KnownGap, limits: Limits) -> _Work:
    """Beams; what a slice leaves over, as a dive takes more, counts all the same: it is saved."""
    polish = Polish(gap.net, gap.order)
    while True:
        polish.take(gap.order)
        for better in polish.turn(_SLICE * _CELLS, gap.lower_bound, limits):
            yield 0, (0, better)
        yield _SLICE, (0, None)
