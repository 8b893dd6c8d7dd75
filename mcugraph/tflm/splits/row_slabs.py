"""One slab of the rows of a chain: its operators, and the tensors that they need."""

from collections.abc import Callable, Iterator

from mcugraph.formats.tflite.file_recipe import (
    Copied,
    Entry,
    Like,
    Listed,
    New,
    Restated,
    Sliced,
)
from mcugraph.formats.tflite.model import TfliteSubgraph
from mcugraph.tflm.splits.row_chains import RowChain, Slab
from mcugraph.tflm.splits.rowwise import ROWS, Around, Span


class RowSlab:
    """One slab of a chain.

    Args:
        graph: The first subgraph of the file.
        piece: The number of a new tensor, the same one for all who need it.
        chain: What is computed in slabs.
        slab: The rows that are there on the way.

    Attributes:
        result: What it comes to, by the number of the tensor, as far as there are operators.
    """

    def __init__(
        self, graph: TfliteSubgraph, piece: Callable[[New], int], chain: RowChain, slab: Slab
    ) -> None:
        self.graph, self._piece, self.chain, self.slab = graph, piece, chain, slab
        self.result = -1

    def operators(self) -> Iterator[Entry]:
        """A slice of the data, all operators of the chain, and what leaves rows out."""
        slab, chain = self.slab, self.chain
        data = self.graph.operators[chain.operators[0]].inputs[chain.rules[0].positions[0]]
        self.result = self._like(data, slab.made(0))
        yield self._sliced(data, data, slab.made(0), chain.operators[0])
        for at, (number, rule) in enumerate(zip(chain.operators, chain.rules, strict=True), 1):
            operator = self.graph.operators[number]
            inputs, (result,) = list(operator.inputs), operator.outputs
            for position in rule.positions:
                inputs[position] = self.result
            if isinstance(rule.making, Around):
                inputs[1] = self._pads(inputs[1], rule.making, at)
            self.result = self._like(result, slab.made(at))
            yield Copied(number, tuple(inputs), (self.result,))
            if slab.cropped == at:
                above, whole = slab.made(at)[0], self.result
                self.result = self._like(result, slab.kept, "_kept")
                kept = slab.kept[0] - above, slab.kept[1] - above
                yield self._sliced(result, whole, kept, number)

    def _sliced(self, tensor: int, source: int, rows: Span, operator: int) -> Sliced:
        """What becomes of some rows of what there is of a tensor."""
        shape = self.graph.tensors[tensor].shape
        ranges = tuple(rows if axis == ROWS else (0, n) for axis, n in enumerate(shape))
        begin = self._piece(Listed(tuple(start for start, _ in ranges), "begin"))
        size = self._piece(Listed(tuple(stop - start for start, stop in ranges), "size"))
        return Sliced((source, begin, size), self.result, ranges, operator)

    def _pads(self, number: int, around: Around, at: int) -> int:
        """The constant that says what is put around the slab."""
        pads = list(around.pads)
        pads[ROWS] = around.put(self.slab.read(at), self.slab.made(at))
        if tuple(pads) == around.pads:
            return number
        return self._piece(Restated(number, tuple(amount for pair in pads for amount in pair)))

    def _like(self, tensor: int, rows: Span, more: str = "") -> int:
        """The number of a slab of a tensor."""
        batches, _, *others = self.graph.tensors[tensor].shape
        said = f"{self.chain.operators[-1]}_{self.slab.kept[0]}{more}"
        return self._piece(Like(tensor, (batches, rows[1] - rows[0], *others), said))
