"""Lower bounds on the peak memory of every order of a problem."""

from mcugraph.errors import UsageError
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.instance import Instance
from mcugraph.scheduling.solving.overlay import covered_bytes


def operator_bound(problem: Problem) -> int:
    """Largest sum of inputs, outputs and scratch of one operator, in bytes.

    The bound of earlier work on memory-aware architecture search: the peak itself on chains, too
    low elsewhere. Bytes that the operator may save in place or by overlaps are taken off; 0 without
    operators.

    Raises:
        GraphError: The problem contradicts itself.
        UsageError: It is none.
    """
    _checked("operator_bound", problem)
    return largest_operator(problem)


def largest_operator(problem: Problem) -> int:
    """The operator bound of a problem that was verified."""
    sizes, overlays = problem.counted_sizes(), problem.overlays()
    best = 0
    for index, (read, written) in enumerate(zip(problem.inputs, problem.outputs, strict=True)):
        total = sum([sizes[t] for t in (*read, *written)]) - covered_bytes(overlays[index])
        if problem.scratch:
            total += problem.scratch[index]
        if total > best:
            best = total
    return best


def cut_bound(problem: Problem) -> int:
    """Largest lower bound that one minimum cut per operator proves, in bytes.

    For each operator: the bytes that it adds while it runs, plus the least that can be live when
    it is ready and has not run. At least ``operator_bound``, at most the least peak.

    Raises:
        GraphError: The problem contradicts itself.
        UsageError: It is none.
    """
    _checked("cut_bound", problem)
    return Instance(problem.network()).cut_bound()


def _checked(asker: str, problem: object) -> None:
    """Make sure of a problem.

    Raises:
        GraphError: It contradicts itself.
        UsageError: It is none.
    """
    if not isinstance(problem, Problem):
        raise UsageError(
            f"{asker} takes a Problem, not {type(problem).__name__}; "
            "Problem.from_graph makes one of a model"
        )
    problem.verify()
