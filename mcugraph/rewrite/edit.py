"""What rewrites share: a graph taken apart, changed step by step, and put together again."""

from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from functools import cached_property, partial
from typing import Any, TypeVar

from mcugraph.ir import (
    Array,
    Constant,
    DType,
    Graph,
    Kind,
    Op,
    Operator,
    Quantization,
    Shape,
    Tensor,
)
from mcugraph.ir.names import Names
from mcugraph.ops.elementwise import Elementwise
from mcugraph.records import replace

_Kind = TypeVar("_Kind", bound=Op)

_IN_FLASH = {Kind.CONSTANT}


class Edit:
    """Changes to one graph, by one step after another. The names of its inputs and outputs stay.

    Who writes and who reads a tensor is known all the time: each change keeps it true, so a step
    sees what those before it left.

    Attributes:
        tensors: By name: those of the graph, some of which may be used no more, and those added.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._operators = {operator.name: operator for operator in graph.operators}
        self._types: set[type[Op]] = set()  # of operators
        self._families: dict[type, set[type[Op]]] = {}  # a class -> those that are of it
        self._before: dict[str, list[str]] = {}  # operator -> new ones that go before it
        self._stands_for: dict[str, list[str]] = {}  # of operators for which that has changed
        self._kept = frozenset(graph.outputs)
        self._changed = False
        self._numbers: dict[Hashable, str] = {}
        self._writer: dict[str, str] = {}
        self._readers: dict[str, set[str]] = {}
        self.tensors: dict[str, Tensor] = dict(graph.tensors)
        for operator in graph.operators:
            self._enter(operator)
        for kind in {type(operator.op) for operator in graph.operators}:
            self._meet(kind)

    @cached_property
    def _tensor_names(self) -> Names:
        return Names(self.tensors)

    @cached_property
    def _operator_names(self) -> Names:
        return Names(self._operators)

    def operators(self) -> list[Operator]:
        """All operators as they are now, in file order."""
        self._settle()
        return list(self._operators.values())

    def of(self, *kinds: type[_Kind]) -> Iterator[tuple[Operator, _Kind]]:
        """The operators of some kinds, in file order, and their attributes.

        Each comes as it is when its turn comes. Those that come to be while the caller works
        through them are not among them.
        """
        families = self._families
        if families.keys().isdisjoint(kinds):  # as of most kinds that steps look for
            return
        wanted = {known for kind in kinds if kind in families for known in families[kind]}
        self._settle()
        names = [name for name, each in self._operators.items() if type(each.op) in wanted]
        for name in names:
            operator = self._operators.get(name)
            if operator is not None:
                op: Any = operator.op
                if type(op) in wanted or isinstance(op, kinds):
                    yield operator, op

    def computing(self, functions: Collection[str]) -> Iterator[tuple[Operator, Elementwise]]:
        """The operators that compute one of some functions of single elements; else as ``of``."""
        if Elementwise not in self._types:
            return
        self._settle()
        names = [
            name
            for name, each in self._operators.items()
            if type(each.op) is Elementwise and each.op.function in functions
        ]
        for name in names:
            operator = self._operators.get(name)
            op = None if operator is None else operator.op
            if operator and type(op) is Elementwise and op.function in functions:
                yield operator, op

    def named(self, name: str) -> Operator:
        """An operator as it is now."""
        return self._operators[name]

    def producer(self, name: str | None) -> Operator | None:
        """The operator that writes a tensor; None for inputs and constants."""
        writer = None if name is None else self._writer.get(name)
        return None if writer is None else self._operators[writer]

    def is_read(self, name: str) -> bool:
        """Whether an operator, or who runs the graph, needs a tensor."""
        return name in self._kept or bool(self._readers.get(name))

    def readers(self, name: str) -> set[str]:
        """Names of the operators that read a tensor."""
        return self._readers.get(name, set())

    def is_output(self, name: str) -> bool:
        """Whether a tensor is an output of the graph."""
        return name in self._kept

    def only_read_by(self, name: str, operator: Operator) -> bool:
        """Whether nothing but one operator needs a tensor."""
        return name not in self._kept and self._readers.get(name) == {operator.name}

    def only_reader(self, name: str) -> Operator | None:
        """The operator that a tensor is for, if nothing else needs that."""
        readers = self._readers.get(name, ())
        if name in self._kept or len(readers) != 1:
            return None
        (reader,) = readers
        return self._operators[reader]

    def only_source(self, operator: Operator, data: str | None) -> Operator | None:
        """The ``source`` of what an operator reads, if nothing else needs that."""
        if data is None or not self.only_read_by(data, operator):
            return None
        return self.source(operator, data)

    def source(self, operator: Operator, data: str | None) -> Operator | None:
        """The operator that makes what an operator reads.

        None, too, where integers are made of it between the two, other ones than those of the
        result: one operator that does the work of both would not round there.
        """
        source = self.producer(data)
        if source is None or data is None:
            return None
        between = self.tensors[data].quantization
        if between is not None and between.is_known:
            after = self.tensors[operator.outputs[0]].quantization
            if after is None or not between.same_as(after):
                return None
        return source

    def constant(self, names: Sequence[str | None]) -> bool:
        """Whether all of these tensors, as far as they are not left out, lie in flash."""
        tensors = self.tensors
        return {tensors[name].kind for name in names if name is not None} <= _IN_FLASH

    def add(self, tensor: Tensor) -> str:
        """A new tensor; its name, the given one if that is free."""
        name = self.tensor_name(tensor.name)
        self.tensors[name] = tensor if name == tensor.name else replace(tensor, name=name)
        return name

    def store(
        self, name: str, dtype: DType, shape: Shape, key: Hashable, load: Callable[[], Array]
    ) -> str:
        """A new constant; its name, the given one if that is free. Equal keys are stored once."""
        return self.add(Tensor(name, dtype, shape, Kind.CONSTANT, Constant(key, load)))

    def number(self, name: str, value: float, dtype: DType) -> str:
        """A constant of no axes; its name. Equal ones are one tensor, as in a converter's file."""
        key = ("number", value, dtype)
        if key not in self._numbers:
            load = partial(dtype.array, value)
            self._numbers[key] = self.store(name, dtype, (), key, load)
        return self._numbers[key]

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
                If the operator's is quantised, so is this one; nobody has said how.
        """
        like = self.tensors[operator.outputs[0]]
        made = replace(
            like,
            name=f"{like.name}/{name}",
            shape=shape or like.shape,
            quantization=like.quantization and replace(like.quantization, load=None),
        )
        own = self.operator_name(f"{operator.name}/{name}")
        return Operator(own, op, tuple(inputs), (self.add(made),), operator.native)

    def quantize(self, name: str, known: Quantization) -> None:
        """Say what the integers of a tensor stand for."""
        self._changed = True
        self.tensors[name] = replace(self.tensors[name], quantization=known)

    def tensor_name(self, name: str) -> str:
        """A name for a new tensor, the given one if that is free."""
        return self._tensor_names.unique(name)

    def operator_name(self, name: str) -> str:
        """A name for a new operator, the given one if that is free."""
        return self._operator_names.unique(name)

    def change(
        self,
        operator: Operator,
        op: Op | None = None,
        inputs: Sequence[str | None] | None = None,
        outputs: Sequence[str] | None = None,
    ) -> None:
        """Give an operator other attributes, inputs or outputs; None: as they are."""
        made = Operator(
            operator.name,
            operator.op if op is None else op,
            operator.inputs if inputs is None else tuple(inputs),
            operator.outputs if outputs is None else tuple(outputs),
            operator.native,
            operator.origins,
        )
        self._put(made)

    def remove(self, operator: Operator, into: Operator) -> None:
        """Take out an operator whose work another one does now, which then stands for both."""
        self._take(operator)
        self._merge(into, operator)

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
        self.remove(operator, into)
        self.change(into, op, inputs, (operator.outputs[0], *into.outputs[1:]))

    def bypass(self, operator: Operator, source: str) -> bool:
        """Remove an operator whose result is what it reads; whoever read it reads ``source``.

        Where the result is an output of the graph, whoever writes the source writes it under that
        name. Nobody does where the source is an input, a constant or an output itself: the
        operator then stays, since the graph has to have all of its outputs.

        Returns:
            Whether it is gone.
        """
        gone, stays = operator.outputs[0], source
        writer = self.producer(source)
        if gone in self._kept:
            if source in self._kept or writer is None:
                return False
            gone, stays = source, gone
        self._take(operator)
        if writer is not None:
            self._merge(writer, operator)
            if gone == source:
                self.change(writer, outputs=[stays if n == gone else n for n in writer.outputs])
        for name in tuple(self._readers.get(gone, ())):
            reader = self._operators[name]
            self.change(reader, inputs=[stays if n == gone else n for n in reader.inputs])
        return True

    def put_before(self, operator: Operator, other: Operator) -> None:
        """Let an operator, that stands behind another one, stand right before that."""
        self._before.setdefault(other.name, []).append(operator.name)

    def expand(self, operator: Operator, parts: Sequence[Operator]) -> None:
        """Put several operators in the place of one; the last has its name and its results."""
        for part in parts:
            self._put(part)
            self._stands_for[part.name] = list(self._origins(operator))
        self._before.setdefault(operator.name, []).extend(part.name for part in parts[:-1])

    def _meet(self, kind: type[Op]) -> None:
        """Note that there are operators of a kind."""
        self._types.add(kind)
        for family in kind.__mro__:
            self._families.setdefault(family, set()).add(kind)

    def _enter(self, operator: Operator) -> None:
        """Note who reads the operator's inputs, and who writes its outputs."""
        name, readers = operator.name, self._readers
        for written in operator.outputs:
            self._writer[written] = name
        for read in operator.inputs:
            if read is None:
                continue
            if read in readers:
                readers[read].add(name)
            else:
                readers[read] = {name}

    def _leave(self, operator: Operator) -> None:
        """The operator neither reads nor writes any more."""
        name, readers = operator.name, self._readers
        for read in operator.inputs:
            if read is not None:
                readers[read].discard(name)
        for written in operator.outputs:
            if self._writer.get(written) == name:
                del self._writer[written]

    def _take(self, operator: Operator) -> None:
        """Take an operator out."""
        self._changed = True
        self._leave(self._operators.pop(operator.name))

    def _put(self, operator: Operator) -> None:
        """Put in a new operator, or one in the place of that of its name."""
        self._changed = True
        if type(operator.op) not in self._types:
            self._meet(type(operator.op))
        old = self._operators.get(operator.name)
        self._operators[operator.name] = operator
        if old is not None:
            if old.inputs is operator.inputs and old.outputs is operator.outputs:
                return
            self._leave(old)
        self._enter(operator)

    def _origins(self, operator: Operator) -> Sequence[str]:
        return self._stands_for.get(operator.name, operator.stands_for)

    def _merge(self, into: Operator, operator: Operator) -> None:
        """Let an operator stand for another one too."""
        both = self._stands_for.setdefault(into.name, list(into.stands_for))
        both.extend(self._origins(operator))

    def _settle(self) -> None:
        """Put new operators where they belong."""
        if not self._before:
            return
        moved = {name for names in self._before.values() for name in names}
        placed: dict[str, Operator] = {}
        for name, operator in self._operators.items():
            if name not in moved:
                for before in self._before.get(name, ()):
                    placed[before] = self._operators[before]
                placed[name] = operator
        self._operators = placed
        self._before = {}

    def graph(self) -> Graph:
        """The changed graph, without tensors that nothing uses any more."""
        if not self._changed:
            return self._graph
        self._settle()
        for name, origins in self._stands_for.items():
            if name in self._operators:
                self._operators[name] = self._operators[name].standing_for(origins)
        used: set[str | None] = {*self._graph.inputs, *self._graph.outputs}
        for operator in self._operators.values():
            used.update(operator.inputs)
            used.update(operator.outputs)
        return self._graph.replace(
            operators=tuple(self._operators.values()),
            tensors={name: t for name, t in self.tensors.items() if name in used},
        )


Step = Callable[[Edit], None]


def rewritten(graph: Graph, *steps: Step) -> Graph:
    """A graph, without its subgraphs, after some steps."""
    edit = Edit(graph)
    for step in steps:
        step(edit)
    return edit.graph()
