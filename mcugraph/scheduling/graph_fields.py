"""What of a graph takes SRAM, who reads and writes it: the fields of a problem."""

from collections.abc import Mapping, Sequence
from typing import Any

from mcugraph.ir import Graph, Kind, Operator, Tensor
from mcugraph.scheduling.runtime import Runtime

_COMPUTED = Kind.ACTIVATION


def graph_fields(graph: Graph, runtime: Runtime, scratch: Mapping[str, int]) -> dict[str, Any]:
    """The fields of a problem by name, of a graph as it stands; its subgraphs are not looked at.

    Args:
        graph: The graph.
        runtime: How the device executes it.
        scratch: Bytes that operators, by name, need besides while they run.
    """
    tensors, operators = graph.tensors, graph.operators
    names = [name for name, tensor in tensors.items() if in_sram(tensor)]
    number = {name: i for i, name in enumerate(names)}
    fields = {
        "tensors": tuple(names),
        "sizes": tuple([tensors[name].nbytes for name in names]),
        "operators": tuple([operator.name for operator in operators]),
        "inputs": tuple(
            [
                tuple(dict.fromkeys([number[n] for n in operator.inputs if n in number]))
                for operator in operators
            ]
        ),
        "outputs": tuple([_numbers(operator.outputs, number) for operator in operators]),
        "graph_inputs": _numbers(graph.inputs, number),
        "graph_outputs": _numbers(graph.outputs, number),
        "scratch": tuple([scratch.get(operator.name, 0) for operator in operators]),
        "inplace": ((),) * len(operators),
        "count_inputs": runtime.count_inputs,
    }
    if runtime.inplace:
        fields["inplace"] = tuple([_inplace(graph, each, number) for each in operators])
    if graph.after:
        position = {operator.name: i for i, operator in enumerate(operators)}
        fields["after"] = tuple([(position[a], position[b]) for a, b in graph.after])
    return fields


def _numbers(names: Sequence[str], number: Mapping[str, int]) -> tuple[int, ...]:
    return tuple([number[name] for name in names if name in number])


def in_sram(tensor: Tensor) -> bool:
    """Whether a tensor takes SRAM only while it is live."""
    return tensor.kind is _COMPUTED


def _inplace(
    graph: Graph, operator: Operator, number: Mapping[str, int]
) -> tuple[tuple[int, int], ...]:
    """The (input, output) pairs that may share memory, by the operator's own rule."""
    result = operator.outputs[0] if operator.outputs else None
    pairs = []
    for index in operator.op.inplace:
        name = operator.inputs[index] if index < len(operator.inputs) else None
        # An operand that is broadcast is smaller than the result and cannot hold it.
        if name is None or result is None or not {name, result} <= number.keys():
            continue
        if _fits(graph, name, result):
            pairs.append((number[name], number[result]))
    return tuple(dict.fromkeys(pairs))


def _fits(graph: Graph, operand: str, result: str) -> bool:
    return graph.tensors[operand].nbytes >= graph.tensors[result].nbytes
