"""An order made better piece by piece.

First beams dive through the whole network, in both directions, with budgets that are bisected: the
order of a large network is soon near the best one. Then parts of it are done again: a window of the
order, around a step that takes the peak, is a network of its own (``excerpt``), and a beam looks
for an order of it that stays below the peak. Now and then it may reach the peak again, so that the
walk leaves places where no window alone has a better order. The longer nothing better is found, the
wider beams and windows get.

This is large neighbourhood search: P. Shaw, "Using constraint programming and local search methods
to solve vehicle routing problems" (1998). All choices follow from the seed and the steps done, none
from the clock.
"""

from collections.abc import Iterator, Sequence
from random import Random

from mcugraph.scheduling.beam import Beam, countable
from mcugraph.scheduling.excerpt import excerpt
from mcugraph.scheduling.limits import Limits
from mcugraph.scheduling.network import Network
from mcugraph.scheduling.replay import order_peak, step_costs

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
        self._dived = not countable(net)
        self._failed = 0  # windows since there was a better order

    def turn(self, cells: int, lower_bound: int, limits: Limits) -> Iterator[list[int]]:
        """Better and better orders, until so many cells of beams are spent or a bound is met.

        The first turn dives, whatever that takes.

        Args:
            cells: How long to go on; see ``Beam``.
            lower_bound: Bytes that every order takes.
            limits: Limits to keep.

        Raises:
            LimitReached: A limit was reached first.
        """
        if not countable(self.net):
            return
        if not self._dived:
            self._dived = True
            for forward in (False, True):
                for _ in self._dives(Beam(self.net, forward), lower_bound, limits):
                    yield self.order
        spent = 0
        while spent < cells and self.peak > lower_bound:
            beam, better = self._window(limits)
            spent += max(beam.cells, beam.size)  # to look at a window costs something, too
            if better:
                yield self.order

    def _dives(self, beam: Beam, lower_bound: int, limits: Limits) -> Iterator[None]:
        """Bisect between bound and peak as if a beam that finds nothing were a proof."""
        width = min(_DIVE_WIDTH, _DIVE_CELLS // beam.size)
        low = lower_bound
        for _ in range(_DIVES if width else 0):
            if low >= self.peak:
                return
            budget = (low + self.peak - 1) // 2
            order = beam.dive(budget, width, limits, self._random)
            if order is None:
                low = budget + 1
            elif self._adopt(order):
                yield

    def _window(self, limits: Limits) -> tuple[Beam, bool]:
        """Try another order of some window; the beam, and whether the peak is lower."""
        random, order = self._random, self.order
        costs = step_costs(self.net, order)
        at = random.choice([step for step, cost in enumerate(costs) if cost == self.peak])
        rounds = min(self._failed // _PATIENCE, _WIDEST)
        length = min(len(order), int(random.choice(_LENGTHS) * _LONGER**rounds))
        begin = max(0, min(at - random.randrange(length), len(order) - length))
        part = excerpt(self.net, order, begin, begin + length)
        beam = Beam(part, forward=random.random() >= _BACKWARDS)
        budget = self.peak - (random.random() >= _LEVEL)
        width = int(_WIDTH * _WIDER**rounds)
        found = beam.dive(budget, width, limits, random, random.choice(_NOISES))
        self._failed += 1
        if found is None:
            return beam, False
        inside = [order[begin + v] for v in found]
        return beam, self._adopt([*order[:begin], *inside, *order[begin + length :]])

    def _adopt(self, order: list[int]) -> bool:
        """Take an order that is no worse; whether it is better."""
        peak = order_peak(self.net, order)
        better = peak < self.peak
        if better:
            self._failed = 0
        self.order, self.peak = order, peak
        return better
