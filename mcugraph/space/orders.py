"""Orders that were the best for some sizes, tried again before a new one is searched for.

Along a path of slowly changing widths the best order rarely changes. Whether one still is the best
takes one product of a matrix and a vector where the largest operator alone proves it, else one
minimum cut at the operator where the order peaks, else one search for anything below its peak, in
the one part of the network where it peaks. Only where none of them proves it, the scheduler runs.
"""

from collections.abc import Sequence
from functools import cached_property
from threading import Lock

import numpy as np

from mcugraph.errors import GraphError
from mcugraph.ir import Array
from mcugraph.records import dataclass, replace
from mcugraph.scheduling.entry import schedule
from mcugraph.scheduling.liveness import liveness
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.cuts import operator_cut
from mcugraph.scheduling.solving.direction import Direction
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network, ancestor_masks
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.scheduling.solving.search import Search
from mcugraph.scheduling.solving.split import split

_LARGEST = 1 << 27  # entries of a matrix of operators and tensors
_KEPT = 32  # orders, the last one that helped first
_CUTS = 4  # operators at which an order reaches its peak that are tried for a proof
_STATES = 20_000  # that a search may visit to prove a known order, before all starts again

# Held while what is known changes, never while it is worked out. One for all, since what knows
# orders can be copied.
_CHANGE = Lock()


@dataclass(frozen=True, slots=True)
class Order:
    """An order and what is live while each operator of it runs.

    Attributes:
        operators: Numbers of the operators, in the order in which they run.
        live: 1 where a tensor is live during a step, shape (steps, tensors).
    """

    operators: Array
    live: Array

    @classmethod
    def of(cls, problem: Problem, operators: Sequence[int]) -> "Order":
        """An order of a problem, with its liveness."""
        when = liveness(problem, operators)
        live = np.zeros((len(operators), len(problem.tensors)))
        for tensor, (begin, end) in enumerate(zip(when.begin, when.end, strict=True)):
            live[begin:end, tensor] = 1
        return cls(np.array(operators, np.int64), live)


@dataclass(frozen=True, slots=True)
class LivePeak:
    """Where a network needs the most memory.

    Attributes:
        live: 1 for each tensor that is live there, shape (tensors,).
        operator: The number of the operator that runs; None for a network without operators.
        bytes: The live set, in the unit of the sizes.
    """

    live: Array
    operator: int | None
    bytes: int


