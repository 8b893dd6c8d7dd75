"""The graph: operators in file order, the tensors between them, and where it came from."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Self

from mcugraph.ir.operator import Operator, Signature
from mcugraph.ir.tensor import Tensor
from mcugraph.records import dataclass, replace
from mcugraph.shown import Facts, Shown

# Fields of a graph that say something about it and leave the network what it is.
_SAID = {"name", "assumptions", "complete"}


@dataclass(frozen=True, slots=True)
class Source:
    """The file (or framework) that a graph was translated from.

    ``exact`` tells that the file is what the device runs, so it is taken as it stands
    (TFLite); otherwise a deployment converts it first (ONNX, PyTorch). ``file`` is the plain
    data that the front-end read, for whoever needs to know the file and not only what it
    computes; None where there is none, or once a rewrite has changed the graph.
    """

    format: str
    path: str | None = None
    nbytes: int | None = None
    exact: bool = False
    file: object | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class Graph(Shown):
    """A network: operators in an order that can run, tensors by name, inputs and outputs.

    A graph is never changed; a rewrite returns a new one.

    Attributes:
        name: The model's own name for it.
        operators: In file order, which is a valid order.
        tensors: All tensors by name, constants and state included.
        inputs: Names of the tensors that the caller fills, in order.
        outputs: Names of the tensors that the caller reads, in order.
        source: Where the graph came from.
        subgraphs: Bodies of control flow, by the name that ``Op.bodies`` uses.
        after: Pairs (earlier, later) of operator names whose order matters for another reason
            than data: reads and writes of a variable.
        assumptions: What the importer had to assume, one sentence each.
        complete: False where something in the model could not be read exactly.
    """

    name: str
    operators: tuple[Operator, ...]
    tensors: Mapping[str, Tensor]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    source: Source
    subgraphs: Mapping[str, "Graph"] = field(default_factory=dict)
    after: tuple[tuple[str, str], ...] = ()
    assumptions: tuple[str, ...] = ()
    complete: bool = True

    def replace(self, **changes: object) -> Self:
        """A copy with the given fields changed, which is what a rewrite returns.

        The copy no longer is what the file holds, so its source keeps the file's name alone,
        unless a source of its own is given.
        """
        if self.source.file is not None and changes.keys() - _SAID:
            changes.setdefault("source", replace(self.source, file=None))
        return replace(self, **changes)  # type: ignore[arg-type]

    def without_values(self) -> "Graph":
        """The graph with its constants, but for what these hold: it keeps no weights in memory.

        Nor are the parameters of quantised tensors at hand, only how many there are. What
        ``source`` has of a file stays.
        """
        return replace(
            self,
            tensors={name: tensor.without_values() for name, tensor in self.tensors.items()},
            subgraphs={name: part.without_values() for name, part in self.subgraphs.items()},
        )

    def signature(self, operator: Operator) -> Signature | None:
        """The shapes around one operator; None where one of them is not known."""
        tensors, inputs = self.tensors, []
        for name in operator.inputs:
            shape = None if name is None else tensors[name].shape
            if shape is None and name is not None:
                return None
            inputs.append(shape)
        outputs = []
        for name in operator.outputs:
            shape = tensors[name].shape
            if shape is None:
                return None
            outputs.append(shape)
        return Signature(tuple(inputs), tuple(outputs))

    def producers(self) -> dict[str, Operator]:
        """Tensor name -> the operator that writes it."""
        return {name: op for op in self.operators for name in op.outputs}

    def consumers(self) -> dict[str, list[Operator]]:
        """Tensor name -> the operators that read it, each once, in file order."""
        readers: dict[str, list[Operator]] = {name: [] for name in self.tensors}
        for op in self.operators:
            for name in dict.fromkeys(op.inputs):
                if name is not None:
                    readers[name].append(op)
        return readers

    def called(self, *operators: Operator) -> Iterator["Graph"]:
        """Every subgraph that the operators call, directly or not, each once."""
        seen: set[str] = set()
        pending = [body for operator in operators for body in operator.op.bodies]
        while pending:
            body = pending.pop()
            if body not in seen:
                seen.add(body)
                yield self.subgraphs[body]
                pending += [b for inner in self.subgraphs[body].operators for b in inner.op.bodies]

    def walk(self) -> Iterator["Graph"]:
        """This graph and every subgraph that its operators call, each once."""
        yield self
        if self.subgraphs:
            yield from self.called(*self.operators)

    def to_networkx(self) -> Any:
        """The operators as a ``networkx.MultiDiGraph``, one edge for each tensor between two.

        Nodes are operator names, with ``kind`` and ``op``; edges have the ``tensor``'s name, its
        ``shape`` and its ``bytes``. Graph inputs and outputs are the nodes ``input:NAME`` and
        ``output:NAME``, with the kinds ``"input"`` and ``"output"``. Constants are left out.
        """
        import networkx

        graph = networkx.MultiDiGraph(name=self.name)
        made_by = {name: operator.name for name, operator in self.producers().items()}
        for operator in self.operators:
            graph.add_node(operator.name, kind=operator.op.kind, op=operator.op)
        read_by = {name: [op.name for op in ops] for name, ops in self.consumers().items()}
        for name in self.inputs:
            made_by[name] = f"input:{name}"
            graph.add_node(made_by[name], kind="input")
        for name in self.outputs:
            read_by[name] = [*read_by[name], f"output:{name}"]
            graph.add_node(f"output:{name}", kind="output")
        for name, source in made_by.items():
            tensor = self.tensors[name]
            for reader in read_by[name]:
                facts = {"tensor": name, "shape": tensor.shape, "bytes": tensor.nbytes}
                graph.add_edge(source, reader, key=name, **facts)
        return graph

    def _title(self) -> str:
        return self.name or self.source.path or ""

    def _facts(self) -> Facts:
        def listed(names: tuple[str, ...]) -> str:
            few = [f"{name} {self._type_of(name)}" for name in names[:3]]
            return "; ".join(few) + (f" and {len(names) - 3} more" if names[3:] else "")

        return [
            ("operators", f"{len(self.operators):,}"),
            ("inputs", listed(self.inputs)),
            ("outputs", listed(self.outputs)),
            ("from", self.source.path or self.source.format),
            *(("assumed", text) for text in self.assumptions),
        ]

    def _type_of(self, name: str) -> str:
        tensor = self.tensors[name]
        shape = "?" if tensor.shape is None else "x".join(map(str, tensor.shape))
        return f"{tensor.dtype.label}[{shape}]"

    def __str__(self) -> str:
        from mcugraph.ir.text import to_text

        return to_text(self)
