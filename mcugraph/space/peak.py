"""Peak memory as a function of the widths.

The size of every tensor is a polynomial in the widths. At given widths the scheduler finds the
order with the least peak; its value is the live set at the bottleneck, a sum of sizes, and the
gradient is that of this sum. Where several operators or orders share the peak, the first in the
order found counts, so the gradient is one of the one-sided derivatives there.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.memory.footprint import file_order, in_order, problem_with_bodies
from mcugraph.memory.problem import Problem
from mcugraph.memory.result import Schedule
from mcugraph.memory.runtime import Runtime
from mcugraph.memory.scheduler import schedule
from mcugraph.space.resources import Resource
from mcugraph.space.symbolic import Shapes, bytes_of
from mcugraph.width.polynomial import Compiled, Polynomial

METHODS = ("optimal", "file_order", "operator_bound")

# At real widths, sizes are scheduled in this fraction of a byte, since the scheduler counts.
_FRACTION = 1024


class PeakResource(Resource):
    """Peak memory in bytes.

    Args:
        names: The names of the groups, in order.
        shapes: The network as it runs.
        method: ``"optimal"``: of the best order at each w. ``"file_order"``: of the order that
            the model comes in. ``"operator_bound"``: the largest operator alone, which is less
            than any order needs where branches wait for each other.

    Raises:
        UsageError: Unknown method.
    """

    def __init__(self, names: Sequence[str], shapes: Shapes, method: str = "optimal") -> None:
        super().__init__(names)
        if method not in METHODS:
            raise UsageError(f"unknown method {method!r}; expected one of {', '.join(METHODS)}")
        self.method = method
        self._problem = problem_with_bodies(shapes.graph, Runtime(), lambda p: schedule(p).peak)
        self._number = {name: i for i, name in enumerate(self._problem.tensors)}
        self._polynomials = [
            bytes_of(shapes, shapes.graph.tensors[str(name)]) for name in self._problem.tensors
        ]
        self._sizes = Compiled.of(self._polynomials, len(self.names))
        self._last: Schedule | None = None

    def value(self, w: Array) -> float:
        """The bytes that are live at the bottleneck."""
        return self._at(w)[0]

    def gradient(self, w: Any) -> Array:
        """The derivative of the bottleneck's live set by each width, shape (groups,)."""
        widths = self._checked(w)
        return self._sizes.gradient(widths, self._at(widths)[1])

    def formula(self) -> Polynomial:
        """The live set that is the peak at full width."""
        return self.formula_at(None)

    def formula_at(self, w: Array | None) -> Polynomial:
        """The live set that is the peak at w; None: at full width."""
        chosen, extra = self._bottleneck(self._problem) if w is None else self._at(w)[1:]
        total = Polynomial.of(extra)
        for polynomial, live in zip(self._polynomials, chosen.tolist(), strict=True):
            total = total + polynomial * int(live)
        return total

    def _at(self, w: Array) -> tuple[float, Array, int]:
        """The peak at w, which tensors are live there (0 or 1 each), and what is live besides."""
        sizes = self._sizes.values(w)
        whole = bool((sizes == np.rint(sizes)).all())
        scale = 1 if whole else _FRACTION
        counted = np.rint(sizes * scale).astype(np.int64).tolist()
        scratch = tuple(extra * scale for extra in self._problem.scratch)
        problem = replace(self._problem, sizes=tuple(counted), scratch=scratch)
        chosen, constant = self._bottleneck(problem)
        return float(sizes @ chosen) + constant // scale, chosen, constant // scale

    def _bottleneck(self, problem: Problem) -> tuple[Array, int]:
        """The tensors live at the bottleneck, and the scratch there."""
        if self.method == "operator_bound":
            names, operator = self._largest_operator(problem)
        else:
            found = file_order(problem) if self.method == "file_order" else self._solve(problem)
            names = [self._number[str(live.tensor)] for live in found.live]
            operator = found.bottleneck
        chosen = np.zeros(len(self._polynomials))
        chosen[names] = 1
        if operator is None or not problem.scratch:
            return chosen, 0
        return chosen, problem.scratch[problem.operators.index(operator)]

    def _solve(self, problem: Problem) -> Schedule:
        """The best schedule; the last order stays where it still meets the operator bound."""
        if self._last is not None:
            again = in_order(problem, self._last.order)
            if again.optimal:
                return again
        self._last = schedule(problem)
        return self._last

    def _largest_operator(self, problem: Problem) -> tuple[list[int], Any]:
        best: tuple[int, list[int], Any] = (-1, [], None)
        for i, operator in enumerate(problem.operators):
            names = sorted({*problem.inputs[i], *problem.outputs[i]})
            extra = problem.scratch[i] if problem.scratch else 0
            total = sum(problem.sizes[n] for n in names) + extra
            if total > best[0]:
                best = (total, names, operator)
        return best[1], best[2]
