"""The order of a network with the least peak, and a proof of it.

What searches is imported where bounds leave a gap. Mostly they do not, and that import would take
longer than all of the rest.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from operator import itemgetter

from mcugraph.records import dataclass
from mcugraph.scheduling.solving.cuts import cut_bounds
from mcugraph.scheduling.solving.instance import Instance, Part
from mcugraph.scheduling.solving.last_readers import last_reader_bounds
from mcugraph.scheduling.solving.limits import INTERRUPT, LimitReached, Limits
from mcugraph.scheduling.solving.network import Network
from mcugraph.scheduling.solving.relaxation import forest_bound, series_parallel_bounds
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.scheduling.solving.shared_tree import shared_tree_bounds
from mcugraph.scheduling.solving.split import split

METHODS = ("auto", "dp", "greedy")
_DIVED = 1000  # operators through which the first searches can dive
_USELESS_CUTS = 10  # after so many cuts without a better bound, the search proves more
_USELESS_BEFORE_DIVES = 6  # the same where the search can dive
_USELESS_READERS = 2  # the same of bounds by last readers, each of which takes several cuts


@dataclass(frozen=True, slots=True)
class Solution:
    """An order of a network, and what is proven about it.

    Attributes:
        order: Operators by number.
        peak: Bytes that the order takes.
        lower_bound: Bytes that every order takes; equal to ``peak`` if the order is proven optimal.
        stopped: What ended the search before a proof (see ``limits``); empty: nothing did.
    """

    order: Sequence[int]
    peak: int
    lower_bound: int
    stopped: str = ""


def solve(instance: Instance, method: str, limits: Limits) -> Solution:
    """The best order that one of ``METHODS`` finds within the limits."""
    best = _Incumbent(instance, limits)
    stopped = ""
    try:
        if method == "dp":
            best.by_dynamic_programme()
        else:
            best.by_parts(exact=method == "auto")
    except LimitReached as limit:
        stopped = limit.reason
    except KeyboardInterrupt:
        stopped = INTERRUPT
    return Solution(best.order, order_peak(instance.net, best.order), best.lower_bound, stopped)


class _Incumbent:
    """The best order and the best bound so far."""

    def __init__(self, instance: Instance, limits: Limits) -> None:
        self.instance, self.net = instance, instance.net
        self.limits = limits
        self.order: Sequence[int] = range(len(self.net.preds))
        self.peak = order_peak(self.net, self.order)
        self.lower_bound = instance.floor
        limits.tell(self.lower_bound, self.peak)

    def by_dynamic_programme(self) -> None:
        """The dynamic programme on the whole network."""
        from mcugraph.scheduling.solving.dp import dp_order

        self.order = dp_order(self.net, self.limits)
        self.lower_bound = self.peak = order_peak(self.net, self.order)

    def by_parts(self, exact: bool) -> None:
        """Part by part, only as far as the largest peak of a part needs it."""
        if self.peak > self.lower_bound and self.instance.leaves_orders_out:
            self._as_given()
        if self.peak == self.lower_bound:
            return
        parts = self.instance.parts
        best: list[Sequence[int]] = []
        peaks: list[int] = []
        for part in parts:
            known = [(order_peak(part.net, order), order) for order in part.orders]
            peak, order = min(known, key=itemgetter(0))
            best.append(order)
            peaks.append(peak)

        def adopt() -> None:
            if self.peak == max(peaks):
                self.limits.tell(self.lower_bound, self.peak)
                return
            self.order = [
                part.operators[v] for part, order in zip(parts, best, strict=True) for v in order
            ]
            self.peak = max(peaks)
            self.limits.tell(self.lower_bound, self.peak)

        def take(index: int, order: Sequence[int] | None) -> None:
            """What was found out about a part: an order, if it is better, and the bound."""
            if order is not None and (peak := order_peak(parts[index].net, order)) < peaks[index]:
                best[index], peaks[index] = order, peak
            adopt()

        adopt()

        def climbed(index: int) -> Iterator[tuple[int, list[int] | None]]:
            """Bounds of a part that take their time, some with an order."""
            from mcugraph.scheduling.solving.climb import climb

            net, order = parts[index].net, best[index]
            if _dives_first(net):
                yield forest_bound(net, order)
            yield from climb(net, order, self.lower_bound, lambda: peaks[index], self.limits)
            yield max(cuts[index], default=self.lower_bound), None

        def levelled(index: int) -> Iterator[tuple[int, None]]:
            """Bounds of a part by its levels."""
            from mcugraph.scheduling.solving.level_bounds import level_bounds

            net, order = parts[index].net, best[index]
            for bound in level_bounds(
                net, order, lambda: self.lower_bound, lambda: peaks[index], self.limits
            ):
                yield bound, None

        bounded = [False] * len(parts)
        cuts: dict[int, Iterator[int]] = {}
        while self.peak > self.lower_bound:
            index = peaks.index(self.peak)
            part = parts[index]
            if not bounded[index]:
                bounded[index] = True
                cuts[index] = cut_bounds(part.net, part.orders, self.lower_bound, self.limits.check)
                for bound, found in self._bounds(part, best[index], cuts[index], exact):
                    self.lower_bound = max(self.lower_bound, bound)
                    take(index, found)
                    if self.lower_bound == self.peak or self.peak > peaks[index]:
                        break
            elif exact:
                from mcugraph.scheduling.solving.improve import improve
                from mcugraph.scheduling.solving.pivot_bounds import PivotBounds

                bounds = [climbed(index), levelled(index)]
                pivots = PivotBounds(
                    part.net,
                    partial(best.__getitem__, index),
                    lambda: self.lower_bound,
                    self.limits,
                )
                for bound, found in improve(
                    part.net,
                    best[index],
                    self.lower_bound,
                    self.limits,
                    bounds=bounds,
                    proofs=[pivots],
                ):
                    self.lower_bound = bound
                    take(index, found)
                    if self.lower_bound == self.peak or self.peak > peaks[index]:
                        break
            else:
                return

    def _as_given(self) -> None:
        """What hills and valleys say of the network with all its orders, where parts lack some."""
        found: list[int] = []
        for net, operators in split(self.net):
            order: Sequence[int] = range(len(operators))
            for bound, other in series_parallel_bounds(net, order, self.limits.check):
                self.lower_bound = max(self.lower_bound, bound)
                order = min(order, other, key=partial(order_peak, net))
            found += [operators[v] for v in order]
        if order_peak(self.net, found) == self.lower_bound:  # else the parts' own are better
            self.order, self.peak = found, self.lower_bound
        self.limits.tell(self.lower_bound, self.peak)

    def _bounds(
        self, part: Part, order: Sequence[int], cuts: Iterator[int], exact: bool
    ) -> Iterator[tuple[int, list[int] | None]]:
        """Bounds of a part from the cheapest on, some with an order that may be a better one."""
        if part.one_order:
            yield order_peak(part.net, order), None
            return
        yield from series_parallel_bounds(part.net, order, self.limits.check)
        yield from shared_tree_bounds(part.net, self.limits.check)
        dives = exact and _dives_first(part.net)
        most = _USELESS_BEFORE_DIVES if dives else _USELESS_CUTS
        yield from self._while_useful(((bound, None) for bound in cuts), most)
        readers = last_reader_bounds(part.net, order, self.lower_bound, self.limits.check)
        yield from self._while_useful(readers, _USELESS_READERS)
        if part.net.preds and not dives:
            yield forest_bound(part.net, order)

    def _while_useful(
        self, bounds: Iterable[tuple[int, list[int] | None]], most: int
    ) -> Iterator[tuple[int, list[int] | None]]:
        """The bounds, until so many in a row are no better ones."""
        useless = 0
        before = self.lower_bound
        for bound, found in bounds:
            useless = 0 if bound > before else useless + 1
            before = bound
            yield bound, found
            self.limits.check()
            if useless == most:
                return


def _dives_first(net: Network) -> bool:
    """Whether the first search can dive through a network: that comes to more than a forest."""
    return 0 < len(net.preds) <= _DIVED
