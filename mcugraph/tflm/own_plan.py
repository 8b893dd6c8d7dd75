"""The bytes of TFLM's head with our plan of our order, found with as little search as it takes."""

from collections.abc import Sequence
from functools import cached_property

from mcugraph.planning.arena import arena_problem
from mcugraph.planning.stages import best_order
from mcugraph.scheduling.bounds import operator_bound
from mcugraph.scheduling.problem import Name
from mcugraph.scheduling.result import Schedule
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.tflm.head import SECONDS, Head
from mcugraph.tflm.lifetimes import ALIGNMENT
from mcugraph.tflm.loaded import TflmProgram


def planned_arena(
    program: TflmProgram, arena: int, seconds: float = SECONDS, known: Schedule | None = None
) -> int:
    """Bytes of TFLM's head with our plan of our order.

    Args:
        program: What TFLM loads.
        arena: Bytes of TFLM's head with its own plan.
        seconds: After about so long the best plan till then counts.
        known: The best order of the graph that was found, its sizes not rounded up; None: none
            was looked for.
    """
    head = Head(program)
    if known is not None and not head.holds_live_set:
        known = None
    # TFLM's buffers are at least as large and live at least as long as the graph's tensors.
    if known is not None and arena == known.lower_bound:
        return arena
    if head.after is None:
        return head.packed(head.file_order, seconds).arena
    # No order and no plan needs less than the largest operator.
    least = operator_bound(head.problem)
    if known is not None:
        least = max(least, known.lower_bound)
    if arena == least:
        return arena
    as_it_comes = _InFileOrder(head, seconds)
    if as_it_comes.bound == least == as_it_comes.arena:
        return least
    limits = Limits(seconds, None, None)
    best: Sequence[Name] | None = None if known is None else _proven(head, known, least)
    if best is None:
        found = best_order(head.problem, ALIGNMENT, limits)
        best, least = found.order, found.lower_bound
        if as_it_comes.bound == least == as_it_comes.arena:
            return least
    order = head.near(best, limits)
    if order == head.file_order:
        return as_it_comes.arena
    reordered = head.packed(order, seconds).arena
    if reordered <= as_it_comes.bound:
        return reordered
    return min(reordered, as_it_comes.arena)


class _InFileOrder:
    """Our plan of the order of the file, made when it is asked for.

    Attributes:
        bound: Bytes that no plan of this order takes less than.
    """

    def __init__(self, head: Head, seconds: float) -> None:
        self._head, self._seconds = head, seconds
        self.bound = head.in_file_order.bound

    @cached_property
    def arena(self) -> int:
        """Bytes of the plan."""
        return self._head.packed(self._head.file_order, self._seconds).arena


def _proven(head: Head, known: Schedule, least: int) -> list[int] | None:
    """The order of a schedule of the graph, operators by number, if no order of the head is better.

    Args:
        head: The head.
        known: The schedule.
        least: Bytes that no order of the head takes less than.
    """
    number = {operator.name: i for i, operator in enumerate(head.model.subgraphs[0].operators)}
    order = [number[str(name)] for name in known.order]
    when = {v: step for step, v in enumerate(order)}
    if any(when[earlier] > when[later] for earlier, later in head.problem.after):
        return None
    return order if arena_problem(head.problem, order, ALIGNMENT).bound == least else None
