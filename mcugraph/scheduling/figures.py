"""The memory figures of a graph, its subgraphs included."""

from collections.abc import Callable
from dataclasses import dataclass

from mcugraph.ir import Graph, Kind
from mcugraph.scheduling.bounds import cut_bound, cut_bound_of, operator_bound
from mcugraph.scheduling.graph_problem import problem_of
from mcugraph.scheduling.instance import Instance
from mcugraph.scheduling.limits import Limits
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.result import Schedule
from mcugraph.scheduling.runtime import Runtime
from mcugraph.scheduling.solver import describe, schedule, scheduled


@dataclass(frozen=True, slots=True)
class Footprint:
    """Live-set figures in bytes, without state and kernel scratch.

    Attributes:
        best: The schedule that was found; its peak is *peak memory* if it is optimal.
        in_file_order: The schedule that the graph's own order is.
        operator_bound, cut_bound: Lower bounds on any order's peak.
        state: Bytes of variable tensors, which live for ever.
    """

    best: Schedule
    in_file_order: Schedule
    operator_bound: int
    cut_bound: int
    state: int


def footprint(graph: Graph, runtime: Runtime, time_limit: float | None = None) -> Footprint:
    """The memory figures of a graph.

    An operator that calls subgraphs takes, besides the caller's live set, the largest figure of
    the same kind of any subgraph that it calls.

    Args:
        graph: The graph.
        runtime: How the device executes it.
        time_limit: Seconds for the search for the best order.
    """

    def figure(of: Callable[[Problem], int]) -> Instance:
        return Instance(problem_with_bodies(graph, runtime, of))

    plain = figure(lambda problem: file_order(problem).peak)
    if any(operator.op.bodies for operator in graph.operators):
        least = figure(lambda problem: schedule(problem, time_limit=time_limit).peak)
        operators, cut = figure(operator_bound), figure(cut_bound)
    else:
        least = operators = cut = plain
    tensors = [t for part in graph.walk() for t in part.tensors.values()]
    best = scheduled(least, "auto", Limits(time_limit, None, None))
    bound = operators.operator_bound
    return Footprint(
        best=best,
        in_file_order=_as_given(plain),
        operator_bound=bound,
        # The cut bound lies between the two.
        cut_bound=bound if bound == best.peak else cut_bound_of(cut),
        state=sum(t.nbytes for t in tensors if t.kind is Kind.STATE),
    )


def problem_with_bodies(graph: Graph, runtime: Runtime, of: Callable[[Problem], int]) -> Problem:
    """The problem of a graph whose operators may call subgraphs.

    Args:
        graph: The graph.
        runtime: How the device executes it.
        of: The bytes that the problem of a subgraph counts for at the operator that calls it.
    """
    memo: dict[str, int] = {}

    def solve(part: Graph) -> Problem:
        scratch = {}
        for operator in part.operators:
            for body in operator.op.bodies:
                if body not in memo:
                    memo[body] = of(solve(graph.subgraphs[body]))
            if operator.op.bodies:
                scratch[operator.name] = max(memo[body] for body in operator.op.bodies)
        return problem_of(part, runtime, scratch)

    return solve(graph)


def file_order(problem: Problem) -> Schedule:
    """The order that the problem comes in, as a schedule; its lower bound is the operator bound."""
    return _as_given(Instance(problem))


def _as_given(instance: Instance) -> Schedule:
    order = range(len(instance.problem.operators))
    return describe(instance, order, instance.operator_bound, 0.0)
