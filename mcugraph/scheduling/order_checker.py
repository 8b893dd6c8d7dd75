"""The checker: recomputes the memory of an order from the definition, and nothing else.

It shares no code with the solvers, so that it can judge them.
"""

from collections.abc import Sequence
from itertools import accumulate

from mcugraph.errors import GraphError
from mcugraph.scheduling.problem import Name, Problem


def check_schedule(problem: Problem, order: Sequence[Name]) -> int:
    """Peak memory of an order, in bytes, from the definition.

    Raises:
        GraphError: ``order`` is not an order of the operators, or runs one too early.
    """
    if not problem.operators:
        return sum(_counted_sizes(problem))
    return max(live_bytes(problem, order))


def live_bytes(problem: Problem, order: Sequence[Name]) -> list[int]:
    """Bytes that are live while each operator of ``order`` runs, with its scratch.

    Raises:
        GraphError: ``order`` is not an order of the operators, or runs one too early.
    """
    number = {name: index for index, name in enumerate(problem.operators)}
    steps = [number[name] for name in order if name in number]
    if len(order) != len(number) or sorted(steps) != list(range(len(number))):
        raise GraphError("the order does not hold every operator exactly once")
    first = dict.fromkeys(problem.graph_inputs, 0)
    last = dict(first)
    for step, index in enumerate(steps):
        for tensor in problem.inputs[index]:
            if tensor not in first:
                raise GraphError(f"operator {problem.operators[index]!r} runs too early")
            last[tensor] = step
        for tensor in problem.outputs[index]:
            first[tensor] = last[tensor] = step
    for tensor in problem.graph_outputs:
        last[tensor] = len(steps)
    when = {index: step for step, index in enumerate(steps)}
    if any(when[earlier] > when[later] for earlier, later in problem.after):
        raise GraphError("the order breaks an 'after' pair")

    sizes = _counted_sizes(problem)
    change = [0] * (len(steps) + 1)  # of what is live, from the step before
    for tensor, start in first.items():
        change[start] += sizes[tensor]
        change[min(last[tensor] + 1, len(steps))] -= sizes[tensor]
    totals = list(accumulate(change))[: len(steps)]
    for step, index in enumerate(steps):
        totals[step] += problem.scratch[index] if problem.scratch else 0
        if problem.inplace and problem.inplace[index]:
            pairs = [(a, b) for a, b in problem.inplace[index] if last[a] == step]
            totals[step] -= _most_shared([p for p in pairs if sizes[p[1]] <= sizes[p[0]]], sizes)
        if problem.overlaps and problem.overlaps[index]:
            dying = [
                (sizes[a], b, lead) for a, b, lead in problem.overlaps[index] if last[a] == step
            ]
            totals[step] -= _most_covered(dying, sizes)
    return totals


def _counted_sizes(problem: Problem) -> list[int]:
    elsewhere = () if problem.count_inputs else problem.graph_inputs
    return [0 if t in elsewhere else size for t, size in enumerate(problem.sizes)]


def _most_shared(pairs: list[tuple[int, int]], sizes: list[int]) -> int:
    """Most bytes that in-place pairs save when every tensor is in one pair at most.

    The largest output first, each at an input that is free, or whose output can move to another.
    """
    inputs: dict[int, list[int]] = {}
    for a, b in pairs:
        inputs.setdefault(b, []).append(a)
    user: dict[int, int] = {}

    def find(b: int, tried: set[int]) -> bool:
        for a in inputs[b]:
            if a not in tried:
                tried.add(a)
                if a not in user or find(user[a], tried):
                    user[a] = b
                    return True
        return False

    return sum(sizes[b] for b in sorted(inputs, key=lambda b: -sizes[b]) if find(b, set()))


def _most_covered(dying: list[tuple[int, int, int]], sizes: list[int]) -> int:
    """Most bytes of an output over which inputs can lie, given their (bytes, output, lead).

    However far it goes: a beginning of the output can hold no more than the inputs that may begin
    in it have, and the rest no more than itself.
    """
    if not dying:
        return 0
    end = sizes[dying[0][1]]
    may_begin = {end: 0}  # where in the output, at the lowest -> bytes of what may begin there
    for size, _, lead in dying:
        begin = min(lead, end)
        may_begin[begin] = may_begin.get(begin, 0) + size
    most, before = end, 0
    for begin in sorted(may_begin):
        most = min(most, before + end - begin)
        before += may_begin[begin]
    return most
