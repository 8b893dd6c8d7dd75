"""Norms that are written out: data less its mean, or by the root of the mean of its squares.

A norm averages over the channels that there are. Whether it is one operator or several, the same
has to be said of it; a reduction is a norm's if all that it gives meets the data again.
"""

from mcugraph.ir import Graph, Op, Operator
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.movement import Expand, Reshape, Squeeze, Unsqueeze
from mcugraph.ops.reduction import Reduce

_REDUCTIONS = frozenset({"mean", "sum", "l1", "l2", "sum_square"})
_SPREADS = frozenset({"var", "std"})  # of what is divided by them less its mean
_OF_DATA = frozenset({"abs", "square", "pow", "mul"})  # what is reduced may be this of the data
_INVERSES = frozenset({"rsqrt", "reciprocal", "pow"})
_ON_THE_WAY = frozenset({"add", "mul", "div", "maximum", "clip", "sqrt", "cast"}) | _INVERSES
_STEPS = 8  # from the reduction to the data, at the most


def normalising(graph: Graph) -> frozenset[str]:
    """The reductions of a graph that norms are made of.

    Returns:
        Names of operators; all are `Reduce`.
    """
    found = [operator for operator in graph.operators if _reduces(operator)]
    if not found:
        return frozenset()
    looked = _Looked(graph)
    return frozenset(operator.name for operator in found if looked.meets(operator))


def _values(graph: Graph) -> dict[str, str]:
    """Name of a tensor -> the first that has the same value: code writes differences down twice."""
    names: dict[str, str] = {}
    first: dict[tuple[Op, tuple[str, ...]], str] = {}
    for operator in graph.operators:
        if isinstance(operator.op, Elementwise):
            read = tuple(names.get(name, name) for name in map(str, operator.inputs))
            (made,) = operator.outputs
            names[made] = first.setdefault((operator.op, read), made)
    return names


def _reduces(operator: Operator) -> bool:
    op = operator.op
    return isinstance(op, Reduce) and op.function in _REDUCTIONS | _SPREADS and not op.averages


class _Looked:
    """A graph while it is looked for norms."""

    def __init__(self, graph: Graph) -> None:
        self._graph, self._names = graph, _values(graph)
        self._readers, self._makers = graph.consumers(), graph.producers()

    def meets(self, operator: Operator) -> bool:
        """Whether all that reads a reduction, or what is made of it alone, reads its data too."""
        data, pending = self._data(operator), [(operator.outputs[0], 0, False)]
        while pending:
            name, steps, inverse = pending.pop()
            if name in self._graph.outputs or not self._readers[name] or steps > _STEPS:
                return False
            for reader in self._readers[name]:
                function = reader.op.function if isinstance(reader.op, Elementwise) else ""
                others = {self._same(n) for n in reader.inputs if n is not None and n != name}
                norm = function == "div" or (function == "mul" and inverse)
                if others & data and (norm or (function == "sub" and not steps)):
                    continue
                moved = isinstance(reader.op, Expand | Reshape | Squeeze | Unsqueeze)
                constant = all(self._graph.tensors[other].is_constant for other in others)
                if not constant or not (moved or function in _ON_THE_WAY):
                    return False
                # A number by the root of a mean is an inverse as well.
                turned = function in _INVERSES or (function == "div" and reader.inputs[0] != name)
                pending.append((reader.outputs[0], steps + 1, inverse or turned))
        return True

    def _same(self, name: str) -> str:
        return self._names.get(name, name)

    def _data(self, operator: Operator) -> set[str]:
        """What a reduction is of: what it reads, what that is squares of, or that less its mean."""
        read = str(operator.inputs[0])
        if isinstance(operator.op, Reduce) and operator.op.function in _SPREADS:
            return {self._same(r.outputs[0]) for r in self._readers[read] if self._centred(r, read)}
        found, before = {read}, self._makers.get(read)
        if before is not None and isinstance(before.op, Elementwise):
            operands = {self._same(n) for n in map(str, before.inputs) if n in self._makers}
            if before.op.function in _OF_DATA and len(operands) == 1:
                found |= operands
        return {self._same(name) for name in found}

    def _centred(self, operator: Operator, data: str) -> bool:
        """Whether an operator takes the mean of data from it."""
        if operator.op != Elementwise("sub") or operator.inputs[0] != data:
            return False
        mean = self._makers.get(str(operator.inputs[1]))
        if mean is None or not isinstance(mean.op, Reduce):
            return False
        return mean.op.function == "mean" and mean.inputs[0] == data
