"""Scheduling: the operator order with the least peak memory, and a proof of it."""

from collections.abc import Sequence

from mcugraph.errors import UsageError
from mcugraph.scheduling.bounds import cut_bounds
from mcugraph.scheduling.dp import dp_order
from mcugraph.scheduling.improve import improve
from mcugraph.scheduling.instance import Instance, Part
from mcugraph.scheduling.limits import LimitReached, Limits, Progress
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.replay import order_peak, step_costs
from mcugraph.scheduling.result import Live, Schedule

METHODS = ("auto", "dp", "greedy")
_USELESS_CUTS = 10  # after so many cuts without a better bound, the search proves more


def schedule(
    problem: Problem,
    method: str = "auto",
    time_limit: float | None = None,
    memory_limit: int | None = None,
    progress: Progress | None = None,
) -> Schedule:
    """Find the operator order with the least peak memory.

    Args:
        problem: What to schedule.
        method: ``"auto"``: bounds, then an exact search where they leave a gap. ``"dp"``: the
            plain dynamic programme over downsets. ``"greedy"``: bounds and greedy orders only.
        time_limit: Seconds after which the search stops; None for no limit.
        memory_limit: Bytes that the states of the search may take; None for no limit.
        progress: Called now and then with the seconds so far, the proven lower bound and the
            best peak so far, in bytes.

    Returns:
        The best order found. If a limit or Ctrl-C stopped the search, ``optimal`` may be false,
        and ``lower_bound`` is what was proven till then.

    Raises:
        GraphError: The problem contradicts itself.
        UsageError: Unknown method.
    """
    if method not in METHODS:
        raise UsageError(f"unknown method {method!r}; expected one of {', '.join(METHODS)}")
    return scheduled(Instance(problem), method, Limits(time_limit, memory_limit, progress))


def scheduled(instance: Instance, method: str, limits: Limits) -> Schedule:
    """The schedule of a problem that was checked, by one of the methods of ``schedule``."""
    solver = Solver(instance, limits)
    try:
        if method == "dp":
            solver.solve_plainly()
        else:
            solver.solve(exact=method == "auto")
    except (LimitReached, KeyboardInterrupt):
        pass
    return describe(instance, solver.order, solver.lower_bound, limits.elapsed)


class Solver:
    """The best order and the best bound so far."""

    def __init__(self, instance: Instance, limits: Limits) -> None:
        self.instance, self.net = instance, instance.net
        self.limits = limits
        self.order: Sequence[int] = range(len(self.net.preds))
        self.peak = order_peak(self.net, self.order)
        self.lower_bound = instance.operator_bound if self.net.preds else self.peak
        limits.tell(self.lower_bound, self.peak)

    def solve_plainly(self) -> None:
        """The dynamic programme on the whole problem."""
        self.order = dp_order(self.net, self.limits)
        self.lower_bound = self.peak = order_peak(self.net, self.order)

    def solve(self, exact: bool) -> None:
        """Part by part, only as far as the largest peak of a part needs it."""
        if self.peak == self.lower_bound:
            return
        parts = self.instance.parts
        best = [min(p.orders, key=lambda order: order_peak(p.net, order)) for p in parts]
        peaks = [order_peak(part.net, order) for part, order in zip(parts, best, strict=True)]

        def adopt() -> None:
            self.order = [
                part.operators[v] for part, order in zip(parts, best, strict=True) for v in order
            ]
            self.peak = max(peaks)
            self.limits.tell(self.lower_bound, self.peak)

        adopt()
        bounded = [False] * len(parts)
        while self.peak > self.lower_bound:
            index = peaks.index(self.peak)
            part = parts[index]
            if not bounded[index]:
                bounded[index] = True
                self._bound(part)
            elif exact:
                for bound, order in improve(part.net, peaks[index], self.lower_bound, self.limits):
                    self.lower_bound = bound
                    if order is not None:
                        best[index] = order
                        peaks[index] = order_peak(part.net, order)
                    adopt()
                    if self.peak > peaks[index]:
                        break
            else:
                return

    def _bound(self, part: Part) -> None:
        """Raise the bound by cuts, as long as they help."""
        useless = 0
        for bound in cut_bounds(part.net, part.orders, self.lower_bound):
            useless = 0 if bound > self.lower_bound else useless + 1
            self.lower_bound = bound
            self.limits.check()
            if bound == self.peak or useless == _USELESS_CUTS:
                return


def describe(
    instance: Instance, order: Sequence[int], lower_bound: int, elapsed: float
) -> Schedule:
    """The schedule of an order: its figures and its bottleneck."""
    problem, net = instance.problem, instance.net
    timeline = step_costs(net, order)
    names = tuple(problem.operators[v] for v in order)
    if not timeline:
        held = _live(problem, order, 0)
        peak = net.start + net.first
        return Schedule(names, peak, lower_bound, None, held, (), elapsed)
    peak = max(timeline)
    step = timeline.index(peak)
    live = _live(problem, order, step)
    return Schedule(names, peak, lower_bound, names[step], live, tuple(timeline), elapsed)


def _live(problem: Problem, order: Sequence[int], step: int) -> tuple[Live, ...]:
    """Tensors with bytes that are live while the operator at ``step`` runs."""
    position = {v: index for index, v in enumerate(order)}
    begin = {t: position[v] for v, written in enumerate(problem.outputs) for t in written}
    end = dict(begin)
    for tensor in problem.graph_inputs:
        if problem.count_inputs:
            begin[tensor] = end[tensor] = 0
    for v, read in enumerate(problem.inputs):
        for tensor in read:
            end[tensor] = max(end.get(tensor, 0), position[v])
    end.update(dict.fromkeys(problem.graph_outputs, len(order)))
    live = [
        Live(problem.tensors[t], problem.sizes[t])
        for t, first in begin.items()
        if first <= step <= end[t] and problem.sizes[t]
    ]
    return tuple(sorted(live, key=lambda item: -item.bytes))
