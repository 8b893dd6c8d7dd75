"""Planning of blocks and of problems: which stage gets how much time, until a proof is found."""

from collections.abc import Callable, Sequence
from functools import partial

from mcugraph.planning.arena import ArenaProblem, Plan
from mcugraph.planning.checked import checked_plan
from mcugraph.planning.exact import Fitting
from mcugraph.planning.in_time import plan_in_time
from mcugraph.planning.joint import Lifetimes, better_orders
from mcugraph.planning.named import NAMED, named
from mcugraph.planning.order_blocks import aligned_problem, arena_problem
from mcugraph.planning.packing import Packing
from mcugraph.planning.sections import meetings
from mcugraph.planning.tflm_greedy import arena_of
from mcugraph.records import replace
from mcugraph.scheduling.entry import schedule_instance
from mcugraph.scheduling.problem import Name, Problem
from mcugraph.scheduling.result import Schedule
from mcugraph.scheduling.solving.instance import Instance
from mcugraph.scheduling.solving.limits import INTERRUPT, TIME, WORK, LimitReached, Limits

METHODS = ("auto", *NAMED)
# Without a limit of its own, the work that each stage may do if it does not end by itself: so many
# looks at its limits, of which it takes some thousand a second; of an order fewer, the more
# operators there are.
_ORDER_WORK, _JOINT_WORK, _PLACE_WORK = 16_000, 64_000, 70_000
_ORDER_STEPS = 9_000_000
_FEW_ROUNDS, _ROUNDS = 6, 1 << 30
# Where one arena is asked for, items that all tries of the exact search look at together; too few
# tries find nothing.
_FEW_STEPS, _LEAST_TRIES = 60_000, 60
# The first packing may take this long whatever the limit is; it looks at every two blocks that
# meet, and where they are so many that this takes more memory, TFLM's planner has to do, with
# what is left of the time, or a moment; without a limit, for so many blocks. Where few meet, it
# takes not much longer than to look at the blocks; what is found is not to hang on how busy the
# machine is then. Where many do, planners that look at no pairs come first: mostly they will do.
_FIRST_SECONDS, _FIRST_MEMORY, _LAST_SECONDS, _LAST_WORK = 1.0, 2 << 30, 0.5, 60_000
_FEW_MEETINGS, _SECONDS_EACH = 16, 5e-4  # a block: on average; ten times what it takes by itself


def plan_blocks(
    problem: ArenaProblem, method: str, limits: Limits, order: Sequence[Name] = (), enough: int = 0
) -> Plan:
    """The plan of given lifetimes by one of ``METHODS``; ``order`` is what they are those of.

    Args:
        problem: The lifetimes.
        method: One of ``METHODS``.
        limits: Of the search.
        order: What they are the lifetimes of.
        enough: Bytes of an arena that will do; a search ends there.

    Raises:
        GraphError: The problem contradicts itself.
    """
    problem.verify()
    if method != "auto":
        return named(problem, method, order)
    stages = _Stages(problem, limits, enough=enough)
    stages.start()
    return stages.finish(order)


def fitted(problem: ArenaProblem, arena: int, limits: Limits) -> Plan:
    """The best plan of given lifetimes that is found with little effort.

    Args:
        problem: The lifetimes.
        arena: Bytes that will do.
        limits: A search for a plan within these ends there.

    Raises:
        GraphError: The problem contradicts itself.
    """
    problem.verify()
    stages = _Stages(problem, limits, enough=arena)
    stages.fit(arena)
    return stages.made(())


def plan_order(
    problem: Problem, order: Sequence[Name], alignment: int, limits: Limits, stopped: str = ""
) -> Plan:
    """The plan of an order, or, should that not pack into its peak, of another with its peak.

    If the search for the order was ``stopped`` by Ctrl-C, only the quickest stage runs.
    """
    stages = _Stages(arena_problem(problem, order, alignment), limits, stopped)
    stages.start()
    order = stages.walk(problem, order, Lifetimes(problem, alignment))
    return stages.finish(order)


def packing_order(
    problem: Problem, order: Sequence[Name], alignment: int, limits: Limits, enough: int
) -> Sequence[Name]:
    """Of the orders with the peak of a given one, one that packs, as far as one is found.

    Packs into its peak, or into an arena of ``enough`` bytes.
    """
    lifetimes = Lifetimes(problem, alignment, enough, narrowed=True)
    blocks, goal = lifetimes.of(order)
    stages = _Stages(blocks, limits, enough=goal)
    stages.start()
    return stages.walk(problem, order, lifetimes)


