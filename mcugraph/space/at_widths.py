"""A network as TFLM loads it, at whole widths."""

import numpy as np

from mcugraph.coupling.polynomial import Compiled, Polynomial
from mcugraph.errors import UsageError
from mcugraph.ir import Array, Graph
from mcugraph.records import replace
from mcugraph.space.symbolic import Shapes
from mcugraph.tflm.loaded import TflmProgram, program_of


class NetworkAtWidths:
    """What TFLM loads of a network whose shapes depend on widths.

    Args:
        shapes: The network as it runs.
        variables: How many widths there are.
        kernels: What TFLM is built with.

    Raises:
        UsageError: TFLM's arena of the network is not known; the message says why.
    """

    def __init__(self, shapes: Shapes, variables: int, kernels: str = "reference") -> None:
        self._graph, self._kernels = shapes.graph, kernels
        lengths: list[Polynomial] = []
        self._axes: list[tuple[str, int]] = []
        for tensor in shapes.graph.tensors.values():
            for axis, length in enumerate(shapes.shape(tensor)):
                if length.terms.keys() - {()}:
                    self._axes.append((tensor.name, axis))
                    lengths.append(length)
        self._lengths = Compiled.of(lengths, variables)
        program, notes = program_of(self._graph, kernels=kernels)
        if program is None:
            raise UsageError(f"TFLM's arena of this model is not known: {'; '.join(notes)}")

    def program(self, widths: Array) -> TflmProgram:
        """What TFLM loads at some widths, shape (groups,), which are whole.

        Raises:
            UsageError: TFLM's arena is not known there.
        """
        program, notes = program_of(self._at(widths), kernels=self._kernels)
        if program is None:
            raise UsageError(f"TFLM's arena is not known at these widths: {'; '.join(notes)}")
        return program

    def _at(self, widths: Array) -> Graph:
        """The network with the shapes that it has there."""
        tensors = dict(self._graph.tensors)
        lengths = np.rint(self._lengths.values(widths)).astype(int).tolist()
        for (name, axis), length in zip(self._axes, lengths, strict=True):
            shape = tensors[name].shape or ()
            tensors[name] = replace(
                tensors[name], shape=(*shape[:axis], length, *shape[axis + 1 :])
            )
        return self._graph.replace(tensors=tensors)
