"""What of a network's structure can vanish whole: branches, parts of concatenations, heads.

All three end somewhere: what a branch computes in a sum, what a part computes in concatenations,
and a head in the products of an attention. Without one of them the sum is its other operand, the
concatenation is shorter, the attention has a head less; operators go that nothing needs then, and
layers read and make fewer channels.
"""

from collections.abc import Collection, Iterator

from mcugraph.coupling.propagate import layer_name
from mcugraph.ir import Graph, Operator
from mcugraph.ops.base import Weighted
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.selection import Concat
from mcugraph.records import dataclass

BRANCH, PART, HEAD = "branch", "part", "head"

# What an activation leaves as it is, from and to.
LEFT_ALONE = {
    "relu": (0.0, float("inf")),
    "relu6": (0.0, 6.0),
    "relu_0_to_1": (0.0, 1.0),
    "relu_n1_to_1": (-1.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class Structure:
    """Something of a network that can vanish whole.

    Attributes:
        name: Its first layer; ``#2`` and so on where several begin with that, and of a head, its
            number in brackets.
        kind: ``"branch"``: an operand of a sum. ``"part"``: an operand of concatenations.
            ``"head"``: of an attention.
        layers: Names of its layers with weights, in the order in which they run; of a head, of
            those that make its channels.
        ends: Names of the operators that it ends in: a sum, concatenations, an attention's
            products.
        side: Which of the operands of the first one goes; of a head, its number.
        operators: Names of the operators that go with it; a sum goes too.
        activations: Names of the activations that read the sum. They go where what the sum then
            is makes them idle, as a ReLU after a ReLU is.
        channels: Of a head, (operator of a layer, numbers of its channels) that go.
    """

    name: str
    kind: str
    layers: tuple[str, ...]
    ends: tuple[str, ...]
    side: int
    operators: tuple[str, ...] = ()
    activations: tuple[str, ...] = ()
    channels: tuple[tuple[str, tuple[int, ...]], ...] = ()

    @property
    def total(self) -> str:
        """The first operator that it ends in."""
        return self.ends[0]


def operands_of(graph: Graph) -> Iterator[Structure]:
    """Branches and parts that a graph computes without, in no order, by names that may repeat.

    Those have layers with weights, and without them the graph reads what it read.
    """
    readers = graph.consumers()
    seen = set[str]()
    for operator in graph.operators:
        if _sums(graph, operator):
            after = tuple(r.name for r in readers[operator.outputs[0]] if _activates(r))
            for side in (0, 1):
                yield from _operand(graph, BRANCH, (operator,), side, after)
        elif isinstance(operator.op, Concat):
            for side, name in enumerate(operator.inputs):
                if name is not None and name not in seen and not graph.tensors[name].is_constant:
                    seen.add(name)
                    ends = tuple(r for r in readers[name] if isinstance(r.op, Concat))
                    if all(end.inputs.count(name) == 1 for end in ends):
                        yield from _operand(graph, PART, ends, side)


def _operand(
    graph: Graph, kind: str, ends: tuple[Operator, ...], side: int, after: tuple[str, ...] = ()
) -> Iterator[Structure]:
    gone = _gone(graph, ends, ends[0].inputs[side])
    layers = dict.fromkeys(
        layer_name(graph, entry) for entry in gone if isinstance(entry.op, Weighted)
    )
    if layers and _reads_all_it_did(graph, gone):
        names, totals = tuple(o.name for o in gone), tuple(o.name for o in ends)
        yield Structure(next(iter(layers)), kind, tuple(layers), totals, side, names, after)


def _sums(graph: Graph, operator: Operator) -> bool:
    """Whether an operator adds two different activations of one shape."""
    op = operator.op
    if not isinstance(op, Elementwise) or op.function != "add" or op.activation is not None:
        return False
    if len(operator.inputs) != 2 or len(set(operator.inputs)) != 2 or None in operator.inputs:
        return False
    result = graph.tensors[operator.outputs[0]]
    read = [graph.tensors[str(name)] for name in operator.inputs]
    return all(
        not t.is_constant and t.shape == result.shape and t.dtype is result.dtype for t in read
    )


def _gone(graph: Graph, ends: Collection[Operator], source: str | None) -> list[Operator]:
    """The operators that nothing needs once some others do not need one of their operands."""
    places = {*graph.inputs, *graph.outputs}
    for end in ends:
        others = [name for name in end.inputs if name != source]
        alone = len(others) == 1 and others[0] in places and end.outputs[0] in graph.outputs
        if alone or not others:
            return []
    names, needed, stays = {end.name for end in ends}, {*graph.outputs}, set[str]()
    for operator in reversed(graph.operators):
        ending = operator.name in names
        if not needed.isdisjoint(operator.outputs) or not operator.outputs:
            read = [n for n in operator.inputs if n is not None]
            needed.update(name for name in read if not ending or name != source)
            stays.add(operator.name)
        elif ending:
            return []
    ordered = {name for pair in graph.after for name in pair}
    gone = [operator for operator in graph.operators if operator.name not in stays]
    return [] if any(o.name in ordered or o.op.bodies for o in gone) else gone


def _reads_all_it_did(graph: Graph, gone: Collection[Operator]) -> bool:
    """Whether every input of the graph that something reads still has a reader."""
    left = {operator.name for operator in gone}
    readers = graph.consumers()
    return all(
        any(operator.name not in left for operator in readers[name]) or not readers[name]
        for name in graph.inputs
    )


def _activates(operator: Operator) -> bool:
    return isinstance(operator.op, Elementwise) and operator.op.function in LEFT_ALONE
