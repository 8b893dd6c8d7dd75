"""The checker: recomputes the memory of an order from the definition, and nothing else.

It shares no code with the solvers, so that it can judge them.
"""

from collections.abc import Sequence

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
    totals = [problem.scratch[index] if problem.scratch else 0 for index in steps]
    for tensor, start in first.items():
        for step in range(start, min(last[tensor] + 1, len(steps))):
            totals[step] += sizes[tensor]
    for step, index in enumerate(steps):
        pairs = problem.inplace[index] if problem.inplace else ()
        totals[step] -= _most_shared(
            [(a, b) for a, b in pairs if last[a] == step and sizes[b] <= sizes[a]], sizes
        )
    return totals


def _counted_sizes(problem: Problem) -> list[int]:
    elsewhere = () if problem.count_inputs else problem.graph_inputs
    return [0 if t in elsewhere else size for t, size in enumerate(problem.sizes)]


def _most_shared(pairs: list[tuple[int, int]], sizes: list[int]) -> int:
    """Most bytes that in-place pairs save when every tensor is in one pair at most."""
    best = {frozenset[int](): 0}
    for a, b in pairs:
        for used, saved in list(best.items()):
            if a not in used and b not in used:
                key = used | {a, b}
                best[key] = max(best.get(key, 0), saved + sizes[b])
    return max(best.values())
