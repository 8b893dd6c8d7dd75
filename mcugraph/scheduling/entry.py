"""Scheduling of models and of plain problems, under one name."""

from os import PathLike, fsdecode

from mcugraph.errors import UsageError
from mcugraph.formats.loader import graph_of
from mcugraph.ir import Graph
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.result import Schedule, checked_schedule
from mcugraph.scheduling.runtime import Runtime, find_runtime
from mcugraph.scheduling.solving.instance import Instance
from mcugraph.scheduling.solving.limits import Limits, Progress
from mcugraph.scheduling.solving.solver import METHODS, solve


def schedule(
    graph_or_problem: Graph | Problem | str | PathLike[str],
    method: str = "auto",
    time_limit: float | None = None,
    memory_limit: int | None = None,
    progress: Progress | None = None,
    runtime: str | Runtime = "tflm",
    accounting: str = "deployed",
    precision: str | None = None,
) -> Schedule:
    """Find the operator order with the least peak memory, and prove that it is the least.

    Args:
        graph_or_problem: A model, counted as ``profile`` counts it, or a plain problem; or the
            path of either, a problem as ``.json``.
        method: ``"auto"``: bounds, then an exact search where they leave a gap. ``"dp"``: the
            plain dynamic programme over downsets of "Differentiable Network Pruning for
            Microcontrollers" (Liberis and Lane). ``"greedy"``: bounds and greedy orders only.
        time_limit: Seconds after which the search stops; None for no limit.
        memory_limit: Bytes that the states of the search may take; None for no limit.
        progress: Called now and then with the seconds so far, the proven lower bound and the
            best peak so far, in bytes.
        runtime: Of a model: how the device executes it, a name or a ``Runtime``.
        accounting: Of a model: ``"deployed"`` or ``"paper"``, as for ``profile``.
        precision: Of a model: None or ``"int8"``, as for ``profile``.

    Returns:
        The best order found. If a limit or Ctrl-C stopped the search, ``optimal`` may be false,
        and ``lower_bound`` is what was proven till then.

    Raises:
        FormatError: The file cannot be read.
        GraphError: The problem contradicts itself.
        InternalError: The result failed its own check.
        UsageError: Unknown method, runtime, accounting or precision, or nothing to schedule.
    """
    if method not in METHODS:
        raise UsageError(f"unknown method {method!r}; expected one of {', '.join(METHODS)}")
    problem = given_problem(graph_or_problem, "schedule")
    if isinstance(problem, Graph):
        runs = counted_forms(problem, accounting, precision).runs
        device = find_runtime(runtime)
        problem = Problem.with_bodies(runs, device, lambda body: least_peak(body, time_limit))
    problem.verify()
    limits = Limits(time_limit, memory_limit, progress)
    return schedule_instance(problem, Instance(problem.network()), method, limits)


def given_problem(given: object, asker: str, also: str = "a Problem") -> Graph | Problem:
    """What a public function is given: a graph, a problem, or the path of either.

    Raises:
        UsageError: It is none of them.
        McuGraphError: The file cannot be read.
    """
    if isinstance(given, Problem):
        return given
    if isinstance(given, str | PathLike) and fsdecode(given).lower().endswith(".json"):
        return Problem.from_json(fsdecode(given))
    return graph_of(given, asker, f", or {also}")


def schedule_instance(
    problem: Problem, instance: Instance, method: str, limits: Limits
) -> Schedule:
    """The schedule of a problem that was verified, whose network is that of the instance."""
    found = solve(instance, method, limits)
    return checked_schedule(
        problem, found.order, found.peak, found.lower_bound, limits.elapsed, found.stopped
    )


def least_peak(problem: Problem, time_limit: float | None = None) -> int:
    """Bytes that the best order of a problem takes, as far as it is found in time."""
    return schedule(problem, time_limit=time_limit).peak
