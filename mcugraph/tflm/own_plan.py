"""The bytes of TFLM's head with our plan of our order, found with as little search as it takes."""

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

from mcugraph.garbage import collected_seldom
from mcugraph.planning import rows
from mcugraph.planning.arena import ArenaProblem, Plan
from mcugraph.planning.crowded import crowded
from mcugraph.planning.order_blocks import aligned_problem, arena_problem
from mcugraph.planning.stages import best_order, fitted, plan_blocks
from mcugraph.scheduling.bounds import largest_operator
from mcugraph.scheduling.fixed_places import fixed_places
from mcugraph.scheduling.liveness import Liveness, liveness
from mcugraph.scheduling.problem import Name
from mcugraph.scheduling.result import Schedule
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.tflm.head import SECONDS, Head
from mcugraph.tflm.lifetimes import ALIGNMENT
from mcugraph.tflm.loaded import TflmProgram

# Operators beyond which a search hardly improves on what is found without.
_SEARCHED = 1000


class OwnArenas:
    """Bytes of the head with our plan of our order, worked out when asked for.

    Args:
        program: What TFLM loads.
        arena: Bytes of TFLM's head with its own plan.
        seconds: After about so long the best plan till then counts, each time.
        known: The best order of the graph that was found, its sizes not rounded up; None: none
            was looked for.
    """

    def __init__(
        self,
        program: TflmProgram,
        arena: int,
        seconds: float = SECONDS,
        known: Schedule | None = None,
    ) -> None:
        self._head = Head(program)
        self._arena, self._seconds, self._known = arena, seconds, known

    @cached_property
    @collected_seldom()
    def planned(self) -> int:
        """Where no outputs lie over inputs."""
        return _planned(self._head, self._arena, self._seconds, self._known)

    @cached_property
    @collected_seldom()
    def overlapped(self) -> int:
        """Where outputs lie over inputs that die."""
        return _overlapped(self._head, self.planned, self._seconds, self._known)


def _overlapped(plain: Head, arena: int, seconds: float, known: Schedule | None) -> int:
    """The arena with overlaps, of a head that was planned without."""
    if plain.after is None:
        return arena
    least, crowded = _largest_operator(plain)
    if arena == least or not crowded:  # without operators there are none to lie over anything
        return arena
    row = plain.row(crowded[0])
    if not rows.fits(row, arena - ALIGNMENT):
        return arena
    least = rows.least_arena(row, least, arena - ALIGNMENT, ALIGNMENT)
    best = None if known is None else _numbered(plain, known)
    found = arena
    # Mostly a few operators decide, and nothing else has to lie over anything.
    for order in dict.fromkeys((plain.file_order, tuple(best or plain.file_order))):
        if known is not None and order != plain.file_order and plain.holds_live_set:
            # At its peak each order takes what the best one does, less what an operator saves.
            least = max(least, known.lower_bound - _most_saved(plain))
        live = liveness(plain.problem, order)
        levels = _levels(plain, live)
        least = max(least, _at_fixed_places(plain, live, levels, least))
        # If nothing lies over inputs, the others need no more than that anyway.
        above = [i for i, level in zip(order, levels, strict=True) if level > least]
        blocks = plain.allowing({*above, *crowded}).blocks(order)
        bound = blocks.bound
        if plain.has_one_order:
            least = max(least, bound)
        if bound <= least or (len(order) > _SEARCHED and bound < found):
            found = min(found, _quickly(blocks, max(least, bound), seconds))
        if found <= least:
            return found
    head = plain.allowing(plain.file_order)
    if not head.overlaps or (plain.has_one_order and len(plain.file_order) > _SEARCHED):
        return found
    return min(found, _least_found(head, arena, seconds, None, least))


def _most_saved(plain: Head) -> int:
    """Most aligned bytes that one operator may save by overlaps."""
    sizes = plain.problem.sizes
    most = [
        min(sum([sizes[t] for t in read]), sum([sizes[t] for t in written]))
        for read, written in zip(plain.problem.inputs, plain.problem.outputs, strict=True)
    ]
    found = 0
    for i in sorted(plain.file_order, key=most.__getitem__, reverse=True):
        if most[i] <= found:
            break
        found = max(found, plain.saved(i))
    return found


def _largest_operator(plain: Head) -> tuple[int, list[int]]:
    """Bytes that no order takes less than, with overlaps; the operators that take more without."""
    problem = plain.problem
    takes = [
        sum([problem.sizes[t] for t in (*read, *written)]) + scratch
        for read, written, scratch in zip(
            problem.inputs, problem.outputs, problem.scratch, strict=True
        )
    ]
    least, crowded = 0, []
    for i in sorted(plain.file_order, key=takes.__getitem__, reverse=True):
        if takes[i] <= least:
            break
        crowded.append(i)
        least = max(least, takes[i] - plain.saved(i))
    return least, crowded


def _levels(plain: Head, live: Liveness) -> list[int]:
    """Bytes that are needed while each operator of an order runs, if nothing lies over inputs."""
    problem = plain.problem
    change = [0] * (len(live.order) + 2)
    for size, begin, end in zip(problem.sizes, live.begin, live.end, strict=True):
        change[begin] += size
        change[end] -= size
    return [
        level + problem.scratch[i] for i, level in zip(live.order, accumulate(change), strict=False)
    ]


