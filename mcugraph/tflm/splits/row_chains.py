"""Operators that can be computed together in slabs of rows.

A chain is a row of operators each of which reads the result of the one before and nothing else that
is computed. It is computed slab by slab of its last result: a slice of the rows of its data, the
operators on that, and the slabs joined in the end. Slabs of the data overlap where windows do, so
some rows are computed more than once.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from math import prod

from mcugraph.errors import GraphError
from mcugraph.ir import DType
from mcugraph.records import dataclass
from mcugraph.tflm.loaded import TflmProgram
from mcugraph.tflm.splits.rowwise import Held, RowRule, Span, row_rule
from mcugraph.tflm.splits.split_chains import MOST_SLICES, unsplittable

# What TFLM's SLICE and CONCATENATION take (slice.cc, concatenation.cc).
_SLICED = (DType.FLOAT32, DType.INT8, DType.INT16, DType.INT32, DType.BOOL)
_FURTHER = 16  # rows of the data that a slab may begin earlier, or end later, than it has to
_LONGEST = 64  # operators of a chain


@dataclass(frozen=True, slots=True)
class Slab:
    """One slab of a chain.

    Attributes:
        held: The rows of the chain's data, and of the result of each of its operators.
        kept: Of the last one those that make up the result.
        cropped: After how many operators the rows that are not kept are left out; None: there
            are none.
    """

    held: tuple[Held, ...]
    kept: Span
    cropped: int | None

    def made(self, at: int) -> Span:
        """The rows that so many operators come to; of none, those of the data."""
        if self.cropped is None or at <= self.cropped:
            return self.held[at].rows
        return self.kept

    def read(self, at: int) -> Span:
        """The rows that the last of so many operators reads."""
        return self.kept if self.cropped == at - 1 else self.made(at - 1)


@dataclass(frozen=True, slots=True)
class RowChain:
    """Operators of the first subgraph that can be computed in slabs of rows.

    Attributes:
        operators: By number, in the order of the file; each reads the result of the one before.
        rules: How each is computed.
        data: Bytes of what the first one reads.
    """

    operators: tuple[int, ...]
    rules: tuple[RowRule, ...]
    data: int

    @property
    def along(self) -> str:
        """What its parts are parts of."""
        return "rows"

    @property
    def units(self) -> int:
        """How many rows its result has."""
        return self.rules[-1].rows

    def slabs(self, count: int) -> tuple[Slab, ...]:
        """Its slabs, as equal as can be.

        Raises:
            GraphError: There are not so many, or windows would not lie where they did.
        """
        if not 1 <= count <= min(self.units, MOST_SLICES):
            raise GraphError(
                f"{self.units} rows cannot be cut into {count} slabs; "
                f"from 1 to {min(self.units, MOST_SLICES)} are possible"
            )
        found = _slabs(self, count)
        if found is None:
            raise GraphError(f"windows would not lie where they do in {count} slabs")
        return found

    def added(self, count: int) -> int:
        """How many operators more there are in so many slabs."""
        slices = sum(1 + (slab.cropped is not None) for slab in self.slabs(count))
        return (count - 1) * len(self.operators) + slices + 1

    def least(self, count: int) -> int:
        """Bytes that are live at once at least, whatever the order, and outputs lie over inputs.

        While the largest tensor of a slab is there, each other slab has one of its own, or all of
        the data is still there that it is sliced from.
        """
        height = self.rules[0].making.length
        breadths = (self.data // height, *(rule.breadth for rule in self.rules))
        tensors = [
            [breadth * _length(slab.made(at)) for at, breadth in enumerate(breadths)]
            + [self.rules[-1].breadth * _length(slab.kept)]
            for slab in _slabs(self, count) or ()
        ]
        each = [min(sizes) for sizes in tensors]
        least = [max(s) + min(self.data, sum(each) - e) for s, e in zip(tensors, each, strict=True)]
        return max(least, default=0)

    def extra_macs(self, count: int) -> int | None:
        """Multiply-accumulates that so many slabs take besides; None: they cannot be had."""
        slabs = _slabs(self, count)
        if slabs is None:
            return None
        return sum(
            rule.work * (sum(_length(slab.made(at)) for slab in slabs) - rule.rows)
            for at, rule in enumerate(self.rules, 1)
        )


def _length(rows: Span) -> int:
    return rows[1] - rows[0]


# A search comes back to the same chains again and again.
@lru_cache(maxsize=1 << 14)
def _slabs(chain: RowChain, count: int) -> tuple[Slab, ...] | None:
    ends = [-(-chain.units * i // count) for i in range(count + 1)]
    found = []
    for kept in pairwise(ends):
        slab = _slab(chain.rules, kept)
        if slab is None:
            return None
        found.append(slab)
    return tuple(found)


def _slab(rules: Sequence[RowRule], kept: Span) -> Slab | None:
    """The slab that computes least of those that come to some rows of the result."""
    wanted = [kept]
    for rule in reversed(rules):
        wanted.append(rule.making.needed(wanted[-1]))
    wanted.reverse()
    for rows in _further(wanted[0], rules[0].making.length, rules):
        held = _held(rules, rows, wanted)
        if held is not None:
            return Slab(held, kept, None if held[-1].rows == kept else _narrowest(rules))
    return None


def _further(rows: Span, length: int, rules: Sequence[RowRule]) -> Iterator[Span]:
    """Rows of the data, least first, until all strides have met all places once."""
    most = min(prod(rule.making.stride for rule in rules), _FURTHER)
    for more in range(2 * most - 1):
        for above in range(max(0, more - most + 1), min(more, most - 1) + 1):
            start, stop = rows[0] - above, rows[1] + more - above
            if start >= 0 and stop <= length:
                yield start, stop


def _held(rules: Sequence[RowRule], rows: Span, wanted: Sequence[Span]) -> tuple[Held, ...] | None:
    """What comes of some rows of the data; None: not all that is wanted."""
    found = [Held(rows, rows)]
    for rule, needed in zip(rules, wanted[1:], strict=True):
        made = rule.making.made(found[-1], needed)
        if made is None or not made.has(needed):
            return None
        found.append(made)
    return tuple(found)


def _narrowest(rules: Sequence[RowRule]) -> int:
    """After how many operators the rows are shortest, of those that all that follow keep."""
    places = [len(rules)]
    while places[-1] > 1 and rules[places[-1] - 1].making.keeps:
        places.append(places[-1] - 1)
    return min(reversed(places), key=lambda at: rules[at - 1].breadth)


def row_chains(program: TflmProgram) -> tuple[RowChain, ...]:
    """All chains, in the order of their last operators; some are parts of others.

    Args:
        program: What TFLM loads of a file, with the values of its constants.
    """
    if unsplittable(program.model) is not None:
        return ()
    return tuple(_Runs(program).chains())


class _Runs:
    """Which operator goes on with the result of which."""

    def __init__(self, program: TflmProgram) -> None:
        self.program, self.graph = program, program.model.subgraphs[0]
        self.readers = Counter(t for op in self.graph.operators for t in set(op.inputs))
        self.writers = Counter(t for op in self.graph.operators for t in op.outputs)
        self.ends = {*self.graph.inputs, *self.graph.outputs}

    def chains(self) -> Iterator[RowChain]:
        """All of two operators and more."""
        before: dict[int, tuple[tuple[int, RowRule], ...]] = {}  # by what they come to
        for number, operator in enumerate(self.graph.operators):
            rule = row_rule(self.program.nodes[0, number])
            if rule is None:
                continue
            (data,) = {operator.inputs[position] for position in rule.positions}
            (result,) = operator.outputs
            run = (*before.get(data, ()), (number, rule))[-_LONGEST:]
            if not self.alone(result):
                continue
            before[result] = run if self.within(result) else ()
            if self.graph.tensors[result].dtype in _SLICED:
                yield from self.ending(run)

    def ending(self, run: Sequence[tuple[int, RowRule]]) -> Iterator[RowChain]:
        """The chains that end where a run does."""
        for start in range(len(run) - 1):
            numbers, rules = zip(*run[start:], strict=True)
            data = self.graph.operators[numbers[0]].inputs[rules[0].positions[0]]
            tensor = self.graph.tensors[data]
            if tensor.dtype in _SLICED and self.alone(data) and rules[-1].rows > 1:
                yield RowChain(numbers, rules, tensor.nbytes)

    def alone(self, tensor: int) -> bool:
        """Whether a tensor has one value, which is not kept."""
        return self.writers[tensor] <= 1 and not self.graph.tensors[tensor].variable

    def within(self, tensor: int) -> bool:
        """Whether nobody needs a tensor but the one operator that reads it."""
        return self.readers[tensor] == 1 and tensor not in self.ends
