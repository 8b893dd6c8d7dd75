"""The arena of TensorFlow Lite Micro as a function of the widths."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mcugraph.coupling.polynomial import Compiled, Polynomial
from mcugraph.errors import UsageError
from mcugraph.ir import Array, Graph
from mcugraph.records import replace
from mcugraph.space.peak import PeakResource
from mcugraph.space.resources import Resource
from mcugraph.space.symbolic import Shapes
from mcugraph.tflm.footprint import head_arena
from mcugraph.tflm.loaded import program_of


class ArenaResource(Resource):
    """What TFLM's planner takes for activations in the order that the model comes in, in bytes.

    That is the head of its arena: aligned, with gaps and the scratch of its kernels. It is planned
    for whole widths, the nearest to those that are asked for, so it has no derivative; the
    gradient is that of the peak, which it follows.

    Args:
        names: The names of the groups, in order.
        shapes: The network as it runs.
        peak: Of the same network.

    Raises:
        UsageError: The arena of the network is not known; the message says why.
    """

    def __init__(self, names: Sequence[str], shapes: Shapes, peak: PeakResource) -> None:
        super().__init__(names)
        self._graph, self._peak = shapes.graph, peak
        lengths: list[Polynomial] = []
        self._axes: list[tuple[str, int]] = []
        for tensor in shapes.graph.tensors.values():
            for axis, length in enumerate(shapes.shape(tensor)):
                if length.terms.keys() - {()}:
                    self._axes.append((tensor.name, axis))
                    lengths.append(length)
        self._lengths = Compiled.of(lengths, len(self.names))
        self._last: tuple[bytes, int] | None = None
        program, notes = program_of(self._graph)
        if program is None:
            raise UsageError(f"TFLM's arena of this model is not known: {'; '.join(notes)}")

    def value(self, w: Array) -> float:
        """The arena at the whole widths nearest to w."""
        widths = np.rint(w)
        key, last = widths.tobytes(), self._last
        if last is None or last[0] != key:
            program, notes = program_of(self._at(widths))
            if program is None:
                raise UsageError(f"TFLM's arena is not known at these widths: {'; '.join(notes)}")
            # By the time it is read again it can be another thread's.
            self._last = last = key, head_arena(program)
        return float(last[1])

    def gradient(self, w: Any) -> Array:
        """The derivative of the peak by each width, shape (groups,)."""
        return self._peak.gradient(w)

    def formula(self) -> Polynomial:
        """There is none.

        Raises:
            UsageError: Always.
        """
        raise UsageError("the arena has no formula: it is planned anew for each width")

    def _at(self, widths: Array) -> Graph:
        """The network with the shapes that it has at whole widths."""
        tensors = dict(self._graph.tensors)
        lengths = np.rint(self._lengths.values(widths)).astype(int).tolist()
        for (name, axis), length in zip(self._axes, lengths, strict=True):
            shape = tensors[name].shape or ()
            tensors[name] = replace(
                tensors[name], shape=(*shape[:axis], length, *shape[axis + 1 :])
            )
        return self._graph.replace(tensors=tensors)
