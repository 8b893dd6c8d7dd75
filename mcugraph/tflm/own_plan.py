"""The bytes of TFLM's head with our plan of our order, found with as little search as it takes."""

from collections.abc import Sequence

from mcugraph.planning.arena import ArenaProblem, Plan
from mcugraph.planning.order_blocks import arena_problem
from mcugraph.planning.stages import best_order
from mcugraph.scheduling.bounds import operator_bound
from mcugraph.scheduling.problem import Name
from mcugraph.scheduling.result import Schedule
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.tflm.head import SECONDS, Head
from mcugraph.tflm.lifetimes import ALIGNMENT
from mcugraph.tflm.loaded import TflmProgram


def overlap_arena(program: TflmProgram, arena: int, seconds: float = SECONDS) -> int:
    """Bytes of the head where outputs lie over inputs that die, as the program's kernels allow.

    Args:
        program: What TFLM loads.
        arena: Bytes of the head with a plan that uses no overlaps.
        seconds: After about so long the best plan till then counts.
    """
    head = Head(program, overlapping=True)
    if not any(head.overlaps):
        return arena
    return min(arena, _least_found(head, arena, seconds, None))


def overlap_plan(program: TflmProgram, seconds: float = SECONDS) -> tuple[ArenaProblem, Plan]:
    """Our plan of the best order, outputs over inputs that die; tensors by number in the file."""
    head = Head(program, overlapping=True)
    plans = [(head.blocks(order), head.packed(order, seconds)) for order in _orders(head, seconds)]
    return min(plans, key=lambda made: made[1].arena)


def _orders(head: Head, seconds: float) -> set[tuple[int, ...]]:
    return {head.file_order, head.reordered(seconds)}


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
    return _least_found(head, arena, seconds, known)


def _least_found(head: Head, arena: int, seconds: float, known: Schedule | None) -> int:
    """The arena of the best plan that is found, with as little search as it takes."""
    plans = _Plans(head, seconds)
    as_it_comes = head.in_file_order.bound
    if head.has_one_order:
        return arena if arena == as_it_comes else plans.of(head.file_order).arena

    def packs_as_it_comes(least: int) -> bool:
        return as_it_comes == least == plans.of(head.file_order).arena

    # No order needs less than the best one, and none less than the largest operator.
    if known is not None and packs_as_it_comes(known.lower_bound):
        return as_it_comes
    least = operator_bound(head.problem)
    if known is not None:
        least = max(least, known.lower_bound)
    if arena == least or packs_as_it_comes(least):
        return least
    best: Sequence[Name] | None = None if known is None else _proven(head, known, least)
    if best is None:
        found = best_order(head.problem, ALIGNMENT, Limits(seconds, None, None))
        best, least = found.order, found.lower_bound
        if packs_as_it_comes(least):
            return least
    reordered = plans.of(tuple(int(number) for number in best))
    if reordered.arena > reordered.peak:
        reordered = plans.of(head.near(best, Limits(seconds, None, None)))
    if reordered.arena <= as_it_comes:
        return reordered.arena
    return min(reordered.arena, plans.of(head.file_order).arena)


class _Plans:
    """Our plans of the orders of one head, each made once, when it is asked for."""

    def __init__(self, head: Head, seconds: float) -> None:
        self._head, self._seconds = head, seconds
        self._made: dict[tuple[int, ...], Plan] = {}

    def of(self, order: tuple[int, ...]) -> Plan:
        """All buffers placed by us, with the operators in this order."""
        if order not in self._made:
            self._made[order] = self._head.packed(order, self._seconds)
        return self._made[order]


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
