"""The operators that have the same place in every order."""

from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.split import comparable


def fixed_places(problem: Problem) -> list[bool]:
    """For each operator, whether every other one has to run before it, or after it.

    What is live while it runs is the same in all orders then: what is made before, and is kept or
    read by it or by what comes after.

    Args:
        problem: Is verified.
    """
    n = len(problem.operators)
    writer = {t: i for i, written in enumerate(problem.outputs) for t in written}
    pairs = [(writer[t], i) for i, read in enumerate(problem.inputs) for t in read if t in writer]
    last, first = [-1] * n, [n] * n
    for earlier, later in (*pairs, *problem.after):
        last[later] = max(last[later], earlier)
        first[earlier] = min(first[earlier], later)
    return comparable(last, first)
