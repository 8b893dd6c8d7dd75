"""The arena of TensorFlow Lite Micro as a function of the widths."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from mcugraph.coupling.polynomial import Polynomial
from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.space.at_widths import NetworkAtWidths
from mcugraph.space.peak import PeakResource
from mcugraph.space.resources import Resource
from mcugraph.space.symbolic import Shapes
from mcugraph.tflm.footprint import head_arena
from mcugraph.tflm.lifetimes import ALIGNMENT
from mcugraph.tflm.loaded import TflmProgram


class PlannedResource(Resource):
    """What a planner takes for activations, in bytes.

    It is planned for whole widths, the nearest to those that are asked for, so it has no formula.

    Args:
        names: The names of the groups, in order.
        network: What TFLM loads at each of them.
    """

    def __init__(self, names: Sequence[str], network: NetworkAtWidths) -> None:
        super().__init__(names)
        self._network = network
        self._last: tuple[bytes, int] | None = None

    @abstractmethod
    def planned(self, program: TflmProgram) -> int:
        """Bytes that the planner takes for a program."""

    def foreseen(self, w: Array) -> Array:
        """What is known without a plan: no more than the arena, shape (N,), at (N, groups)."""
        return np.zeros(len(w))

    def value(self, w: Array) -> float:
        """The arena at the whole widths nearest to w."""
        widths = np.rint(w)
        key, last = widths.tobytes(), self._last
        if last is None or last[0] != key:
            # By the time it is read again it can be another thread's.
            self._last = last = key, self.planned(self._network.program(widths))
        return float(last[1])

    def formula(self) -> Polynomial:
        """There is none.

        Raises:
            UsageError: Always.
        """
        raise UsageError("the arena has no formula: it is planned anew for each width")


class ArenaResource(PlannedResource):
    """What TFLM's planner takes for activations in the order that the model comes in, in bytes.

    That is the head of its arena: aligned, with gaps and the scratch of its kernels. It has no
    derivative; the gradient is that of the peak, which it follows.

    Args:
        names: The names of the groups, in order.
        shapes: The network as it runs.
        peak: Of the same network.

    Raises:
        UsageError: The arena of the network is not known; the message says why.
    """

    def __init__(self, names: Sequence[str], shapes: Shapes, peak: PeakResource) -> None:
        super().__init__(names, NetworkAtWidths(shapes, len(names)))
        self._peak = peak
        self._file_order = PeakResource(names, shapes, "file_order")

    def planned(self, program: TflmProgram) -> int:
        """Bytes of TFLM's head."""
        return head_arena(program)

    def gradient(self, w: Any) -> Array:
        """The derivative of the peak by each width, shape (groups,)."""
        return self._peak.gradient(w)

    def foreseen(self, w: Array) -> Array:
        """The live sets of the model's own order, aligned; gaps come on top."""
        return self._file_order.aligned_peaks(np.rint(w), ALIGNMENT)

    def formula_at(self, w: Any) -> Polynomial:
        """The live set where the model's own order peaks, which alignment and gaps add to."""
        return self._file_order.formula_at(w)
