"""Peak memory as a function of the widths.

The size of every tensor is a polynomial in the widths. At given widths the scheduler finds the
order with the least peak; its value is the live set at the bottleneck, a sum of sizes, and the
gradient is that of this sum. At a tie, where several operators or orders share the peak, it is
that of the one found first, which can depend on the calls before; elsewhere it is the derivative.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mcugraph.coupling.polynomial import Compiled, Polynomial
from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.scheduling.entry import least_peak
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.runtime import Runtime
from mcugraph.space.orders import LivePeak, Orders
from mcugraph.space.resources import Resource
from mcugraph.space.symbolic import Shapes, bytes_of

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
        self._problem = Problem.with_bodies(shapes.graph, Runtime(), least_peak)
        self._polynomials = [
            bytes_of(shapes, shapes.graph.tensors[str(name)]) for name in self._problem.tensors
        ]
        self._sizes = Compiled.of(self._polynomials, len(self.names))
        self._orders = Orders(self._problem)
        self._last: tuple[bytes, Array, LivePeak] | None = None

    @property
    def searched(self) -> int:
        """How often the scheduler had to run so far; other calls found a known order proven."""
        return self._orders.searched

    def __call__(self, w: Any) -> Any:
        """The value at w, in the form of w; of a matrix, what known orders prove in one go."""
        if isinstance(w, np.ndarray) and w.ndim == 2 and self.method == "optimal":
            return self._candidates(self._checked(w))
        return super().__call__(w)

    def value(self, w: Array) -> float:
        """The bytes that are live at the bottleneck."""
        sizes, bottleneck = self._at(w)
        return float(sizes @ bottleneck.live) + self._scratch(bottleneck)

    def gradient(self, w: Any) -> Array:
        """The derivative of the bottleneck's live set by each width, shape (groups,)."""
        widths = self._vector(w)
        return self._sizes.gradient(widths, self._at(widths)[1].live)

    def formula(self) -> Polynomial:
        """The live set that is the peak at full width, whatever was asked before."""
        sizes = np.array(self._problem.sizes, np.float64)
        return self._formula(self._solve(Orders(self._problem), sizes, 1))

    def formula_at(self, w: Any) -> Polynomial:
        """The live set that is the peak at w, shape (groups,)."""
        return self._formula(self._at(self._vector(w))[1])

    def tied_at(self, w: Any) -> list[tuple[str | None, Polynomial]]:
        """The operators of one best order that need the peak at w, each with its live set.

        Where several do, the peak is the largest of these at widths nearby, by that order.

        Args:
            w: Widths, shape (groups,).
        """
        sizes = self._sizes.values(self._vector(w))
        scale = int(_scales(sizes))
        found: dict[Polynomial, str | None] = {}
        for live in self._orders.tied(np.rint(sizes * scale), scale):
            v = live.operator
            name = None if v is None else str(self._problem.operators[v])
            found.setdefault(self._formula(live), name)
        return [(name, formula) for formula, name in found.items()]

    def at_most(self, w: Array) -> Array:
        """The least peaks, at widths of shape (N, groups), of the orders that are known so far."""
        if self.method != "optimal":
            return super().at_most(w)
        sizes = self._sizes.values(self._checked(w))
        scales = _scales(sizes)
        return self._orders.known(np.rint(sizes * scales[:, None]), scales) / scales

    def aligned_peaks(self, w: Array, alignment: int) -> Array:
        """Peaks of the model's own order, shape (N,), with sizes that are rounded up."""
        sizes = np.ceil(self._sizes.values(self._checked(w)) / alignment) * alignment
        return self._orders.file_order_peaks(sizes, np.ones(len(sizes)))

    def bottleneck_at(self, w: Any) -> tuple[str | None, dict[str, int]]:
        """The operator during which memory peaks at w, and the bytes of each tensor live there.

        Args:
            w: Widths, shape (groups,).
        """
        sizes, bottleneck = self._at(self._vector(w))
        chosen = np.flatnonzero(bottleneck.live * sizes)
        live = {str(self._problem.tensors[i]): round(sizes[i]) for i in chosen.tolist()}
        v = bottleneck.operator
        return None if v is None else str(self._problem.operators[v]), live

    def problem_at(self, w: Any) -> Problem:
        """The scheduling problem at w, shape (groups,), sizes rounded to bytes."""
        return self._orders.problem(np.rint(self._sizes.values(self._vector(w))), 1)

    def _formula(self, bottleneck: LivePeak) -> Polynomial:
        total = Polynomial.of(self._scratch(bottleneck))
        for polynomial, live in zip(self._polynomials, bottleneck.live.tolist(), strict=True):
            total = total + polynomial * int(live)
        return total

    def _scratch(self, bottleneck: LivePeak) -> int:
        if bottleneck.operator is None or not self._problem.scratch:
            return 0
        return self._problem.scratch[bottleneck.operator]

    def _at(self, w: Array) -> tuple[Array, LivePeak]:
        """The sizes of all tensors at w, and where the peak is."""
        key, last = w.tobytes(), self._last
        if last is None or last[0] != key:
            sizes = self._sizes.values(w)
            scale = int(_scales(sizes))
            counted = np.rint(sizes * scale)
            # By the time it is read again it can be another thread's.
            self._last = last = key, sizes, self._solve(self._orders, counted, scale)
        return last[1], last[2]

    def _solve(self, orders: Orders, sizes: Array, scale: int) -> LivePeak:
        if self.method == "operator_bound":
            return orders.largest_operator(sizes, scale)
        if self.method == "file_order":
            return orders.in_file_order(sizes, scale)
        return orders.best(sizes, scale)

    def _candidates(self, w: Array) -> Array:
        """The values at many widths, shape (candidates, groups)."""
        sizes = self._sizes.values(w)
        scales = _scales(sizes)
        counted = np.rint(sizes * scales[:, None])
        values = np.full(len(w), np.nan)
        left = np.arange(len(w))
        while len(left):
            live, scratch = self._orders.proven(counted[left], scales[left])
            values[left] = (sizes[left] * live).sum(axis=1) + scratch
            left = left[np.isnan(scratch)]
            searched = self.searched
            while len(left) and self.searched == searched:
                values[left[0]] = self.value(w[left[0]])
                left = left[1:]
        return values


def _scales(sizes: Array) -> Array:
    """In which fraction of a byte to count sizes, shape (..., tensors): 1 where all are whole."""
    return np.asarray(np.where((sizes == np.rint(sizes)).all(axis=-1), 1, _FRACTION))