class Orders:
    """The best orders of one problem at changing sizes.

    Sizes are whole numbers in any unit, with the scratch of operators in the same unit. Several
    threads may ask at once.

    Attributes:
        searched: How often the scheduler had to run.

    Raises:
        GraphError: The problem has too many operators and tensors.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._known: tuple[Order, ...] = ()  # replaced, never changed: somebody may look at it
        self._ancestors: list[int] | None = None
        self._scratch = np.zeros(len(problem.operators))
        if problem.scratch:
            self._scratch[:] = problem.scratch
        if len(problem.operators) * len(problem.tensors) > _LARGEST:
            raise GraphError(
                f"{len(problem.operators):,} operators and {len(problem.tensors):,} tensors are "
                "too many for peaks as functions of widths"
            )
        self._touched = np.zeros((len(problem.operators), len(problem.tensors)))
        for row, read, made in zip(self._touched, problem.inputs, problem.outputs, strict=True):
            row[[*read, *made]] = 1
        self.searched = 0

    def in_file_order(self, sizes: Array, scale: int = 1) -> LivePeak:
        """The bottleneck of the order that the problem comes in."""
        if not self._problem.operators:
            return _resting(self._problem, sizes)
        order = self._file_order
        return self._bottleneck(order, self._timeline(order, sizes, scale))

    def largest_operator(self, sizes: Array, scale: int = 1) -> LivePeak:
        """The operator with the most inputs and outputs, whatever waits besides."""
        if not self._problem.operators:
            return _resting(self._problem, sizes)
        totals = self._touched @ sizes + self._scratch * scale
        v = int(totals.argmax())
        return LivePeak(self._touched[v], v, int(totals[v]))

    def best(self, sizes: Array, scale: int = 1) -> LivePeak:
        """The bottleneck of an order with the least peak, shape of sizes (tensors,)."""
        if not self._problem.operators:
            return _resting(self._problem, sizes)
        return self._bottleneck(*self._best(sizes, scale))

    def tied(self, sizes: Array, scale: int = 1) -> list[LivePeak]:
        """All steps of an order with the least peak that need it, the first of them first."""
        if not self._problem.operators:
            return [_resting(self._problem, sizes)]
        order, timeline = self._best(sizes, scale)
        steps = np.flatnonzero(timeline == timeline.max()).tolist()
        return [self._at(order, timeline, step) for step in steps]

    def _best(self, sizes: Array, scale: int) -> tuple[Order, Array]:
        """An order with the least peak, and what it needs at each step."""
        bound = int((self._touched @ sizes + self._scratch * scale).max())
        least, chosen, when = -1, None, np.zeros(0)
        for order in self._known:
            timeline = self._timeline(order, sizes, scale)
            peak = int(timeline.max())
            if chosen is None or peak < least:
                least, chosen, when = peak, order, timeline
            if least == bound:
                break
        if chosen is None or (least > bound and not self._proves(chosen, when, sizes, scale)):
            chosen = self._search(sizes, scale)
            when = self._timeline(chosen, sizes, scale)
        self._put_first(chosen)
        return chosen, when

    def proven(self, sizes: Array, scales: Array) -> tuple[Array, Array]:
        """The peaks of many candidates, as far as known orders and operators prove them.

        Args:
            sizes: Shape (candidates, tensors).
            scales: Of the sizes of each candidate, shape (candidates,).

        Returns:
            What is live at the bottleneck, shape (candidates, tensors), and the scratch there,
            unscaled; NaN where the known orders prove nothing.
        """
        live = np.zeros_like(sizes)
        scratch = np.full(len(sizes), np.nan)
        extra = scales[:, None] * self._scratch
        bounds = (sizes @ self._touched.T + extra).max(axis=1, initial=0)
        for order in self._known:
            left = np.flatnonzero(np.isnan(scratch))
            timeline = sizes[left] @ order.live.T + extra[left][:, order.operators]
            steps = timeline.argmax(axis=1)
            met = timeline.max(axis=1) == bounds[left]
            live[left[met]] = order.live[steps[met]]
            scratch[left[met]] = self._scratch[order.operators[steps[met]]]
        return live, scratch

    def known(self, sizes: Array, scales: Array) -> Array:
        """The least peaks of the known orders, shape (candidates,); infinite if none is known.

        Args:
            sizes: Shape (candidates, tensors).
            scales: Of the sizes of each candidate, shape (candidates,).
        """
        least = np.full(len(sizes), np.inf)
        for order in self._known:
            least = np.minimum(least, self._peaks(order, sizes, scales))
        return least

    def file_order_peaks(self, sizes: Array, scales: Array) -> Array:
        """The peaks of the order that the problem comes in, as ``known`` takes and gives them."""
        return self._peaks(self._file_order, sizes, scales)

    @cached_property
    def _file_order(self) -> Order:
        return Order.of(self._problem, range(len(self._problem.operators)))

    def _peaks(self, order: Order, sizes: Array, scales: Array) -> Array:
        timelines = sizes @ order.live.T + scales[:, None] * self._scratch[order.operators]
        return np.asarray(timelines.max(axis=1, initial=0))

    def _timeline(self, order: Order, sizes: Array, scale: int) -> Array:
        return np.asarray(order.live @ sizes + self._scratch[order.operators] * scale)

    def _bottleneck(self, order: Order, timeline: Array) -> LivePeak:
        return self._at(order, timeline, int(timeline.argmax()))

    def _at(self, order: Order, timeline: Array, step: int) -> LivePeak:
        return LivePeak(order.live[step], int(order.operators[step]), int(timeline[step]))

    def problem(self, sizes: Array, scale: int) -> Problem:
        """The problem at some sizes, shape (tensors,)."""
        scratch = tuple(extra * scale for extra in self._problem.scratch)
        counted = tuple(np.asarray(sizes, np.int64).tolist())
        return replace(self._problem, sizes=counted, scratch=scratch)

    def _proves(self, known: Order, timeline: Array, sizes: Array, scale: int) -> bool:
        """Whether no order takes less than a known one, by a minimum cut or a short search."""
        peak = int(timeline.max())
        net = self.problem(sizes, scale).network()
        if self._ancestors is None:
            self._ancestors = ancestor_masks(net)
        order = known.operators
        steps = np.flatnonzero(timeline == peak)[:_CUTS]
        if any(operator_cut(net, self._ancestors, v) == peak for v in order[steps].tolist()):
            return True
        return any(_none_below(part, peak) for part in _parts_at(net, order, peak))

    def _search(self, sizes: Array, scale: int) -> Order:
        with _CHANGE:
            self.searched += 1
        number = {name: v for v, name in enumerate(self._problem.operators)}
        found = schedule(self.problem(sizes, scale))
        return Order.of(self._problem, [number[name] for name in found.order])

    def _put_first(self, order: Order) -> None:
        with _CHANGE:
            others = (other for other in self._known if other is not order)
            self._known = (order, *others)[:_KEPT]


def _parts_at(net: Network, order: Array, peak: int) -> list[Network]:
    """The independent parts of a network in which an order reaches a peak."""
    found = []
    for part, operators in split(net):
        number = {v: i for i, v in enumerate(operators)}
        if order_peak(part, [number[v] for v in order.tolist() if v in number]) == peak:
            found.append(part)
    return found


def _none_below(part: Network, peak: int) -> bool:
    """Whether a search of limited length shows that no order stays below the peak."""
    direction = Direction(part, forward=bool(part.first))
    search = Search(direction, peak - 1).run(_STATES, Limits())
    return search.complete and search.order is None


def _resting(problem: Problem, sizes: Array) -> LivePeak:
    """Without operators, inputs and outputs are live all the time."""
    live = np.zeros(len(problem.tensors))
    live[[*problem.graph_inputs, *problem.graph_outputs]] = 1
    return LivePeak(live, None, int(sizes @ live))
