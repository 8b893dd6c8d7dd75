"""When each tensor is live in an order: the one place that says so to solvers and planners.

    step             0       1       2
    operator         f       g       h
    input x      [0, 2)  ########........   read by f and g
    y = f(x)     [0, 3)  ############       read by h
    z = g(x)     [1, 2)  ....####....       read by nobody: live while g runs
    output h     [2, 3)  ........####       kept to the end

The checker of schedules finds the same out on its own, since it has to judge who uses this.
"""

from collections.abc import Sequence

from mcugraph.errors import GraphError
from mcugraph.records import dataclass
from mcugraph.scheduling.problem import Name, Problem


@dataclass(frozen=True, slots=True)
class Liveness:
    """The steps at which tensors are live, for one order of the operators.

    Attributes:
        order: Operators by number.
        begin: For each tensor, the first step at which it is live.
        end: For each tensor, the first step at which it is dead. An order without operators
            counts as one step.
    """

    order: tuple[int, ...]
    begin: tuple[int, ...]
    end: tuple[int, ...]

    def at(self, step: int) -> list[int]:
        """The tensors that are live at a step, by number."""
        return [
            tensor
            for tensor, (first, dead) in enumerate(zip(self.begin, self.end, strict=True))
            if first <= step < dead
        ]


def liveness(problem: Problem, order: Sequence[int]) -> Liveness:
    """When each tensor is live, with the operators run in an order, given by their numbers."""
    steps = max(len(order), 1)
    begin, end = [0] * len(problem.tensors), [1] * len(problem.tensors)
    for step, v in enumerate(order):
        for tensor in problem.inputs[v]:
            end[tensor] = step + 1
        for tensor in problem.outputs[v]:
            begin[tensor], end[tensor] = step, step + 1
    for tensor in problem.graph_outputs:
        end[tensor] = steps
    return Liveness(tuple(order), tuple(begin), tuple(end))


def takeovers(problem: Problem, live: Liveness, step: int) -> list[tuple[int, int]]:
    """In-place pairs (input, output) of the operator at a step that this order allows."""
    pairs = problem.inplace[live.order[step]] if problem.inplace else ()
    return [
        (a, b)
        for a, b in pairs
        if _dies(problem, live, step, a) and problem.sizes[b] <= problem.sizes[a]
    ]


def dying_overlaps(problem: Problem, live: Liveness, step: int) -> list[tuple[int, int, int]]:
    """Overlaps (input, output, lead) of the operator at a step that this order allows."""
    overlaps = problem.overlaps[live.order[step]] if problem.overlaps else ()
    return [(a, b, lead) for a, b, lead in overlaps if _dies(problem, live, step, a)]


def _dies(problem: Problem, live: Liveness, step: int, tensor: int) -> bool:
    """Whether a tensor that an operator reads gives its memory free after it, in the arena."""
    return (
        live.end[tensor] == step + 1
        # What is kept lives through the last step, so none of it ends before.
        and (step + 1 < len(live.order) or tensor not in problem.graph_outputs)
        and (problem.count_inputs or tensor not in problem.graph_inputs)
    )


def numbered(problem: Problem, order: Sequence[Name]) -> list[int]:
    """An order of operators by name as numbers.

    Raises:
        GraphError: ``order`` is not an order of the operators, or runs one too early.
    """
    number = {name: index for index, name in enumerate(problem.operators)}
    if len(order) != len(number) or set(order) != number.keys():
        raise GraphError("the order does not hold every operator exactly once")
    steps = [number[name] for name in order]
    made = set(problem.graph_inputs)
    for index in steps:
        if not made.issuperset(problem.inputs[index]):
            raise GraphError(f"operator {problem.operators[index]!r} runs too early")
        made.update(problem.outputs[index])
    when = {index: step for step, index in enumerate(steps)}
    if any(when[earlier] > when[later] for earlier, later in problem.after):
        raise GraphError("the order breaks an 'after' pair")
    return steps
