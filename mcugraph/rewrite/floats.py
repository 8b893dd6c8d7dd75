"""Operators that an int8 network computes with floats, for want of an int8 kernel.

They stand between a DEQUANTIZE and a QUANTIZE: an island. The one place that says which they are;
the exporter to int8 files asks here too.
"""

from collections.abc import Iterator

from mcugraph.ir import DType, Graph, Kind, Operator, Tensor
from mcugraph.ir.names import Names
from mcugraph.ops.elementwise import Convert, Elementwise
from mcugraph.records import replace

# Elementwise functions of which TensorFlow Lite Micro's kernels take floats alone: asked to run
# int8, they fail.
FLOAT_ONLY = frozenset(
    {"ceil", "cos", "exp", "floor", "log", "neg", "round", "sin", "sqrt", "square"}
)
# Functions that have kernels for integers and for floats, and go along with what they stand among.
_EITHER = frozenset({"abs", "add", "div", "mul", "relu", "sigmoid", "sub", "tanh"})


def computed_with_floats(graph: Graph) -> frozenset[str]:
    """Names of the operators that compute with floats once a network of floats is int8.

    Those without an int8 kernel; and those that only such ones read, where they have one operand
    or all they are given comes from such ones: rounding it to 8 bits between would cost accuracy
    and time.

    Args:
        graph: As it is deployed, before it is quantised.
    """
    without = [op for op in graph.operators if _function(op) in FLOAT_ONLY and _real(graph, op)]
    if not without:
        return frozenset()
    makers = {name: operator for operator in graph.operators for name in operator.outputs}
    readers = _readers(graph)
    found: set[str] = set()

    def goes_along(operator: Operator) -> bool:
        (result,) = operator.outputs
        if result in graph.outputs or any(r.name not in found for r in readers.get(result, ())):
            return False
        if len(operator.inputs) == 1:
            return True
        given = [n for n in operator.inputs if n is None or not graph.tensors[n].is_constant]
        return all(n in makers and makers[n].name in found for n in given if n is not None)

    while without:
        operator = without.pop()
        if operator.name in found:
            continue
        found.add(operator.name)
        near = [makers[name] for name in operator.inputs if name in makers]
        near += [reader for name in operator.outputs for reader in readers.get(name, ())]
        without += [
            other
            for other in near
            if other.name not in found
            and _function(other) in _EITHER
            and _real(graph, other)
            and goes_along(other)
        ]
    return frozenset(found)


def with_islands(graph: Graph) -> tuple[Graph, frozenset[str]]:
    """A graph with QUANTIZE and DEQUANTIZE around what is computed with floats.

    Returns:
        The graph, and the names of the tensors that stay floats in it once it is quantised.
    """
    return islands_of(graph, computed_with_floats(graph))


def islands_of(graph: Graph, inside: frozenset[str]) -> tuple[Graph, frozenset[str]]:
    """A graph with QUANTIZE and DEQUANTIZE around some of its operators; as ``with_islands``.

    Args:
        graph: Of integers, or of floats that are to become integers.
        inside: The operators that compute with floats, by name.
    """
    if not inside:
        return graph, frozenset()
    islands = _Islands(graph, inside)
    return islands.graph(), frozenset(islands.floats)


