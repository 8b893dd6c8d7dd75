"""Planning: every tensor's offset in the smallest arena, and a proof of it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from mcugraph.errors import UsageError
from mcugraph.planning.arena import ArenaProblem, Plan, arena_problem
from mcugraph.planning.joint import better_orders
from mcugraph.planning.named import NAMED, named
from mcugraph.planning.packing import Solver
from mcugraph.scheduling.entry import schedule
from mcugraph.scheduling.limits import LimitReached, Limits, Progress
from mcugraph.scheduling.problem import Name, Problem
from mcugraph.scheduling.result import Schedule

METHODS = ("auto", *NAMED)
# Without a limit of its own, the seconds that each stage may take if it does not end by itself.
_SEARCH_SECONDS, _CLIMB_SECONDS, _JOINT_SECONDS, _EXACT_SECONDS = 10.0, 8.0, 8.0, 4.0
_FEW_ROUNDS, _ROUNDS = 24, 1 << 30


def plan(
    problem: Problem | ArenaProblem,
    order: Sequence[Name] | None = None,
    alignment: int = 16,
    time_limit: float | None = None,
    method: str = "auto",
    progress: Progress | None = None,
) -> Plan:
    """Place all tensors of a problem in one arena; ``mcugraph.plan`` describes the arguments.

    Raises:
        GraphError: The problem or the order contradicts itself.
        UsageError: Unknown method, or an order for blocks that have their lifetimes already.
    """
    if method not in METHODS:
        raise UsageError(f"unknown method {method!r}; expected one of {', '.join(METHODS)}")
    if alignment < 1:
        raise UsageError(f"an alignment of {alignment} bytes is not possible")
    limits = Limits(time_limit, None, progress)
    if isinstance(problem, ArenaProblem):
        if order is not None:
            raise UsageError("blocks have their lifetimes already: an order says nothing of them")
        return _pack(problem, method, limits)
    problem.verify()
    if order is not None:
        return _pack(arena_problem(problem, order, alignment), method, limits, order)
    rounded = aligned(problem, alignment)
    best = least_peak(rounded, limits).order
    if method == "auto":
        return packed(problem, best, alignment, limits)
    return _pack(arena_problem(problem, best, alignment), method, limits, best)


def aligned(problem: Problem, alignment: int) -> Problem:
    """The problem with every size rounded up."""
    sizes = tuple(-(-size // alignment) * alignment for size in problem.sizes)
    scratch = tuple(-(-size // alignment) * alignment for size in problem.scratch)
    if (sizes, scratch) == (problem.sizes, problem.scratch):
        return problem
    return replace(problem, sizes=sizes, scratch=scratch)


def least_peak(problem: Problem, limits: Limits) -> Schedule:
    """The order with the least peak, of a problem whose sizes are rounded up."""
    return schedule(problem, time_limit=_left(limits, _SEARCH_SECONDS))


def _pack(problem: ArenaProblem, method: str, limits: Limits, order: Sequence[Name] = ()) -> Plan:
    """One problem with given lifetimes."""
    if method != "auto":
        return named(problem, method, order)
    solver = Solver(problem, limits)
    solver.quick()
    _run(partial(solver.climb, _FEW_ROUNDS, _share(limits, _CLIMB_SECONDS, 0.3)))
    _thorough(solver, limits)
    return solver.plan(order)


def packed(problem: Problem, order: Sequence[Name], alignment: int, limits: Limits) -> Plan:
    """The plan of an order; of another one with the same peak, if the first does not pack."""
    rounded = aligned(problem, alignment)
    solver = Solver(arena_problem(rounded, order, alignment), limits)
    solver.quick()
    _run(partial(solver.climb, _FEW_ROUNDS, _share(limits, _CLIMB_SECONDS, 0.3)))
    if not solver.optimal:
        number = {name: i for i, name in enumerate(problem.operators)}
        start = [number[name] for name in order]
        walk = better_orders(rounded, start, solver, _share(limits, _JOINT_SECONDS, 0.5))
        with suppress(LimitReached, KeyboardInterrupt):
            for found, better in walk:
                order, solver = [problem.operators[v] for v in found], better
    final = solver
    if rounded is not problem:  # the plan names the sizes of the problem itself
        final = Solver(arena_problem(problem, order, alignment), limits)
        final.adopt(solver.offsets)
    _thorough(final, limits)
    return final.plan(order)


def _thorough(solver: Solver, limits: Limits) -> None:
    """A proof where it is found soon; else a better plan, and then a proof again."""
    _run(partial(solver.exact, _share(limits, 0.1 * _EXACT_SECONDS, 0.2)))
    _run(partial(solver.climb, _ROUNDS, _share(limits, _CLIMB_SECONDS, 0.7)))
    _run(partial(solver.exact, _share(limits, _EXACT_SECONDS)))


def _run(stage: Callable[[], None]) -> None:
    """A stage that limits or Ctrl-C may end early."""
    with suppress(LimitReached, KeyboardInterrupt):
        stage()


def _left(limits: Limits, most: float, part: float = 1.0) -> float:
    """Seconds that a stage may take: a part of what is left."""
    if limits.seconds is None:
        return most
    return max(0.0, limits.seconds - limits.elapsed) * part


def _share(limits: Limits, most: float, part: float = 1.0) -> Limits:
    return Limits(_left(limits, most, part), None, None)
