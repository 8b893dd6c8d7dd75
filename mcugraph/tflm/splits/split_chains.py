"""Operators that can be computed together in slices of channels.

A chain begins with one head or several and ends with the one operator whose result others read; all
that lies between is read within it alone. It is then computed slice by slice, and only the slices
of its result are joined: no more than one slice of what lies between is there at a time.
"""

from collections.abc import Mapping, Sequence
from math import gcd

from mcugraph.errors import GraphError
from mcugraph.formats.tflite.model import TfliteModel, TfliteSubgraph
from mcugraph.formats.tflite.tables import NUMBERED
from mcugraph.ir import DType
from mcugraph.records import dataclass
from mcugraph.tflm.splits.channelwise import Share, share

# TFLM's CONCATENATION takes so many tensors (concatenation.cc), and these types.
MOST_SLICES = 10
_JOINED = (DType.FLOAT32, DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.BOOL)
_LONGEST = 64  # operators of a chain


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of the first subgraph that can be computed in slices of channels.

    Attributes:
        operators: By number, in the order of the file; the last one's result leaves the chain.
        units: In how many parts it falls; what is cut has so many channels or a multiple.
    """

    operators: tuple[int, ...]
    units: int

    @property
    def along(self) -> str:
        """What its parts are parts of."""
        return "channels"

    def added(self, count: int) -> int:
        """How many operators more there are in so many slices."""
        return (count - 1) * len(self.operators) + 1

    def extra_macs(self, count: int) -> int:
        """Multiply-accumulates that slices take besides: none."""
        return 0

    def least(self, count: int) -> int:
        """Bytes that are live at once at least: nothing is known but by the program."""
        return 0

    def slices(self, count: int) -> tuple[tuple[int, int], ...]:
        """The first unit of each of ``count`` slices and the first that is left out.

        They are as equal as can be; where none gets wider by it, all but the last are a multiple
        of four units wide, as kernels like it.

        Raises:
            GraphError: There are not so many slices.
        """
        if not 1 <= count <= min(self.units, MOST_SLICES):
            raise GraphError(
                f"{self.units} channels cannot be cut into {count} slices; "
                f"from 1 to {min(self.units, MOST_SLICES)} are possible"
            )
        widest = -(-self.units // count)
        step = 4 if widest % 4 == 0 and self.units > 4 * (count - 1) else 1
        parts = -(-self.units // step)
        ends = [min(-(-parts * (i + 1) // count) * step, self.units) for i in range(count)]
        return tuple(zip((0, *ends[:-1]), ends, strict=True))


def unsplittable(model: TfliteModel) -> str | None:
    """Why no chain of a file is computed in slices; None: no reason."""
    if NUMBERED in model.metadata:
        return f"metadata {NUMBERED!r} refers to operators by their number"
    if any(tensor.behind for tensor in model.tensors):
        return "constants are stored behind the tables of the file"
    return None


def chains(model: TfliteModel) -> tuple[Chain, ...]:
    """All chains, in the order of their last operators; some are parts of others.

    Args:
        model: What was read of a file, with the values of its constants.
    """
    if unsplittable(model) is not None:
        return ()
    found = _Finder(model.subgraphs[0])
    return tuple(filter(None, map(found.chain_to, range(len(model.subgraphs[0].operators)))))


class _Finder:
    """Who makes and who reads each tensor, and how each operator falls apart."""

    def __init__(self, graph: TfliteSubgraph) -> None:
        self.graph = graph
        self.shares = [share(graph, operator) for operator in graph.operators]
        self.makers: dict[int, int] = {}
        self.readers: dict[int, list[int]] = {}
        # Ends of the graph, and what is filled more than once or kept.
        self.fixed = {*graph.inputs, *graph.outputs}
        for number, operator in enumerate(graph.operators):
            for t in operator.inputs:
                self.readers.setdefault(t, []).append(number)
            for t in operator.outputs:
                if t in self.makers or graph.tensors[t].variable:
                    self.fixed.add(t)
                self.makers[t] = number

    def chain_to(self, last: int) -> Chain | None:
        """The chain that ends with an operator; None: there is none, or it is alone."""
        shares = self._reached(last)
        if shares is None or len(shares) < 2:
            return None
        between = {self.graph.operators[v].outputs[0] for v in shares if v != last}
        (result,) = self.graph.operators[last].outputs
        tensors = self.graph.tensors
        if tensors[result].dtype not in _JOINED or self.makers[result] != last:
            return None
        if any(not shares.keys() >= set(self.readers.get(t, ())) for t in between):
            return None
        if any(self._whole(v, shares[v]) & between for v in shares):
            return None
        units = gcd(*(entry.units for entry in shares.values()))
        lengths = [tensors[t].shape[-1] for t in (*between, result)]
        if units < 2 or any(length % units for length in lengths):
            return None
        return Chain(tuple(sorted(shares)), units)

    def _reached(self, last: int) -> Mapping[int, Share] | None:
        """All that makes the slices of an operator's result, up to heads; None: no heads do."""
        found: dict[int, Share] = {}
        pending = [last]
        while pending:
            number = pending.pop()
            entry = self.shares[number]
            if entry is None or len(found) == _LONGEST:
                return None
            if number in found:
                continue
            found[number] = entry
            for position in entry.sliced:
                t = self.graph.operators[number].inputs[position]
                if t not in self.makers or t in self.fixed:
                    return None
                pending.append(self.makers[t])
        return found

    def _whole(self, number: int, entry: Share) -> set[int]:
        """Tensors that an operator reads whole."""
        return set(_others(self.graph.operators[number].inputs, entry.sliced))


def _others(inputs: Sequence[int], positions: Sequence[int]) -> list[int]:
    return [t for position, t in enumerate(inputs) if position not in positions]
