"""Scheduling of models and of plain problems, under one name."""

from mcugraph.ir import Graph
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.scheduling import solver as scheduler
from mcugraph.scheduling.figures import problem_with_bodies
from mcugraph.scheduling.limits import Progress
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.result import Schedule
from mcugraph.scheduling.runtime import Runtime, find_runtime


def schedule(
    graph_or_problem: Graph | Problem,
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
        graph_or_problem: A model, counted as ``profile`` counts it, or a plain problem.
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
        GraphError: The problem contradicts itself.
        UsageError: Unknown method, runtime, accounting or precision.
    """
    problem = graph_or_problem
    if isinstance(problem, Graph):
        problem = problem_of_model(problem, runtime, accounting, precision, time_limit)
    return scheduler.schedule(problem, method, time_limit, memory_limit, progress)


def problem_of_model(
    graph: Graph,
    runtime: str | Runtime = "tflm",
    accounting: str = "deployed",
    precision: str | None = None,
    time_limit: float | None = None,
) -> Problem:
    """The scheduling problem of a model as ``profile`` counts it.

    A subgraph that an operator calls counts with the peak of its own best order; the search for
    that stops after ``time_limit`` seconds.
    """
    runs = counted_forms(graph, accounting, precision).runs
    device = find_runtime(runtime)
    return problem_with_bodies(
        runs, device, lambda body: scheduler.schedule(body, time_limit=time_limit).peak
    )
