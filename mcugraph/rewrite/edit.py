"""What rewrites share: a graph taken apart, changed step by step, and put together again."""

from dataclasses import replace
from functools import cached_property

from mcugraph.ir import Graph, Operator, Tensor


class Edit:
    """Changes to one graph.

    Attributes:
        tensors: By name; new ones are put in here.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._operators = {operator.name: operator for operator in graph.operators}
        self._instead: dict[str, str] = {}
        self._changed = False
        self.tensors: dict[str, Tensor] = dict(graph.tensors)

    @cached_property
    def _consumers(self) -> dict[str, list[str]]:
        found = self._graph.consumers()
        return {name: [reader.name for reader in readers] for name, readers in found.items()}

    @cached_property
    def _producers(self) -> dict[str, str]:
        return {name: operator.name for name, operator in self._graph.producers().items()}

    @property
    def operators(self) -> list[Operator]:
        """The operators as they are now, in file order."""
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
        if name in self._graph.outputs:
            return False
        return self._consumers.get(name, []) == [operator.name]

    def change(self, operator: Operator) -> None:
        """Put an operator in the place of the one that has its name."""
        self._changed = True
        self._operators[operator.name] = operator

    def remove(self, operator: Operator) -> None:
        """Take out an operator whose results nothing reads any more."""
        self._changed = True
        self._operators.pop(operator.name)

    def absorb(self, into: Operator, operator: Operator) -> None:
        """Let ``into`` write what ``operator`` wrote; the operator and its operand are gone.

        Only where ``operator`` alone read the result of ``into``.
        """
        self._changed = True
        (result,) = operator.outputs[:1]
        self._operators.pop(operator.name)
        self._operators[into.name] = replace(into, outputs=(result, *into.outputs[1:]))
        self._producers[result] = into.name

    def bypass(self, operator: Operator, source: str) -> None:
        """Remove an operator; whoever read its result reads ``source``."""
        self._changed = True
        (result,) = operator.outputs[:1]
        self._operators.pop(operator.name)
        self._instead[result] = source
        kept = self.current(source) or source
        readers = [name for name in self._consumers.get(kept, []) if name != operator.name]
        self._consumers[kept] = readers + self._consumers.get(result, [])

    def expand(self, operator: Operator, parts: list[Operator]) -> None:
        """Put several operators in the place of one; the last writes its result."""
        self._changed = True
        operators: dict[str, Operator] = {}
        for name, old in self._operators.items():
            operators.update({p.name: p for p in parts} if name == operator.name else {name: old})
        self._operators = operators

    def _renamed(self, operator: Operator) -> Operator:
        """The operator reading what now stands for its inputs."""
        if self._instead.keys().isdisjoint(operator.inputs):
            return operator
        return replace(operator, inputs=tuple(self.current(name) for name in operator.inputs))

    def graph(self) -> Graph:
        """The changed graph, without tensors that nothing uses any more."""
        if not self._changed:
            return self._graph
        operators = tuple(map(self._renamed, self._operators.values()))
        outputs = tuple(dict.fromkeys(self.current(name) or name for name in self._graph.outputs))
        used = {name for op in operators for name in (*op.inputs, *op.outputs)}
        used.update(self._graph.inputs, outputs)
        return self._graph.replace(
            operators=operators,
            outputs=outputs,
            tensors={name: t for name, t in self.tensors.items() if name in used},
        )
