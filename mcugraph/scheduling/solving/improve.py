"""Close the gap between an order and a bound: by searches, further bounds and beams, in turn.

Searches prove, and find orders where the network is not too large (see ``searches``). Bounds that
take their time come after the first of them, and beams look for better orders (see ``polish``).
Whoever of them may be hoped to close the largest part of the gap with the next effort goes on: so
most of the time goes to what wins most of late. Who has spent much that won nothing waits until the
others have, too. But some can tell how they get on: a search how much of it is left, and bounds
that go up step by step how long a step takes.

Effort is counted in steps, not in seconds: the same problem gives the same order on any machine,
unless a limit ends it.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import exp
from typing import Protocol

from mcugraph.scheduling.solving.known_gap import KnownGap
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network
from mcugraph.scheduling.solving.polish import Polish
from mcugraph.scheduling.solving.searches import Searches

FIRST_QUOTA = 500  # states
_Found = tuple[int, list[int] | None]  # a bound, and an order
_Work = Iterator[tuple[int, _Found, float]]  # effort, what came of it, and the hope of more

# Effort, about a millisecond each.
_LOOK = 4  # between two looks of searches, or of bounds, at the limits
_CELLS = 160_000  # of beams
_SLICE = 20  # of beams at once
_SEARCHED = 400  # of searches, before further bounds are asked for
_BOUNDED = 500  # the same before proofs are: they take long until they tell anything

_MEMORY = 1000  # effort of all, after which about a third of what was won before still counts
_HOPE = 100  # effort that anybody is thought to have spent, besides,
_PRIOR = 0.05  # with such a part of the gap closed by it
_MOST = 0.1  # part of the gap that counts at once: what comes first is the easiest
_BEAMS = 200  # effort that beams are thought to have spent at first


class Proof(Protocol):
    """What ends with a proof."""

    @property
    def left(self) -> float:
        """How many looks at the limits it takes yet, at a guess, until the gap is closed."""

    def run(self) -> Iterator[_Found]:
        """Go on for as long as there is something to be told, yielding now and then."""


def improve(
    net: Network,
    order: Sequence[int],
    lower_bound: int,
    limits: Limits,
    quota: int = FIRST_QUOTA,
    bounds: Sequence[Iterable[_Found]] = (),
    proofs: Sequence[Proof] = (),
) -> Iterator[_Found]:
    """Better and better bounds, with orders, until the two meet.

    Args:
        net: The network.
        order: The best order known.
        lower_bound: What is proven, in bytes; less than its peak.
        limits: Limits to keep.
        quota: States that the first search of a turn may visit.
        bounds: Ways to further lower bounds, some with an order, worth their time only where the
            first searches do not suffice.
        proofs: The same, of such as can tell how much of the proof is left.

    Yields:
        The proven bound, and the order if it is a better one than before.

    Raises:
        LimitReached: A limit was reached first.
    """
    gap = KnownGap(net, order, lower_bound)
    workers = [
        _Worker(_proving(Searches(gap, quota, limits), limits)),
        *[_Worker(_bounding(way, gap, limits), effort=_SEARCHED) for way in bounds],
        *[_Worker(_proving(proof, limits), effort=_BOUNDED) for proof in proofs],
        _Worker(_beaming(gap, limits), effort=_BEAMS),
    ]
    while gap.size:
        worker = max(workers, key=lambda worker: worker.hope)
        done = next(worker.work, None)
        if done is None:
            workers.remove(worker)
            continue
        effort, (bound, found), worker.promise = done
        before, proven = gap.size, gap.lower_bound
        better = gap.take(bound, found)
        for one in workers:
            one.forget(effort)
        worker.spend(effort, min((before - gap.size) / before, _MOST))
        if better or gap.lower_bound > proven:
            yield gap.lower_bound, list(gap.order) if better else None


class _Worker:
    """One of those that narrow the gap.

    What it won long ago counts for less. What it spent is not forgotten, but paid for by what it
    wins: what has won nothing for so long is likely to win nothing for as long again.

    Attributes:
        work: What it does, step by step.
        effort: What it spent that was not paid for.
        won: The part of the gap, at the time, that it closed of late.
        promise: What part of the gap it says itself that it closes by a unit of effort.
    """

    __slots__ = ("effort", "promise", "won", "work")

    def __init__(self, work: _Work, effort: float = 0) -> None:
        self.work, self.effort, self.won = work, effort, 0.0
        self.promise = 0.0

    @property
    def hope(self) -> float:
        """What part of the gap it may close by a unit of effort."""
        return max(self.promise, (self.won + _PRIOR) / (self.effort + _HOPE))

    def spend(self, effort: int, won: float) -> None:
        """Take note of what it spent, and of the part of the gap that it closed by that."""
        self.effort = max(0, self.effort + effort - won * _HOPE / _PRIOR)
        self.won += won

    def forget(self, effort: int) -> None:
        """Let what was won before so much effort of anybody count for less."""
        self.won *= exp(-effort / _MEMORY)


def _proving(proof: Proof, limits: Limits) -> _Work:
    looks = limits.looks
    for found in proof.run():
        yield (limits.looks - looks) * _LOOK, found, 1 / (_LOOK * proof.left + 1)
        looks = limits.looks


def _bounding(bounds: Iterable[_Found], gap: KnownGap, limits: Limits) -> _Work:
    """Bounds; who raised the bound is thought to do so again, in as long a time."""
    looks = limits.looks
    won, took, since = 0.0, 0, 0
    for found in bounds:
        limits.check()
        effort = (limits.looks - looks) * _LOOK
        since += effort
        if found[0] > gap.lower_bound:
            won = min((found[0] - gap.lower_bound) / gap.size, _MOST)
            took, since = since, 0
        yield effort, found, won / max(took, since, _SLICE)
        looks = limits.looks


def _beaming(gap: KnownGap, limits: Limits) -> _Work:
    """Beams; what a slice leaves over, as a dive takes more, counts all the same: it is saved."""
    polish = Polish(gap.net, gap.order)
    while True:
        polish.take(gap.order)
        for better in polish.turn(_SLICE * _CELLS, gap.lower_bound, limits):
            yield 0, (0, better), 0
        yield _SLICE, (0, None), 0
