"""The arena in which outputs lie over inputs that die, as a function of the widths."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from mcugraph.coupling.polynomial import Compiled, Polynomial
from mcugraph.ir import Array
from mcugraph.planning.support import Support, support
from mcugraph.space.at_widths import NetworkAtWidths
from mcugraph.space.symbolic import Shapes, bytes_of
from mcugraph.space.tflm_arena import PlannedResource
from mcugraph.tflm.footprint import head_arena
from mcugraph.tflm.loaded import TflmProgram
from mcugraph.tflm.own_plan import OwnArenas, overlap_plan


class OverlapArenaResource(PlannedResource):
    """The head of TFLM's arena by our plan of our order, outputs over inputs that die, in bytes.

    The gradient is that of what holds the arena up: the tensors that stand on each other from its
    bottom to its top, each counted by its bytes, or by how far it has to be ahead of the one that
    lies over it. That lead is taken to grow as the output does.

    Args:
        names: The names of the groups, in order.
        shapes: The network as it runs.
        kernels: The kernels whose order of access the overlaps make use of.

    Raises:
        UsageError: The arena of the network is not known, or the kernels are not.
    """

    def __init__(self, names: Sequence[str], shapes: Shapes, kernels: str = "reference") -> None:
        super().__init__(names, NetworkAtWidths(shapes, len(names), kernels))
        self._tensors = {name: i for i, name in enumerate(shapes.graph.tensors)}
        self._polynomials = [bytes_of(shapes, t) for t in shapes.graph.tensors.values()]
        self._sizes = Compiled.of(self._polynomials, len(names))

    def planned(self, program: TflmProgram) -> int:
        """Bytes of the head by our plan."""
        return OwnArenas(program, head_arena(program)).overlapped

    def gradient(self, w: Any) -> Array:
        """The derivative of what holds the arena up by each width, shape (groups,)."""
        widths = np.rint(self._vector(w))
        return self._sizes.gradient(widths, self._weights(widths))

    def formula_at(self, w: Any) -> Polynomial:
        """What holds the arena up at w, each tensor by the share that it contributes there."""
        total = Polynomial.of(0)
        weights = self._weights(np.rint(self._vector(w))).tolist()
        for polynomial, weight in zip(self._polynomials, weights, strict=True):
            if weight:
                total = total + polynomial * Fraction(weight)
        return total

    def _weights(self, widths: Array) -> Array:
        """How much of each tensor holds the arena up, shape (tensors,)."""
        program = self._network.program(widths)
        problem, plan = overlap_plan(program)
        weights = np.zeros(self._sizes.count)
        stored = program.model.subgraphs[0].tensors
        for part in support(problem, plan):
            self._add(weights, stored, part)
        return weights

    def _add(self, weights: Array, stored: Sequence[Any], part: Support) -> None:
        """Count a block that holds the arena up; scratch has no width."""
        if isinstance(part.block.name, int) and part.block.name < len(stored):
            number = self._tensors.get(stored[part.block.name].name)
            if number is not None and part.block.size:
                weights[number] += part.bytes / part.block.size
