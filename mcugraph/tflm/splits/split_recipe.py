"""The recipe of a file in which chains are computed in slices of channels."""

from collections.abc import Iterator, Sequence

from mcugraph.errors import GraphError
from mcugraph.formats.tflite.model import TfliteModel, TfliteSubgraph
from mcugraph.formats.tflite.recipe import Copied, Joined, Piece, Recipe, Restated
from mcugraph.tflm.splits.channelwise import MULTIPLIER, share
from mcugraph.tflm.splits.split_chains import Chain

Split = tuple[Chain, int]  # a chain, and in how many slices it is computed


def split_recipe(model: TfliteModel, splits: Sequence[Split]) -> Recipe:
    """What the first subgraph becomes with some chains computed in slices.

    The slices of a chain stand where its last operator stood, one after the other. A tensor that
    nothing uses any more leaves its number to the first slice of it, so that the numbers of all
    others stay, and of no tensor there is more than before.

    Args:
        model: What was read of the file, with the values of its constants.
        splits: Chains of it that share no operator.

    Raises:
        GraphError: Two share one, or there are more slices than channels.
    """
    taken = [number for chain, _ in splits for number in chain.operators]
    if len(taken) > len(set(taken)):
        raise GraphError("chains that share an operator cannot be split together")
    return _Splitting(model.subgraphs[0]).recipe(splits)


class _Splitting:
    """The first subgraph on its way to slices.

    Attributes:
        pieces: New tensors, in order, and their provisional numbers behind those of the file.
    """

    def __init__(self, graph: TfliteSubgraph) -> None:
        self.graph = graph
        self.pieces: dict[Piece | Restated, int] = {}

    def recipe(self, splits: Sequence[Split]) -> Recipe:
        ends = {chain.operators[-1]: (chain, count) for chain, count in splits}
        taken = {number for chain, _ in splits for number in chain.operators}
        made: list[Copied | Joined] = []
        for number, operator in enumerate(self.graph.operators):
            if number in ends:
                made += self._sliced(*ends[number])
            elif number not in taken:
                made.append(Copied(number, operator.inputs, operator.outputs))
        return self._numbered(made)

    def _sliced(self, chain: Chain, count: int) -> Iterator[Copied | Joined]:
        (result,) = self.graph.operators[chain.operators[-1]].outputs
        inputs = []
        for start, stop in chain.slices(count):
            slices = _SliceOfChain(self, chain, start, stop)
            for number in chain.operators:
                yield slices.copied(number)
            inputs.append(slices.tensor(result))
        yield Joined(tuple(inputs), result, len(self.graph.tensors[result].shape) - 1)

    def piece(self, new: Piece | Restated) -> int:
        """The number of a new tensor, the same one for all who need it."""
        return self.pieces.setdefault(new, len(self.graph.tensors) + len(self.pieces))

    def _numbered(self, made: Sequence[Copied | Joined]) -> Recipe:
        """With the numbers that have become free given to what lay there."""
        before = {t for operator in self.graph.operators for t in operator.inputs}
        before.update(t for operator in self.graph.operators for t in operator.outputs)
        after = {t for entry in made for t in (*entry.inputs, *_outputs(entry))}
        free = before - after - {*self.graph.inputs, *self.graph.outputs}
        behind = len(self.graph.tensors)
        numbers: dict[int, int] = {}
        for new, number in self.pieces.items():
            if new.tensor in free:
                free.remove(new.tensor)
                numbers[number] = new.tensor
            else:
                numbers[number] = behind
                behind += 1

        def named(tensors: Sequence[int]) -> tuple[int, ...]:
            return tuple(numbers.get(t, t) for t in tensors)

        return Recipe(
            {numbers[number]: new for new, number in self.pieces.items()},
            tuple(
                Joined(named(entry.inputs), entry.output, entry.axis)
                if isinstance(entry, Joined)
                else Copied(
                    entry.operator,
                    named(entry.inputs),
                    named(entry.outputs),
                    entry.options,
                    entry.shape,
                )
                for entry in made
            ),
        )


def _outputs(entry: Copied | Joined) -> tuple[int, ...]:
    return (entry.output,) if isinstance(entry, Joined) else entry.outputs


class _SliceOfChain:
    """One slice of a chain: from a unit up to another."""

    def __init__(self, splitting: _Splitting, chain: Chain, start: int, stop: int) -> None:
        self.splitting, self.graph = splitting, splitting.graph
        self.units, self.start, self.stop = chain.units, start, stop

    def copied(self, number: int) -> Copied:
        """An operator of the chain for this slice."""
        operator = self.graph.operators[number]
        entry = share(self.graph, operator)
        if entry is None:
            raise GraphError(f"operator {operator.name!r} cannot be computed in slices")
        (result,) = operator.outputs
        start, stop = self._scaled(self.graph.tensors[result].shape[-1])
        inputs, shape = list(operator.inputs), None
        for position in entry.sliced:
            inputs[position] = self.tensor(inputs[position])
        for position, axis in entry.cut:
            inputs[position] = self.tensor(inputs[position], axis)
        for position, others in entry.stated:
            shape = (*others, stop - start)
            inputs[position] = self.splitting.piece(Restated(inputs[position], shape))
        return Copied(
            number,
            tuple(inputs),
            (self.tensor(result),),
            ((MULTIPLIER, stop - start),) if entry.multiplied else (),
            shape if operator.native == "RESHAPE" else None,
        )

    def tensor(self, number: int, axis: int = -1) -> int:
        """The number of a tensor's slice."""
        shape = self.graph.tensors[number].shape
        axis %= len(shape)
        return self.splitting.piece(Piece(number, axis, *self._scaled(shape[axis])))

    def _scaled(self, length: int) -> tuple[int, int]:
        """Where the slice lies on an axis of this length."""
        each = length // self.units
        return self.start * each, self.stop * each
