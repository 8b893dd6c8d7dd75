"""Which operators of a file are which of the model, and what the rest of them costs."""

from collections.abc import Callable, Collection, Hashable

from mcugraph.cost.flash import distinct_constants
from mcugraph.ir import Graph, Operator, Role
from mcugraph.records import dataclass, replace
from mcugraph.scheduling.entry import schedule
from mcugraph.scheduling.problem import Problem

SEARCH_SECONDS = 10.0

# Kinds that stand for one another: what TFLite has in place of an operator of PyTorch.
_FAMILIES = {
    "conv1d": "conv2d",
    "depthwise_conv1d": "conv2d",
    "depthwise_conv2d": "conv2d",
    "conv_transpose1d": "conv_transpose2d",
    "average_pool1d": "average_pool2d",
    "max_pool1d": "max_pool2d",
    "global_average_pool": "reduce_mean",
    "flatten": "reshape",
    "batch_norm": "mul",
    "split": "slice",
}


@dataclass(frozen=True, slots=True)
class Matching:
    """The operators of a model and of the file that was made of it.

    Attributes:
        predicted: The model as it is counted.
        exported: The file as it is counted.
        pairs: (the model's, the file's) operators that are the same.
        added: Names of operators that stand in the file only.
        dropped: Names of operators that stand in the model only.
    """

    predicted: Graph
    exported: Graph
    pairs: tuple[tuple[Operator, Operator], ...]
    added: frozenset[str]
    dropped: frozenset[str]


def bytes_of(graph: Graph) -> dict[str, dict[Role, int]]:
    """For each operator, the bytes of the constants that it is the first to read, by role."""
    found = {operator.name: dict.fromkeys(Role, 0) for operator in graph.operators}
    for constant in distinct_constants(graph):
        if constant.part is graph:
            found[constant.operator.name][constant.role] += constant.tensor.stored_bytes
    return found


def match(predicted: Graph, exported: Graph) -> Matching:
    """Pair the operators of a model with those of its file.

    They pair where they are of one kind and their results take as many bytes: first those that
    bear one name too, then in order, then those whose kinds stand for one another.
    """
    left = {operator.name: operator for operator in predicted.operators}
    right = {operator.name: operator for operator in exported.operators}
    pairs: list[tuple[Operator, Operator]] = []

    def pair(key: Callable[[Graph, Operator], Hashable]) -> None:
        waiting: dict[Hashable, list[Operator]] = {}
        for operator in right.values():
            waiting.setdefault(key(exported, operator), []).append(operator)
        for operator in list(left.values()):
            candidates = waiting.get(key(predicted, operator))
            if candidates:
                other = candidates.pop(0)
                pairs.append((operator, other))
                del left[operator.name], right[other.name]

    pair(lambda graph, op: (_family(op), _bytes(graph, op), op.name.replace(".", "/")))
    pair(lambda graph, op: (op.op.kind, _bytes(graph, op)))
    pair(lambda graph, op: (_family(op), _bytes(graph, op)))
    return Matching(predicted, exported, tuple(pairs), frozenset(right), frozenset(left))


def peak_without(graph: Graph, names: Collection[str]) -> int:
    """The least peak in bytes of a graph without some of its operators.

    An operator with one operand and one result is left out: whoever reads the result reads the
    operand. Slices of one tensor count as one operator with several results, as a split is.
    Others stay.
    """
    problem = Problem.as_it_stands(graph)
    inputs, outputs = list(problem.inputs), list(problem.outputs)
    gone: set[int] = set()
    stands: dict[int, int] = {}
    slices: dict[int, int] = {}

    def current(tensor: int) -> int:
        while tensor in stands:
            tensor = stands[tensor]
        return tensor

    for index, operator in enumerate(graph.operators):
        read = tuple(dict.fromkeys(map(current, inputs[index])))
        inputs[index] = read
        if len(read) != 1 or len(outputs[index]) != 1:
            continue
        if operator.op.kind == "slice":
            first = slices.setdefault(read[0], index)
            if first != index:
                outputs[first] += outputs[index]
                gone.add(index)
        elif operator.name in names:
            stands[outputs[index][0]] = read[0]
            gone.add(index)
    kept = [index for index in range(len(inputs)) if index not in gone]
    ends = tuple(dict.fromkeys(map(current, problem.graph_outputs)))
    return _peak(problem, kept, inputs, outputs, ends)


def _peak(
    problem: Problem,
    kept: list[int],
    inputs: list[tuple[int, ...]],
    outputs: list[tuple[int, ...]],
    ends: tuple[int, ...],
) -> int:
    """The least peak of a problem with fewer operators, its tensors numbered anew."""
    used = sorted({*problem.graph_inputs, *(t for index in kept for t in outputs[index])})
    number = {tensor: i for i, tensor in enumerate(used)}
    rest = replace(
        problem,
        tensors=tuple(problem.tensors[t] for t in used),
        sizes=tuple(problem.sizes[t] for t in used),
        operators=tuple(problem.operators[index] for index in kept),
        inputs=tuple(tuple(number[t] for t in inputs[index]) for index in kept),
        outputs=tuple(tuple(number[t] for t in outputs[index]) for index in kept),
        graph_inputs=tuple(number[t] for t in problem.graph_inputs),
        graph_outputs=tuple(number[t] for t in ends),
        scratch=(),
        inplace=(),
        after=(),
        overlaps=(),
    )
    return schedule(rest, time_limit=SEARCH_SECONDS).peak


def _family(operator: Operator) -> str:
    return _FAMILIES.get(operator.op.kind, operator.op.kind)


def _bytes(graph: Graph, operator: Operator) -> int:
    return sum(graph.tensors[name].nbytes for name in operator.outputs)