class _Islands:
    """One graph while conversions are put into it.

    Each tensor has its integers under its own name. Its floats, where an island has them too,
    are another tensor. Between islands integers are left out, but for those that the graph itself
    says the scale of.

    Attributes:
        floats: Names of the tensors of floats.
    """

    def __init__(self, graph: Graph, inside: frozenset[str]) -> None:
        self.given, self.inside = graph, inside
        self.floats: set[str] = set()
        self._tensor_names, self._operator_names = Names(graph.tensors), Names(_names(graph))
        self._float_of: dict[str, str] = {}
        self._in_place: dict[str, Tensor] = {}  # floats that take the place of integers
        self._added: dict[str, Tensor] = {}
        self._readers = _readers(graph)
        self._writers = {name: op for op in graph.operators for name in op.outputs}
        self._waiting: dict[str, Operator] = {}  # integers to be made -> the writer of the floats
        self._unrounded: set[str] = set()  # integers that the file has, whose floats are others
        self._operators = [step for operator in graph.operators for step in self._steps(operator)]

    def graph(self) -> Graph:
        """The graph, its tensors numbered as a quantiser does: what it adds comes last."""
        tensors: dict[str, Tensor] = {}
        for name, tensor in self.given.tensors.items():
            twin = self._in_place.get(name)
            if twin is None:
                tensors[name] = tensor
            else:
                tensors[twin.name] = twin
        return self.given.replace(
            operators=tuple(self._operators), tensors={**tensors, **self._added}
        )

    def _steps(self, operator: Operator) -> Iterator[Operator]:
        """An operator, after the conversions of what it is the first to read."""
        if operator.name not in self.inside:
            for name in dict.fromkeys(operator.inputs):
                if name is not None and name in self._waiting:
                    yield self._quantize(name, self._waiting.pop(name))
            yield operator
            return
        for name in dict.fromkeys(operator.inputs):
            if name in self._unrounded:
                self._unrounded.discard(name)
                if name in self._waiting:
                    yield self._quantize(name, self._waiting.pop(name))
                del self._float_of[name]
            if name is not None and name not in self._float_of:
                if self.given.tensors[name].kind is Kind.CONSTANT:
                    self._float_of[name] = self._constant(name)
                elif _converts(self._writers.get(name), "dequantize"):
                    self._float_of[name] = name  # the model's own
                    self.floats.add(name)
                else:
                    self._float_of[name] = self._twin(name, self._added)
                    yield self._conversion(operator, "dequantize", name, self._float_of[name])
        for name in operator.outputs:
            if self._needed_outside(name):
                self._float_of[name] = self._twin(name, self._in_place)
                self._waiting[name] = operator
                if self.given.tensors[name].has_scale:
                    self._unrounded.add(name)
            else:
                self._float_of[name] = name
                self.floats.add(name)
        yield replace(
            operator,
            inputs=tuple(None if n is None else self._float_of[n] for n in operator.inputs),
            outputs=tuple(self._float_of[name] for name in operator.outputs),
        )
        for name in operator.outputs:
            if name in self.given.outputs:
                yield self._quantize(name, self._waiting.pop(name))

    def _needed_outside(self, name: str) -> bool:
        """Whether somebody needs the integers of a tensor."""
        told = self.given.tensors[name].has_scale
        return (
            told
            or name in self.given.outputs
            or any(
                reader.name not in self.inside and not _converts(reader, "quantize")
                for reader in self._readers.get(name, ())
            )
        )

    def _twin(self, name: str, among: dict[str, Tensor]) -> str:
        """A tensor for the floats of one that has integers too; its name."""
        own = self._tensor_names.unique(f"{name}/floats")
        among[name if among is self._in_place else own] = replace(
            self.given.tensors[name], name=own, kind=Kind.ACTIVATION
        )
        self.floats.add(own)
        return own

    def _constant(self, name: str) -> str:
        """A constant that stays floats; one of its own where it is needed as integers too."""
        if not self._needed_outside(name):
            self.floats.add(name)
            return name
        tensor = self.given.tensors[name]
        own = self._tensor_names.unique(f"{name}/floats")
        constant = tensor.constant and replace(tensor.constant, key=("floats", tensor.key))
        self._added[own] = replace(tensor, name=own, constant=constant)
        self.floats.add(own)
        return own

    def _quantize(self, name: str, writer: Operator) -> Operator:
        """What makes the integers of a tensor of its floats."""
        self._added[name] = self.given.tensors[name]
        return self._conversion(writer, "quantize", self._float_of[name], name)

    def _conversion(self, of: Operator, function: str, source: str, result: str) -> Operator:
        op = Convert(function, DType.INT8 if function == "quantize" else DType.FLOAT32)
        name = self._operator_names.unique(f"{of.name}/{function}")
        return Operator(name, op, (source,), (result,), of.native, of.stands_for)


def _converts(operator: Operator | None, function: str) -> bool:
    op = None if operator is None else operator.op
    return isinstance(op, Convert) and op.function == function


def _function(operator: Operator) -> str:
    return operator.op.function if isinstance(operator.op, Elementwise) else ""


def _real(graph: Graph, operator: Operator) -> bool:
    """Whether an operator reads and writes floats."""
    names = (*operator.inputs, *operator.outputs)
    return all(graph.tensors[name].dtype.is_float for name in names if name is not None)


def _readers(graph: Graph) -> dict[str, list[Operator]]:
    readers: dict[str, list[Operator]] = {}
    for operator in graph.operators:
        for name in dict.fromkeys(operator.inputs):
            if name is not None:
                readers.setdefault(name, []).append(operator)
    return readers


def _names(graph: Graph) -> list[str]:
    return [operator.name for operator in graph.operators]
