"""Quantise/dequantise pairs read as the quantised network that they stand for.

Around each operator that a tool quantised stand DequantizeLinear on what it reads and
QuantizeLinear on what it writes. Float tensors that are connected by operators form a region;
where everything that enters a region is dequantised or constant, and everything that leaves it
is quantised, the region runs on integers: the pairs disappear and its tensors take the stored
type. Elsewhere the conversions stay operators of their own.
"""

from mcugraph.formats.onnx.quantised_constants import quantization_of
from mcugraph.ir import DType, Graph, Kind, Operator, Quantization, Tensor
from mcugraph.ops.control import Control
from mcugraph.ops.elementwise import Convert
from mcugraph.ops.opaque import Opaque
from mcugraph.records import replace


def collapse(graph: Graph) -> Graph:
    """The graph, and its subgraphs, without the conversions that only mark regions."""
    parts = {name: _collapse(part) for name, part in graph.subgraphs.items()}
    return replace(_collapse(graph), subgraphs=parts)


def _collapse(graph: Graph) -> Graph:
    if not any(_converts(operator) for operator in graph.operators):
        return graph
    return _Regions(graph).rewritten()


def _converts(operator: Operator) -> bool:
    return _is(operator, "quantize") or _is(operator, "dequantize")


def _is(operator: Operator, function: str) -> bool:
    op = operator.op
    return type(op) is Convert and op.function == function


class _Regions:
    """The float regions of a graph, and which of them run on integers."""

    def __init__(self, graph: Graph) -> None:
        from networkx.utils import UnionFind

        self.graph = graph
        self.sets = UnionFind()
        self.broken: set[str] = set()  # tensors whose region has to stay float
        self.entries: dict[str, Operator] = {}
        self.exits: dict[str, list[Operator]] = {}
        for operator in graph.operators:
            self._place(operator)
        self.broken.update(self._floats((*graph.inputs, *graph.outputs)))
        read = {name for operator in graph.operators for name in operator.inputs}
        self.broken.update(name for name in self.sets if name not in read)
        roots = {self.sets[name] for name in self.broken}
        self.integer = {self.sets[t] for t in self.exits} - roots
        # The stored type of each region is that of its first result.
        self.stored: dict[str, DType] = {}
        for name, conversions in self.exits.items():
            self.stored.setdefault(self.sets[name], self._dtype(conversions[0].outputs[0]))

    def _floats(self, names: tuple[str | None, ...]) -> list[str]:
        """Those of the names that are float activations."""
        tensors = (self.graph.tensors[name] for name in names if name is not None)
        kinds = (Kind.ACTIVATION, Kind.OUTER)
        return [t.name for t in tensors if t.dtype.is_float and t.kind in kinds]

    def _dtype(self, name: str) -> DType:
        return self.graph.tensors[name].dtype

    def _place(self, operator: Operator) -> None:
        """Put the float tensors around an operator into regions."""
        floats = self._floats((*operator.inputs, *operator.outputs))
        for name in floats:
            _ = self.sets[name]
        if _converts(operator):
            self.broken.update(self._floats(operator.inputs[1:]))  # scales that are computed
        if _is(operator, "dequantize"):
            self.entries[operator.outputs[0]] = operator
        elif _is(operator, "quantize"):
            for name in self._floats(operator.inputs[:1]):
                self.exits.setdefault(name, []).append(operator)
        elif floats:
            self.sets.union(*floats)
            outer = any(self.graph.tensors[name].kind is Kind.OUTER for name in floats)
            if outer or isinstance(operator.op, Control | Opaque):
                self.broken.update(floats)

    def _runs_on_integers(self, name: str | None) -> bool:
        return name in self.sets.parents and self.sets[name] in self.integer

    def rewritten(self) -> Graph:
        """The graph with integer regions as what they stand for."""
        instead: dict[str, str] = {}  # float tensor -> the stored one
        quantization: dict[str, Quantization] = {}
        dropped: set[str] = set()
        for name, entry in self.entries.items():
            stored = entry.inputs[0]
            if stored is not None:
                quantization.setdefault(stored, self._parameters(entry))
                if self._runs_on_integers(name):
                    instead[name] = stored
                    dropped.add(entry.name)
        for name, conversions in self.exits.items():
            for conversion in conversions:
                quantization.setdefault(conversion.outputs[0], self._parameters(conversion))
            if self._runs_on_integers(name) and name not in instead:
                instead[name] = conversions[0].outputs[0]
                dropped.add(conversions[0].name)
        tensors = {
            name: self._typed(tensor, quantization.get(name))
            for name, tensor in self.graph.tensors.items()
            if name not in instead
        }
        operators = tuple(
            _renamed(operator, instead)
            for operator in self.graph.operators
            if operator.name not in dropped
        )
        used = {n for op in operators for n in (*op.inputs, *op.outputs)}
        used.update(self.graph.inputs, self.graph.outputs)
        return replace(
            self.graph,
            operators=operators,
            tensors={name: t for name, t in tensors.items() if name in used},
        )

    def _typed(self, tensor: Tensor, parameters: Quantization | None) -> Tensor:
        if parameters is not None:
            return replace(tensor, quantization=parameters)
        if tensor.kind is Kind.ACTIVATION and self._runs_on_integers(tensor.name):
            return replace(tensor, dtype=self.stored[self.sets[tensor.name]])
        return tensor

    def _parameters(self, conversion: Operator) -> Quantization:
        """Scales and zero points of a conversion: (data, scale, zero point)."""
        given = [self.graph.tensors[name] for name in conversion.inputs[1:] if name is not None]
        assert isinstance(conversion.op, Convert)
        return quantization_of(given, conversion.op.axis)


def _renamed(operator: Operator, instead: dict[str, str]) -> Operator:
    return replace(
        operator,
        inputs=tuple(instead.get(n, n) if n is not None else None for n in operator.inputs),
        outputs=tuple(instead.get(n, n) for n in operator.outputs),
    )
