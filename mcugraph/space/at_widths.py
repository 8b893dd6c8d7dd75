"""A network as TFLM loads it, at whole widths."""

import numpy as np

from mcugraph.coupling.polynomial import Compiled, Polynomial
from mcugraph.errors import UsageError
from mcugraph.ir import Array, Graph, Operator
from mcugraph.ops.selection import Slice
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
        self._cuts = _cuts(shapes)
        self._places = Compiled.of([place for *_, ends in self._cuts for place in ends], variables)
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
        return self._graph.replace(tensors=tensors, operators=self._operators(widths))

    def _operators(self, widths: Array) -> tuple[Operator, ...]:
        """The operators; slices begin and end where the channels then are."""
        places = np.rint(self._places.values(widths)).astype(int).reshape(-1, 2).tolist()
        operators = list(self._graph.operators)
        for (number, axis, _), (start, stop) in zip(self._cuts, places, strict=True):
            op = operators[number].op
            assert isinstance(op, Slice)
            index = (*op.index[:axis], slice(start, stop), *op.index[axis + 1 :])
            operators[number] = replace(operators[number], op=replace(op, index=index))
        return tuple(operators)


def _cuts(shapes: Shapes) -> list[tuple[int, int, tuple[Polynomial, Polynomial]]]:
    """Slices of axes that change: operator by number, axis, and where the slice begins and ends.

    What goes by which channels are removed is left out; it then fits the shapes no more, so that
    nothing is known of its kernel.
    """
    found = []
    for number, operator in enumerate(shapes.graph.operators):
        if not isinstance(operator.op, Slice) or None in operator.op.index:
            continue
        data = shapes.graph.tensors[str(operator.inputs[0])]
        for axis, (item, length) in enumerate(
            zip(operator.op.index, data.shape or (), strict=False)
        ):
            if not isinstance(item, slice) or not shapes.shape(data)[axis].terms.keys() - {()}:
                continue
            start, stop, step = item.indices(length)
            ends = shapes.before(data, axis, start), shapes.before(data, axis, stop)
            if step == 1 and ends[0] is not None and ends[1] is not None:
                found.append((number, axis, (ends[0], ends[1])))
    return found
