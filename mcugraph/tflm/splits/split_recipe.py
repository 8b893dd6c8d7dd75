"""The recipe of a file in which chains are computed in slices of channels or slabs of rows."""

from collections.abc import Iterator, Mapping, Sequence

from mcugraph.errors import GraphError
from mcugraph.formats.tflite.file_recipe import Copied, Entry, FileRecipe, Joined, Listed, New
from mcugraph.formats.tflite.model import TfliteModel, TfliteSubgraph
from mcugraph.records import replace
from mcugraph.tflm.splits.channel_slices import ChannelSlice
from mcugraph.tflm.splits.row_chains import RowChain
from mcugraph.tflm.splits.row_slabs import RowSlab
from mcugraph.tflm.splits.rowwise import ROWS
from mcugraph.tflm.splits.split_chains import Chain

# A chain, and in how many slices of channels or slabs of rows it is computed.
Split = tuple[Chain | RowChain, int]


def split_recipe(model: TfliteModel, splits: Sequence[Split]) -> FileRecipe:
    """What the first subgraph becomes with some chains computed in slices.

    The parts of a chain stand where its last operator stood, one after the other. A tensor that
    nothing uses any more leaves its number to the first part of it, so that the numbers of all
    others stay, and of no tensor there is more than before.

    Args:
        model: What was read of the file, with the values of its constants.
        splits: Chains of it that share no operator.

    Raises:
        GraphError: Two share one, or there are not so many parts.
    """
    taken = [number for chain, _ in splits for number in chain.operators]
    if len(taken) > len(set(taken)):
        raise GraphError("chains that share an operator cannot be split together")
    return _Splitting(model.subgraphs[0]).recipe(splits)


class _Splitting:
    """The first subgraph on its way to parts.

    Attributes:
        pieces: New tensors, in order, and their provisional numbers behind those of the file.
    """

    def __init__(self, graph: TfliteSubgraph) -> None:
        self.graph = graph
        self.pieces: dict[New, int] = {}

    def recipe(self, splits: Sequence[Split]) -> FileRecipe:
        ends = {chain.operators[-1]: (chain, count) for chain, count in splits}
        taken = {number for chain, _ in splits for number in chain.operators}
        made: list[Entry] = []
        for number, operator in enumerate(self.graph.operators):
            if number in ends:
                made += self._parts(*ends[number])
            elif number not in taken:
                made.append(Copied(number, operator.inputs, operator.outputs))
        return self._numbered(made)

    def _parts(self, chain: Chain | RowChain, count: int) -> Iterator[Entry]:
        (result,) = self.graph.operators[chain.operators[-1]].outputs
        parts: list[ChannelSlice] | list[RowSlab]
        if isinstance(chain, RowChain):
            parts = [RowSlab(self.graph, self.piece, chain, slab) for slab in chain.slabs(count)]
            axis = ROWS
        else:
            slices = chain.slices(count)
            parts = [ChannelSlice(self.graph, self.piece, chain, *ends) for ends in slices]
            axis = len(self.graph.tensors[result].shape) - 1
        for part in parts:
            yield from part.operators()
        results = tuple(part.result for part in parts)
        yield Joined(results, result, axis, chain.operators[-1])

    def piece(self, new: New) -> int:
        """The number of a new tensor, the same one for all who need it."""
        return self.pieces.setdefault(new, len(self.graph.tensors) + len(self.pieces))

    def _numbered(self, made: Sequence[Entry]) -> FileRecipe:
        """With the numbers that have become free given to what lay there."""
        before = {t for operator in self.graph.operators for t in operator.inputs}
        before.update(t for operator in self.graph.operators for t in operator.outputs)
        after = {t for entry in made for t in (*entry.inputs, *_outputs(entry))}
        free = before - after - {*self.graph.inputs, *self.graph.outputs}
        behind = len(self.graph.tensors)
        numbers: dict[int, int] = {}
        for new, number in self.pieces.items():
            if not isinstance(new, Listed) and new.tensor in free:
                free.remove(new.tensor)
                numbers[number] = new.tensor
            else:
                numbers[number] = behind
                behind += 1
        return FileRecipe(
            {numbers[number]: new for new, number in self.pieces.items()},
            tuple(_renamed(entry, numbers) for entry in made),
        )


def _outputs(entry: Entry) -> tuple[int, ...]:
    return entry.outputs if isinstance(entry, Copied) else (entry.output,)


def _renamed(entry: Entry, numbers: Mapping[int, int]) -> Entry:
    """An entry with other numbers of tensors."""

    def new(tensor: int) -> int:
        return numbers.get(tensor, tensor)

    if isinstance(entry, Copied):
        inputs, outputs = map(new, entry.inputs), map(new, entry.outputs)
        return replace(entry, inputs=tuple(inputs), outputs=tuple(outputs))
    if isinstance(entry, Joined):
        return replace(entry, inputs=tuple(map(new, entry.inputs)), output=new(entry.output))
    data, begin, size = map(new, entry.inputs)
    return replace(entry, inputs=(data, begin, size), output=new(entry.output))
