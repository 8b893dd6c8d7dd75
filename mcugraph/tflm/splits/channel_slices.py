"""One slice of the channels of a chain: its operators, and the tensors that they need."""

from collections.abc import Callable, Iterator

from mcugraph.errors import GraphError
from mcugraph.formats.tflite.file_recipe import Copied, New, Piece, Restated
from mcugraph.formats.tflite.model import TfliteSubgraph
from mcugraph.tflm.splits.channelwise import MULTIPLIER, share
from mcugraph.tflm.splits.split_chains import Chain


class ChannelSlice:
    """One slice of a chain: from a unit up to another.

    Args:
        graph: The first subgraph of the file.
        piece: The number of a new tensor, the same one for all who need it.
        chain: What is computed in slices.
        start, stop: The first unit, and the first that is left out.
    """

    def __init__(
        self,
        graph: TfliteSubgraph,
        piece: Callable[[New], int],
        chain: Chain,
        start: int,
        stop: int,
    ) -> None:
        self.graph, self._piece, self.chain = graph, piece, chain
        self.start, self.stop = start, stop

    def operators(self) -> Iterator[Copied]:
        """All operators of the chain for this slice."""
        return map(self._copied, self.chain.operators)

    @property
    def result(self) -> int:
        """What it comes to, by the number of the tensor."""
        return self._tensor(self.graph.operators[self.chain.operators[-1]].outputs[0])

    def _copied(self, number: int) -> Copied:
        operator = self.graph.operators[number]
        entry = share(self.graph, operator)
        if entry is None:
            raise GraphError(f"operator {operator.name!r} cannot be computed in slices")
        (result,) = operator.outputs
        start, stop = self._scaled(self.graph.tensors[result].shape[-1])
        inputs, shape = list(operator.inputs), None
        for position in entry.sliced:
            inputs[position] = self._tensor(inputs[position])
        for position, axis in entry.cut:
            inputs[position] = self._tensor(inputs[position], axis)
        for position, others in entry.stated:
            shape = (*others, stop - start)
            inputs[position] = self._piece(Restated(inputs[position], shape))
        return Copied(
            number,
            tuple(inputs),
            (self._tensor(result),),
            ((MULTIPLIER, stop - start),) if entry.multiplied else (),
            shape if operator.native == "RESHAPE" else None,
        )

    def _tensor(self, number: int, axis: int = -1) -> int:
        """The number of a tensor's slice."""
        shape = self.graph.tensors[number].shape
        axis %= len(shape)
        return self._piece(Piece(number, axis, *self._scaled(shape[axis])))

    def _scaled(self, length: int) -> tuple[int, int]:
        """Where the slice lies on an axis of this length."""
        each = length // self.chain.units
        return self.start * each, self.stop * each
