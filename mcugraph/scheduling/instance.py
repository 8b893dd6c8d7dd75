"""A problem with what everybody who works on it needs: checked, translated and split once."""

from dataclasses import dataclass
from functools import cached_property

from mcugraph.scheduling.greedy_orders import greedy_orders
from mcugraph.scheduling.network import Network, saved_bytes
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.split import split


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a network whose order does not depend on the rest.

    Attributes:
        net: The part.
        operators: For each of its operators, the number in the whole network.
        orders: Orders of it that are found without search.
    """

    net: Network
    operators: list[int]
    orders: list[list[int]]


class Instance:
    """A problem, and what follows from it.

    Raises:
        GraphError: The problem contradicts itself.
    """

    def __init__(self, problem: Problem) -> None:
        problem.verify()
        self.problem = problem

    @cached_property
    def net(self) -> Network:
        """The problem as solvers see it."""
        return Network.from_problem(self.problem)

    @cached_property
    def parts(self) -> list[Part]:
        """Independent parts, in the order in which they run."""
        return [Part(net, operators, greedy_orders(net)) for net, operators in split(self.net)]

    @cached_property
    def operator_bound(self) -> int:
        """Largest sum of inputs, outputs and scratch of one operator, in bytes."""
        problem = self.problem
        sizes = list(problem.sizes)
        if not problem.count_inputs:
            for tensor in problem.graph_inputs:
                sizes[tensor] = 0
        kept = set(problem.graph_outputs)
        best = 0
        for index, (read, written) in enumerate(zip(problem.inputs, problem.outputs, strict=True)):
            total = sum(sizes[t] for t in read) + sum(sizes[t] for t in written)
            if problem.scratch:
                total += problem.scratch[index]
            if problem.inplace:
                total -= saved_bytes(
                    [
                        (a, b, sizes[b])
                        for a, b in problem.inplace[index]
                        if a not in kept and sizes[b] <= sizes[a]
                    ]
                )
            best = max(best, total)
        return best