def best_order(problem: Problem, alignment: int, limits: Limits) -> Schedule:
    """The order with the least peak, every size rounded up."""
    aligned = aligned_problem(problem, alignment)
    work = min(_ORDER_WORK, _ORDER_STEPS // max(len(aligned.operators), 1))
    return schedule_instance(aligned, Instance(aligned.network()), "auto", left(limits, work))


def left(limits: Limits, work: int, part: float = 1.0) -> Limits:
    """What a stage may take: a part of the time that is left; without a limit, so much work."""
    if limits.seconds is None:
        return limits.part(work=work)
    return limits.part(max(0.0, limits.seconds - limits.elapsed) * part)


class _Stages:
    """A packing, and what stopped it.

    Attributes:
        packing: The best so far; None: a limit was passed before there was one, or none is needed.
        offsets: In bytes, one a block; empty: not asked for yet.
    """

    def __init__(
        self, problem: ArenaProblem, limits: Limits, stopped: str = "", enough: int = 0
    ) -> None:
        self.problem, self.limits, self.enough = problem, limits, enough
        self.packing: Packing | None = None
        self.offsets: Sequence[int] = ()
        self.stopped = INTERRUPT if stopped == INTERRUPT else ""

    def start(self) -> None:
        """What takes little time, after Ctrl-C too."""
        self._try(self._first)
        if self.packing is not None:
            few = partial(self.packing.search, _FEW_ROUNDS, left(self.limits, _PLACE_WORK, 0.3))
            self.run(few)

    def fit(self, arena: int) -> None:
        """Greedy placements, and where they take more bytes than that, a try to find others."""
        self._try(self._first)
        packing = self.packing
        if packing is None or packing.nbytes <= arena:
            return
        tries = _FEW_STEPS // len(packing.items.height)
        if tries < _LEAST_TRIES:
            return
        fitting = Fitting(packing.items, arena // packing.items.unit)
        height = packing.items.height
        limits = left(self.limits, _PLACE_WORK)

        def attempt() -> None:
            fitting.attempt([-units for units in height], tries, limits.check)
            packing.adopt(fitting.offsets)

        self.run(attempt)

    def _first(self) -> None:
        blocks, limits = self.problem.blocks, self.limits
        few = meetings([(b.lower, b.upper) for b in blocks]) <= _FEW_MEETINGS * len(blocks)
        if not few:
            self.offsets = plan_in_time(self.problem, self._last().check)
            arena = arena_of([block.size for block in blocks], self.offsets)
            if arena <= max(self.problem.bound, self.enough):
                return
        seconds = None
        if limits.seconds is not None:
            least = max(_FIRST_SECONDS, _SECONDS_EACH * len(blocks) if few else 0.0)
            seconds = max(limits.seconds - limits.elapsed, least)
        keep_on = limits.part(seconds, _FIRST_MEMORY)
        packing = self.packing = Packing(self.problem, self.limits, keep_on, self.enough)
        if self.offsets:
            packing.adopt(packing.items.item_offsets(self.offsets))
        packing.quick(keep_on)

    def walk(self, problem: Problem, order: Sequence[Name], lifetimes: Lifetimes) -> Sequence[Name]:
        """The order of the problem, or, should that not pack, another one, whose packing follows.

        Args:
            problem: What is scheduled.
            order: The one that the packing is of.
            lifetimes: What orders are judged by.
        """
        first = self.packing
        if first is None or first.arena <= first.goal:
            return order
        number = {name: i for i, name in enumerate(problem.operators)}
        start = [number[name] for name in order]
        walk = better_orders(problem, start, first, left(self.limits, _JOINT_WORK, 0.5), lifetimes)

        def follow() -> None:
            nonlocal order
            for found, better in walk:
                order, self.packing = [problem.operators[v] for v in found], better

        self.run(follow)
        return order

    def _last(self) -> Limits:
        """For TFLM's planner."""
        if self.stopped == INTERRUPT:
            return self.limits.part(_LAST_SECONDS)
        rest = left(self.limits, _LAST_WORK)
        if rest.seconds is not None:
            rest.seconds = max(rest.seconds, _LAST_SECONDS)
        return rest

    def finish(self, order: Sequence[Name]) -> Plan:
        """As long as it takes to find a proof, or as there is time."""
        packing = self.packing
        if packing is not None:
            self.run(partial(packing.search, _ROUNDS, left(self.limits, _PLACE_WORK), 1))
        return self.made(order)

    def made(self, order: Sequence[Name]) -> Plan:
        """The best plan that there is."""
        packing = self.packing
        if packing is None:
            offsets = self.offsets or plan_in_time(self.problem, self._last().check)
            found = checked_plan(self.problem, offsets, self.problem.bound, order=order)
            stopped = "" if found.optimal else self.stopped
            return replace(found, stopped=stopped, elapsed=self.limits.elapsed)
        return checked_plan(
            packing.problem,
            packing.block_offsets(),
            packing.lower_bound * packing.items.unit,
            order=order,
            elapsed=self.limits.elapsed,
            stopped="" if packing.done else self.stopped or self._reason,
            peak=packing.bound,
        )

    @property
    def _reason(self) -> str:
        """What ends a search that nobody interrupted."""
        return WORK if self.limits.seconds is None else TIME

    def run(self, stage: Callable[[], None]) -> None:
        """A stage that its time may end early; after Ctrl-C there are no others."""
        if not self.stopped:
            self._try(stage)

    def _try(self, stage: Callable[[], None]) -> None:
        try:
            stage()
        except LimitReached as limit:
            if self.packing is None:
                self.stopped = self.stopped or limit.reason
        except KeyboardInterrupt:
            self.stopped = INTERRUPT