def _at_fixed_places(plain: Head, live: Liveness, levels: Sequence[int], least: int) -> int:
    """Bytes that no order takes less than: while an operator runs that has one place in all.

    As much as given, or more.
    """
    problem = plain.problem
    crowded = [step for step, level in enumerate(levels) if level > least]
    fixed = fixed_places(problem) if crowded else []
    for step in crowded:
        i = live.order[step]
        if fixed[i] and levels[step] > least:
            dying = {t for t in problem.inputs[i] if live.end[t] == step + 1}
            least = max(least, levels[step] - plain.saved(i, dying))
    return least


def overlap_plan(program: TflmProgram, seconds: float = SECONDS) -> tuple[ArenaProblem, Plan]:
    """Our plan of the best order, outputs over inputs that die; tensors by number in the file."""
    head = Head(program, overlapping=True)
    order, plan = least_plan(head, seconds)
    return head.blocks(order), plan


def least_plan(head: Head, seconds: float = SECONDS) -> tuple[tuple[int, ...], Plan]:
    """The order of the file or our best one, whichever packs into less, and its plan."""
    orders = dict.fromkeys((head.file_order, head.reordered(seconds)))
    plans = [(order, head.packed(order, seconds)) for order in orders]
    return min(plans, key=lambda made: made[1].arena)


def _planned(head: Head, arena: int, seconds: float, known: Schedule | None) -> int:
    if known is not None and not head.holds_live_set:
        known = None
    # TFLM's buffers are at least as large and live at least as long as the graph's tensors.
    if known is not None and arena == known.lower_bound:
        return arena
    return _least_found(head, arena, seconds, known)


def _least_found(
    head: Head, arena: int, seconds: float, known: Schedule | None, least: int | None = None
) -> int:
    """The arena of the best plan that is found, with as little search as it takes.

    No order needs less than the best one, which may be known, and none less than the largest
    operator, nor than ``least``, if that is given.
    """
    plans = _Plans(head, seconds, 0 if least is None else least)
    as_it_comes = plans.as_it_comes
    if head.has_one_order:
        return arena if arena == as_it_comes else plans.of(head.file_order)

    def packs_as_it_comes(least: int) -> bool:
        return as_it_comes == least == plans.of(head.file_order)

    if known is not None and packs_as_it_comes(known.lower_bound):
        return as_it_comes
    if least is None:
        least = largest_operator(aligned_problem(head.problem, ALIGNMENT))
    if known is not None:
        least = max(least, known.lower_bound)
    if arena == least or packs_as_it_comes(least):
        return least
    best: Sequence[Name] | None = None if known is None else _proven(head, known, least)
    if best is None:
        found = best_order(head.problem, ALIGNMENT, Limits(seconds))
        best, least = found.order, max(least, found.lower_bound)
        if packs_as_it_comes(least):
            return least
    plans.known = least
    order = tuple(int(number) for number in best)
    blocks = head.blocks(order)
    goal = max(blocks.bound, least)
    reordered = _quickly(blocks, goal, seconds)
    # Another order mostly packs before a search finds a plan of this one, or that there is none.
    if reordered > goal:
        reordered = min(reordered, plans.of(head.near(best, Limits(seconds), least)))
    if reordered <= as_it_comes:
        return reordered
    return min(reordered, plans.of(head.file_order))


def _quickly(blocks: ArenaProblem, goal: int, seconds: float) -> int:
    """Bytes of a plan that is found with little effort, no less than a goal, which will do."""
    return max(goal, fitted(crowded(blocks, goal), goal, Limits(seconds)).arena)


class _Plans:
    """Our plans of the orders of one head, each made once, when it is asked for.

    Attributes:
        known: Bytes that none of them takes less than.
        as_it_comes: Bytes that the order of the file takes at the least.
    """

    def __init__(self, head: Head, seconds: float, known: int) -> None:
        self._head, self._seconds, self.known = head, seconds, known
        self.as_it_comes = head.in_file_order.bound
        self._made: dict[tuple[int, ...], int] = {}

    def of(self, order: tuple[int, ...]) -> int:
        """Bytes of the arena of all buffers, with the operators in this order."""
        if order not in self._made:
            blocks = self._head.blocks(order)
            first = order == self._head.file_order
            least = max(self.as_it_comes if first else blocks.bound, self.known)
            found = plan_blocks(crowded(blocks, least), "auto", Limits(self._seconds), enough=least)
            self._made[order] = max(least, found.arena)
        return self._made[order]


def _proven(head: Head, known: Schedule, least: int) -> list[int] | None:
    """The order of a schedule of the graph, operators by number, if no order of the head is better.

    Args:
        head: The head.
        known: The schedule.
        least: Bytes that no order of the head takes less than.
    """
    order = _numbered(head, known)
    if order is None:
        return None
    return order if arena_problem(head.problem, order, ALIGNMENT).bound == least else None


def _numbered(head: Head, known: Schedule) -> list[int] | None:
    """The order of a schedule of the graph, operators by number; None: the head has no such one."""
    number = {operator.name: i for i, operator in enumerate(head.model.subgraphs[0].operators)}
    order = [number[str(name)] for name in known.order]
    when = {v: step for step, v in enumerate(order)}
    if any(when[earlier] > when[later] for earlier, later in head.problem.after):
        return None
    return order
