"""The memory figures of a graph, its subgraphs included."""

from collections.abc import Callable

from mcugraph.garbage import collected_seldom
from mcugraph.ir import Graph, Kind
from mcugraph.records import dataclass, replace
from mcugraph.scheduling.bounds import largest_operator, operator_bound
from mcugraph.scheduling.entry import least_peak, schedule_instance
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.result import Schedule, checked_schedule
from mcugraph.scheduling.runtime import Runtime
from mcugraph.scheduling.solving.instance import Instance
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network
from mcugraph.scheduling.solving.replay import order_peak


@dataclass(frozen=True, slots=True)
class LiveSetFigures:
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


@dataclass(frozen=True, slots=True)
class LiveSetProblems:
    """The scheduling problems that the memory figures of a graph are answers to.

    An operator that calls subgraphs takes, besides the caller's live set, the largest figure of
    the same kind of any subgraph that it calls. Where none does, all four are one.

    Attributes:
        plain: With the file order of subgraphs.
        least: With their best order.
        operators, cut: With these bounds of theirs.
        state: Bytes of variable tensors, which live for ever.
    """

    plain: Problem
    least: Problem
    operators: Problem
    cut: Problem
    state: int

    @classmethod
    def of(
        cls, graph: Graph, runtime: Runtime, time_limit: float | None = None
    ) -> "LiveSetProblems":
        """Those of a graph.

        Args:
            graph: The graph.
            runtime: How the device executes it.
            time_limit: Seconds for the search for the best order of a subgraph.

        Raises:
            GraphError: The graph contradicts itself.
        """

        def problem(bytes_of: Callable[[Problem], int]) -> Problem:
            return Problem.with_bodies(graph, runtime, bytes_of)

        plain = problem(lambda body: file_order(body).peak)
        plain.verify()
        least = operators = cut = plain
        if graph.subgraphs and any(operator.op.bodies for operator in graph.operators):
            least = problem(lambda body: least_peak(body, time_limit))
            operators = problem(operator_bound)
            cut = problem(lambda body: Instance(body.network()).cut_bound(Limits(time_limit)))
        return cls(plain, least, operators, cut, _state(graph))

    @collected_seldom()
    def figures(self, time_limit: float | None = None) -> LiveSetFigures:
        """The figures.

        Args:
            time_limit: Seconds for the search for the best order, and again for the cut bound,
                which is the largest of the cuts that were made by then.
        """
        plain, least = self.plain, self.least
        network = plain.network()
        instance = Instance(network if least is plain else least.network())
        best = schedule_instance(least, instance, "auto", Limits(time_limit))
        bound = largest_operator(self.operators)
        floor = bound if self.operators is plain else largest_operator(plain)
        if least is plain and best.order == plain.operators:
            in_file_order = replace(best, lower_bound=floor, elapsed=0.0, stopped="")
        else:
            in_file_order = _as_it_comes(plain, network, floor)
        # The cut bound lies between the two.
        if bound == best.peak:
            cuts = bound
        else:
            asked = instance if self.cut is least else Instance(self.cut.network())
            cuts = asked.cut_bound(Limits(time_limit))
        return LiveSetFigures(best, in_file_order, bound, cuts, self.state)


def _state(graph: Graph) -> int:
    """Bytes of variable tensors."""
    state = Kind.STATE
    tensors = [t for part in graph.walk() for t in part.tensors.values() if t.kind is state]
    return sum(tensor.nbytes for tensor in tensors)


def file_order(problem: Problem) -> Schedule:
    """The order that the problem comes in, as a schedule; its lower bound is the operator bound."""
    return _as_it_comes(problem, problem.network(), operator_bound(problem))


def _as_it_comes(problem: Problem, network: Network, bound: int) -> Schedule:
    order = range(len(problem.operators))
    return checked_schedule(problem, order, order_peak(network, order), bound, 0.0)
