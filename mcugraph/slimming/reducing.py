"""A graph without some of its structures, in two steps.

First operators go: sums are one of their operands, concatenations join fewer, and nothing stays
that no output depends on. Then channels go: those of heads, and those that parts of
concatenations were, from all that reads or makes them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from math import inf

import numpy as np

from mcugraph.coupling.labelling import Labelling
from mcugraph.coupling.propagate import label
from mcugraph.coupling.seeds import FIRST, Seeds
from mcugraph.errors import GraphError, UsageError
from mcugraph.ir import Array, Graph, Operator, Tensor
from mcugraph.ir.names import Names
from mcugraph.ops.elementwise import IDENTITIES, Elementwise
from mcugraph.ops.labels import FIXED
from mcugraph.ops.movement import Expand, Reshape
from mcugraph.ops.pooling import AdaptivePool, GlobalPool, Pool
from mcugraph.records import dataclass, replace
from mcugraph.slimming.attention_heads import heads_of, seeds_of
from mcugraph.slimming.cutting import along_constants
from mcugraph.slimming.remains import Remains
from mcugraph.slimming.sized_operators import resized
from mcugraph.slimming.vanishing import BRANCH, HEAD, LEFT_ALONE, PART, Structure, operands_of


@dataclass(frozen=True)
class Reducible:
    """A graph, and what of it can vanish.

    Attributes:
        graph: The whole one.
        structures: In the order of their first layers.
        heads: Of all its attentions, whether they can go alone or not.
        labelling: The channels of its layers.
    """

    graph: Graph
    structures: tuple[Structure, ...]
    heads: tuple[Structure, ...]
    labelling: Labelling

    @classmethod
    def of(cls, graph: Graph) -> "Reducible":
        """Find the structures of a graph that can vanish one by one."""
        labelling = label(graph)
        heads = heads_of(graph, labelling)
        found = cls(graph, (), heads, labelling)
        fit = [s for s in (*operands_of(graph), *heads) if s.kind == BRANCH or found._goes(s)]
        place = {operator.name: number for number, operator in enumerate(graph.operators)}
        first = {s: place[s.operators[0] if s.operators else s.channels[0][0]] for s in fit}
        fit.sort(key=lambda s: (first[s], place[s.total], s.side))
        names, unique = Names(), dict[Structure, str]()
        for kind in (BRANCH, PART, HEAD):
            unique.update((s, names.unique(s.name)) for s in fit if s.kind == kind)
        return cls(graph, tuple(replace(s, name=unique[s]) for s in fit), heads, labelling)

    def _goes(self, structure: Structure) -> bool:
        try:
            return bool(self.without([structure]).graph.operators)
        except (GraphError, UsageError):
            return False

    def without(self, chosen: Iterable[Structure]) -> "Reduction":
        """The graph without some of its structures."""
        return Reduction(self, tuple(chosen))


@dataclass(frozen=True)
class Reduction:
    """A graph without some of its structures.

    Attributes:
        whole: The graph, and what can vanish.
        chosen: What goes.
    """

    whole: Reducible
    chosen: tuple[Structure, ...]

    @cached_property
    def _without_sums(self) -> Graph:
        """The graph without branches."""
        graph = self.whole.graph
        left = {operator.name: operator for operator in graph.operators}
        self._leave_out(left, BRANCH)
        for name in [n for s in self.chosen for n in s.activations if n in left]:
            low, high = LEFT_ALONE[left[name].op.kind]
            before = left[name].inputs[0]
            least, most = _range(left, before)
            if low <= least and most <= high and not _both_outputs(graph, left[name], before):
                _bypass(graph, left, left[name], before)
        return _of(graph, left)

    @property
    def bare(self) -> Graph:
        """The graph without operators that go, its tensors as they were.

        Raises:
            UsageError: Nothing of a sum, or a concatenation, would be left.
            GraphError: It would be no graph that can run.
        """
        return self.remains.graph

    @cached_property
    def _without_parts(self) -> Graph:
        """The graph without branches and parts."""
        left = {operator.name: operator for operator in self._without_sums.operators}
        self._leave_out(left, PART)
        return _of(self.whole.graph, left)

    def _leave_out(self, left: dict[str, Operator], kind: str) -> None:
        """Take operands from sums or concatenations; of two, the other takes its place."""
        graph = self.whole.graph
        for end, side in reversed(self._edges(kind)):
            if end.name in left:  # otherwise it was another one's
                others = tuple(n for i, n in enumerate(left[end.name].inputs) if i != side)
                if len(others) > 1:
                    left[end.name] = replace(left[end.name], inputs=others)
                else:
                    _bypass(graph, left, left[end.name], others[0])
                _drop_unread(graph, left)

    @cached_property
    def remains(self) -> Remains:
        """What stays of operators and channels.

        Raises:
            UsageError, GraphError: As for ``bare``.
        """
        heads = self.whole.heads if any(s.kind == HEAD for s in self.chosen) else ()
        number_of = {head.channels: number for number, head in enumerate(heads)}
        joined, gone = dict[tuple[str, int], int](), list[int]()
        for number, structure in enumerate(self.chosen):
            if structure.kind == HEAD:
                gone.append(number_of[structure.channels])
            elif structure.kind == PART:
                gone.append(len(heads) + sum(s.kind == PART for s in self.chosen[:number]))
                ends = self.operands(structure)
                joined.update({(end.name, side): gone[-1] for end, side in ends})
        made = seeds_of(heads, self.whole.labelling).made
        seeds = Seeds(len(heads) + len(self.chosen), made, joined)
        labelling = label(self._without_sums, seeds)
        removed = {labelling.unions.find(FIRST + number) for number in gone}
        if FIXED in removed:
            raise GraphError("its channels have to stay")
        graph, gone_labels = self._without_parts, np.array(sorted(removed), np.int64)
        kept = Remains(graph, labelling, gone_labels, seeds)
        left = {operator.name: operator for operator in graph.operators}
        for operator in graph.operators:
            now = left[operator.name]
            if _idle(kept, operator) and not _both_outputs(graph, now, now.inputs[0]):
                _bypass(graph, left, now, now.inputs[0])
        return replace(kept, graph=_of(graph, left))

    def operands(self, structure: Structure) -> list[tuple[Operator, int]]:
        """What goes of what a structure ends in: an operator, and the number of an operand."""
        ends = [entry for entry in self.whole.graph.operators if entry.name in structure.ends]
        source = next(e for e in ends if e.name == structure.total).inputs[structure.side]
        return [(end, end.inputs.index(source)) for end in ends]

    def _edges(self, kind: str) -> list[tuple[Operator, int]]:
        """All operands that go, in the order in which they are read.

        Raises:
            UsageError: Nothing of a sum, or a concatenation, would be left.
        """
        edges = [e for s in self.chosen if s.kind == kind for e in self.operands(s)]
        for end, count in Counter(end.name for end, _ in edges).items():
            ending = [s.name for s in self.chosen if end in s.ends]
            whole = any(end in outer.operators for outer in self.chosen)
            if count == len(self._place[end][1].inputs) and not whole:
                raise UsageError(
                    f"{' and '.join(map(repr, ending))} cannot {'both' if count == 2 else 'all'}"
                    f" go: they are all that {end!r} {'sums' if count == 2 else 'joins'}"
                )
        return sorted(edges, key=lambda edge: (self._place[edge[0].name][0], edge[1]))

    @cached_property
    def _place(self) -> dict[str, tuple[int, Operator]]:
        return {entry.name: (n, entry) for n, entry in enumerate(self.whole.graph.operators)}

    @cached_property
    def graph(self) -> Graph:
        """What is left.

        Raises:
            UsageError: Nothing of a sum, or a concatenation, would be left.
            GraphError: It would be no graph that can run.
        """
        kept, bare = self.remains, self.bare
        if not len(kept.removed):
            return bare
        tensors = dict(bare.tensors)
        for name, labels in kept.labelling.activations.items():
            if name in tensors and kept.changes(labels):
                tensors[name] = replace(tensors[name], shape=tuple(kept.cut(labels).shape))
        activations = kept.labelling.activations
        left = along_constants(kept, lambda name, axis: None, lambda n: kept.cut(activations[n]))
        for name, axis, positions in left:
            if positions.shape[-1] != (tensors[name].shape or ())[axis]:
                tensors[name] = _shorter(tensors[name], axis, positions)
        operators = tuple(resized(operator, kept) for operator in bare.operators)
        graph = bare.replace(operators=operators, tensors=tensors)
        _check_shapes(graph)
        return graph


def _idle(kept: Remains, operator: Operator) -> bool:
    """Whether it does nothing once channels are gone; importers leave such reshapes out."""
    if not isinstance(operator.op, Reshape | Expand):
        return False
    names = (str(operator.inputs[0]), operator.outputs[0])
    read, made = (kept.labelling.activations.get(name) for name in names)
    if read is None or made is None or not kept.changes(made):
        return False
    return bool(kept.cut(read).shape == kept.cut(made).shape)


def _of(graph: Graph, left: Mapping[str, Operator]) -> Graph:
    """A graph of these operators."""
    used = {*graph.inputs, *graph.outputs}
    for operator in left.values():
        used.update(name for name in (*operator.inputs, *operator.outputs) if name is not None)
    tensors = {name: tensor for name, tensor in graph.tensors.items() if name in used}
    return graph.replace(operators=tuple(left.values()), tensors=tensors)


def _shorter(tensor: Tensor, axis: int, positions: Array) -> Tensor:
    """A constant without some entries of an axis."""
    if not positions.shape[-1]:
        raise GraphError(f"{tensor.name}: nothing of it would be left")
    shape = list(tensor.shape or ())
    shape[axis] = positions.shape[-1]
    before = tensor.constant
    if before is None:
        return replace(tensor, shape=tuple(shape))

    def load() -> Array:
        if positions.ndim == 1:
            return before.array().take(positions, axis)
        parts = np.split(before.array(), len(positions))
        return np.concatenate([p.take(r, axis) for p, r in zip(parts, positions, strict=True)])

    return replace(tensor, shape=tuple(shape), constant=replace(before, load=load))


def _check_shapes(graph: Graph) -> None:
    """Operators make what they are said to.

    Raises:
        GraphError: One does not; the message names it.
    """
    for operator in graph.operators:
        types = [None if n is None else graph.tensors[n].type for n in operator.inputs]
        made = [graph.tensors[name].type for name in operator.outputs]
        found = operator.op.infer(types)
        if None not in made and (found is None or found[: len(made)] != tuple(made)):
            raise GraphError(f"operator {operator.name!r}: it would not make what is read of it")


def _bypass(
    graph: Graph, left: dict[str, Operator], operator: Operator, source: str | None
) -> None:
    """Take out an operator whose result is what it reads."""
    gone, stays = operator.outputs[0], source
    if gone in graph.outputs:  # whoever writes the source writes it under that name
        gone, stays = str(source), gone
    del left[operator.name]
    for name, other in left.items():
        if gone in other.inputs or gone in other.outputs:
            inputs = tuple(stays if entry == gone else entry for entry in other.inputs)
            outputs = tuple(str(stays) if entry == gone else entry for entry in other.outputs)
            left[name] = replace(other, inputs=inputs, outputs=outputs)


def _both_outputs(graph: Graph, operator: Operator, source: str | None) -> bool:
    ends = {*graph.outputs, *graph.inputs}
    return operator.outputs[0] in graph.outputs and source in ends


def _range(left: Mapping[str, Operator], name: str | None) -> tuple[float, float]:
    """Between which values an activation lies for sure."""
    operator = next((entry for entry in left.values() if name in entry.outputs), None)
    if operator is None:
        return -inf, inf
    op = operator.op
    if isinstance(op, Elementwise):
        last = op.activation or op.function
        if last in LEFT_ALONE:
            return LEFT_ALONE[last]
        if op.function in IDENTITIES:
            return _range(left, operator.inputs[0])
        if op.function == "add" and len(operator.inputs) == 2:
            ranges = [_range(left, entry) for entry in operator.inputs]
            return sum(low for low, _ in ranges), sum(high for _, high in ranges)
        if op.function in ("sigmoid", "hard_sigmoid"):
            return 0.0, 1.0
    if isinstance(op, Pool | GlobalPool | AdaptivePool):
        low, high = _range(left, operator.inputs[0])
        return min(low, 0.0), max(high, 0.0)  # zeros around an average
    return -inf, inf


def _drop_unread(graph: Graph, left: dict[str, Operator]) -> None:
    """Without operators whose results nobody reads."""
    needed: set[str | None] = {*graph.outputs}
    for operator in reversed(tuple(left.values())):
        if needed.isdisjoint(operator.outputs) and operator.outputs:
            del left[operator.name]
        else:
            needed.update(operator.inputs)
