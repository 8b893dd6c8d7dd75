"""What rewrites share: a graph taken apart, changed step by step, and put together again."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cached_property

from mcugraph.ir import Array, Constant, DType, Graph, Kind, Op, Operator, Shape, Tensor
from mcugraph.ir.names import Names
from mcugraph.records import replace


class Edit:
    """Changes to one graph. Its interface, the names of inputs and outputs, stays.

    Attributes:
        tensors: By name, those that were added too.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._operators = {operator.name: operator for operator in graph.operators}
        self._before: dict[str, tuple[Operator, ...]] = {}
        self._instead: dict[str, str] = {}
        self._changed = False
        self._kept = set(graph.outputs)
        self.tensors: dict[str, Tensor] = dict(graph.tensors)

    @cached_property
    def _consumers(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for operator in self._graph.operators:
            for name in dict.fromkeys(operator.inputs):
                if name is not None:
                    found.setdefault(name, []).append(operator.name)
        return found

    @cached_property
    def _tensor_names(self) -> Names:
        return Names(self.tensors)

    @cached_property
    def _operator_names(self) -> Names:
        return Names(self._operators)

    @cached_property
    def _producers(self) -> dict[str, str]:
        return {name: operator.name for name, operator in self._graph.producers().items()}

    @property
    def operators(self) -> list[Operator]:
        """The operators as they are now, in file order; without what stands before one."""
        return list(self._operators.values())

    def current(self, name: str | None) -> str | None:
        """The tensor that now stands for another."""
        while name in self._instead:
            name = self._instead[name]
        return name

    def producer(self, name: str | None) -> Operator | None:
        """The operator that writes a tensor; None for inputs and constants."""
        return self._operators.get(self._producers.get(self.current(name) or "", ""))

    def only_read_by(self, name: str, operator: Operator) -> bool:
        """Whether nothing but one operator needs a tensor."""
        if name in self._kept:
            return False
        return self._consumers.get(name, []) == [operator.name]

    def only_source(self, operator: Operator, data: str | None) -> Operator | None:
        """The operator that makes what an operator reads, if nothing else needs that."""
        name = self.current(data)
        source = self.producer(name)
        if source is None or name is None or not self.only_read_by(name, operator):
            return None
        return source

    def constant(self, names: Sequence[str | None]) -> bool:
        """Whether all of these tensors, as far as they are not left out, lie in flash."""
        return all(name is None or self.tensors[name].is_constant for name in names)

    def add(self, tensor: Tensor) -> str:
        """A new tensor; its name, the given one if that is free."""
        name = self._tensor_names.unique(tensor.name)
        self.tensors[name] = replace(tensor, name=name)
        return name

    def store(
        self, name: str, dtype: DType, shape: Shape, key: Hashable, load: Callable[[], Array]
    ) -> str:
        """A new constant; its name, the given one if that is free. Equal keys are stored once."""
        return self.add(Tensor(name, dtype, shape, Kind.CONSTANT, Constant(key, load)))

    def step(
        self,
        operator: Operator,
        name: str,
        op: Op,
        inputs: Sequence[str | None],
        shape: Shape | None = None,
    ) -> Operator:
        """A new operator that is to stand before one that it does a part of the work of.

        Args:
            operator: Its results and its name give those of the new one.
            name: What the new one is called after it, if that is free.
            op: Attributes and rules.
            inputs: What it reads.
            shape: Of its only result, which is of the type of the operator's; None: that one's.
        """
        like = self.tensors[operator.outputs[0]]
        made = replace(like, name=f"{like.name}/{name}", shape=shape or like.shape)
        own = self.operator_name(f"{operator.name}/{name}")
        return Operator(own, op, tuple(inputs), (self.add(made),), operator.native)

    def operator_name(self, name: str) -> str:
        """A name for a new operator, the given one if that is free."""
        return self._operator_names.unique(name)

    def change(self, operator: Operator) -> None:
        """Put an operator in the place of the one that has its name."""
        self._changed = True
        self._operators[operator.name] = operator

    def remove(self, operator: Operator, into: Operator) -> Operator:
        """Take out an operator whose work another one does now; that one, standing for both."""
        self._changed = True
        self._operators.pop(operator.name)
        return _standing_for(into, operator)

    def absorb(
        self,
        into: Operator,
        operator: Operator,
        op: Op | None = None,
        inputs: Sequence[str | None] | None = None,
    ) -> None:
        """Let ``into`` write what ``operator`` wrote; the operator and its operand are gone.

        Only where ``operator`` alone read the result of ``into``.

        Args:
            into: The operator before.
            operator: The one that goes.
            op: What ``into`` is then; None: what it was.
            inputs: What it then reads; None: what it did.
        """
        self._changed = True
        (result,) = operator.outputs[:1]
        self._operators.pop(operator.name)
        self._operators[into.name] = Operator(
            into.name,
            op or into.op,
            into.inputs if inputs is None else tuple(inputs),
            (result, *into.outputs[1:]),
            into.native,
            _origins(into, operator),
        )
        self._producers[result] = into.name

    def bypass(self, operator: Operator, source: str) -> None:
        """Remove an operator whose result is what it reads; whoever read it reads ``source``.

        Where the result is an output of the graph, whoever writes the source writes it under that
        name. Nobody does where the source is an input, a constant or an output itself: the
        operator then stays, since the graph has to have all of its outputs.
        """
        (result,) = operator.outputs[:1]
        kept = self.current(source) or source
        writer, stands = self.producer(kept), kept
        if result in self._kept:
            if kept in self._kept or writer is None:
                return
            outputs = tuple(result if name == kept else name for name in writer.outputs)
            writer, stands = replace(writer, outputs=outputs), result
            self._producers[result] = writer.name
            self._instead[kept] = result
        else:
            self._instead[result] = kept
        readers = [name for name in self._consumers.get(kept, []) if name != operator.name]
        self._changed = True
        self._consumers[stands] = readers + self._consumers.get(result, [])
        self._operators.pop(operator.name)
        if writer is not None:
            self._operators[writer.name] = _standing_for(writer, operator)

    def expand(self, operator: Operator, parts: Sequence[Operator]) -> None:
        """Put several operators in the place of one; the last has its name and its results."""
        self._changed = True
        *before, last = (replace(part, origins=operator.stands_for) for part in parts)
        self._before[operator.name] = (*self._before.get(operator.name, ()), *before)
        self._operators[operator.name] = last

    def _renamed(self, operator: Operator) -> Operator:
        """The operator reading what now stands for its inputs."""
        if self._instead.keys().isdisjoint(operator.inputs):
            return operator
        return replace(operator, inputs=tuple(self.current(name) for name in operator.inputs))

    def _all(self) -> Iterator[Operator]:
        for name, operator in self._operators.items():
            yield from self._before.get(name, ())
            yield operator

    def graph(self) -> Graph:
        """The changed graph, without tensors that nothing uses any more."""
        if not self._changed:
            return self._graph
        operators = tuple(map(self._renamed, self._all()))
        used = {name for op in operators for name in (*op.inputs, *op.outputs)}
        used.update(self._graph.inputs, self._graph.outputs)
        return self._graph.replace(
            operators=operators,
            tensors={name: t for name, t in self.tensors.items() if name in used},
        )


def _origins(operator: Operator, also: Operator) -> tuple[str, ...]:
    """What an operator stands for that does the work of another one too."""
    return tuple(dict.fromkeys((*operator.stands_for, *also.stands_for)))


def _standing_for(operator: Operator, also: Operator) -> Operator:
    return replace(operator, origins=_origins(operator, also))
