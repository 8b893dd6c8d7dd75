"""An order made better piece by piece.

First beams dive through the whole network, in both directions, with budgets that are bisected: the
order of a large network is soon near the best one. Then parts of it are done again: a window of the
order, around a step that takes the peak, is a network of its own (``excerpt``), and a beam looks
for an order of it that stays below the peak. Now and then it may reach the peak again, so that the
walk leaves places where no window alone has a better order. The longer nothing better is found, the
wider beams and windows get; and if nothing is for long, another walk begins elsewhere.

This is large neighbourhood search: P. Shaw, "Using constraint programming and local search methods
to solve vehicle routing problems" (1998). All choices follow from the seed and the steps done, none
from the clock.
"""

from collections.abc import Iterator, Sequence
from random import Random

from mcugraph.scheduling.solving.beam import Beam
from mcugraph.scheduling.solving.excerpt import excerpt
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network, countable
from mcugraph.scheduling.solving.replay import order_peak, step_costs

_DIVE_WIDTH = 100
_DIVE_CELLS = 20_000_000  # of one dive through the whole network, about
_DIVES = 8  # a direction
_LENGTHS = (60, 100, 150)  # operators of a window
_NOISES = (0.0, 0.1, 0.5)
_WIDTH = 100
_PATIENCE = 100  # windows without a better order, after which beams get wider
_LONGER, _WIDER = 1.25, 1.5  # by how much then
_WIDEST = 8  # how often at most
_BACKWARDS = 0.7  # how often: networks join more than they fork
_LEVEL = 0.3  # how often a window may reach the peak again
_WALK = 100  # windows without a better order, after which a walk begins elsewhere, or a multiple
_WORSE = 7  # by such a part of the best peak may the first order of a walk be worse
_NOISE = 0.5  # of the dive that finds it
_HIGHEST = (1 << 62) - 1  # budget of a dive


class Polish:
    """The best order so far of a network that has operators.

    Attributes:
        order, peak: The order, and the bytes that it takes.
    """

    def __init__(self, net: Network, order: Sequence[int], seed: int = 0) -> None:
        self.net = net
        self.order = list(order)
        self.peak = order_peak(net, order)
        self._random = Random(seed)
        self._able = countable(net) and bool(net.preds)
        self._credit = 0  # cells that may be spent; below 0: cells that were not to be spent yet
        self._dives = [_Dives(forward=True), _Dives(forward=False)]  # the last one comes first
        self._beams: dict[bool, Beam] = {}  # of the whole network, by direction
        self._walk, self._walk_peak = self.order, self.peak  # the order that windows are taken of
        self._walks = 1
        self._failed = 0  # windows since the walk had a better order

    def take(self, order: Sequence[int]) -> None:
        """Go on from an order that was found elsewhere, if it is better."""
        if (peak := order_peak(self.net, order)) < self.peak:
            self._failed = 0
            self._step(list(order), peak)

    def turn(self, cells: int, lower_bound: int, limits: Limits) -> Iterator[list[int]]:
        """Better and better orders, until so many cells of beams are spent or a bound is met.

        A dive that costs more waits for further turns.

        Args:
            cells: How long to go on; see ``Beam``.
            lower_bound: Bytes that every order takes.
            limits: Limits to keep.

        Raises:
            LimitReached: A limit was reached first.
        """
        self._credit += cells
        while self._credit > 0 and self.peak > lower_bound and self._able:
            before = self.peak
            if not self._dives and self._failed < _WALK * (self._walks & -self._walks):
                self._window(limits)
            elif not (self._dive(lower_bound, limits) if self._dives else self._restart(limits)):
                return
            if self.peak < before:
                yield self.order

    def _dive(self, lower_bound: int, limits: Limits) -> bool:
        """A step of a bisection between bound and peak, as if to find nothing were a proof.

        Returns:
            Whether there was credit for it.
        """
        dives = self._dives[-1]
        dives.low = max(dives.low, lower_bound)
        budget = (dives.low + self.peak - 1) // 2
        if not self._afforded(dives.forward):
            return False
        order = self._whole(dives.forward, budget, 0.0, limits)
        dives.left -= 1
        if order is None:
            dives.low = budget + 1
        else:
            self._step(order, order_peak(self.net, order))
        if not dives.left or dives.low >= self.peak:
            self._dives.pop()
        return True

    def _window(self, limits: Limits) -> None:
        """Try another order of some window."""
        random, order = self._random, self._walk
        costs = step_costs(self.net, order)
        at = random.choice([step for step, cost in enumerate(costs) if cost == self._walk_peak])
        rounds = min(self._failed // _PATIENCE, _WIDEST)
        length = min(len(order), int(random.choice(_LENGTHS) * _LONGER**rounds))
        begin = max(0, min(at - random.randrange(length), len(order) - length))
        end = begin + length
        beam = Beam(excerpt(self.net, order, begin, end), random.random() >= _BACKWARDS)
        budget = self._walk_peak - (random.random() >= _LEVEL)
        width = int(_WIDTH * _WIDER**rounds)
        found = beam.dive(budget, width, limits, random, random.choice(_NOISES))
        self._credit -= beam.cells
        self._failed += 1
        if found is not None:
            order = [*order[:begin], *(order[begin + v] for v in found), *order[end:]]
            peak = order_peak(self.net, order)
            if peak < self._walk_peak:
                self._failed = 0
            self._step(order, peak)

    def _restart(self, limits: Limits) -> bool:
        """Begin another walk, with an order that a noisy dive finds; with the best if it does not.

        Of all walks every second one may fail twice as often before that, every fourth four times,
        and so on: M. Luby, A. Sinclair and D. Zuckerman, "Optimal speedup of Las Vegas algorithms"
        (1993).

        Returns:
            Whether there was credit for it.
        """
        forward = self._random.random() >= _BACKWARDS
        if not self._afforded(forward):
            return False
        budget = min(self.peak + self.peak // _WORSE, _HIGHEST)
        order = self._whole(forward, budget, _NOISE, limits) or self.order
        self._walks += 1
        self._failed = 0
        self._step(order, order_peak(self.net, order))
        return True

    def _afforded(self, forward: bool) -> bool:
        """Whether there is credit for a dive through the whole network."""
        beam = self._beam(forward)
        return beam.most_cells(_width(beam)) <= self._credit

    def _whole(self, forward: bool, budget: int, noise: float, limits: Limits) -> list[int] | None:
        """A dive through the whole network."""
        beam = self._beam(forward)
        spent = beam.cells
        order = beam.dive(budget, _width(beam), limits, self._random, noise)
        self._credit -= beam.cells - spent
        return order

    def _beam(self, forward: bool) -> Beam:
        if forward not in self._beams:
            self._beams[forward] = Beam(self.net, forward)
        return self._beams[forward]

    def _step(self, order: list[int], peak: int) -> None:
        """Walk on to an order, and keep it if none is better."""
        self._walk, self._walk_peak = order, peak
        if peak <= self.peak:
            self.order, self.peak = order, peak


def _width(beam: Beam) -> int:
    """States a level of a dive through the whole network."""
    width = _DIVE_WIDTH
    while width > 1 and beam.most_cells(width) > _DIVE_CELLS:
        width //= 2
    return width


class _Dives:
    """A bisection in one direction.

    Attributes:
        low: The lowest budget that is worth a try.
        left: Dives to go.
    """

    __slots__ = ("forward", "left", "low")

    def __init__(self, forward: bool) -> None:
        self.forward = forward
        self.low = 0
        self.left = _DIVES
