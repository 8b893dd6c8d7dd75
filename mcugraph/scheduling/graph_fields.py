"""What of a graph takes SRAM, who reads and writes it: the fields of a problem."""

from collections.abc import Mapping
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
    names = [name for name, tensor in graph.tensors.items() if in_sram(tensor)]
    number = {name: i for i, name in enumerate(names)}
    position = {operator.name: i for i, operator in enumerate(graph.operators)}
    return {
        "tensors": tuple(names),
        "sizes": tuple(graph.tensors[name].nbytes for name in names),
        "operators": tuple(operator.name for operator in graph.operators),
        "inputs": tuple(
            tuple(dict.fromkeys([number[n] for n in operator.inputs if n in number]))
            for operator in graph.operators
        ),
        "outputs": tuple(
            tuple([number[n] for n in operator.outputs if n in number])
            for operator in graph.operators
        ),
        "graph_inputs": tuple(number[n] for n in graph.inputs if n in number),
        "graph_outputs": tuple(number[n] for n in graph.outputs if n in number),
        "scratch": tuple(scratch.get(operator.name, 0) for operator in graph.operators),
        "inplace": tuple(
            _inplace(graph, operator, number) if runtime.inplace else ()
            for operator in graph.operators
        ),
        "after": tuple((position[a], position[b]) for a, b in graph.after),
        "count_inputs": runtime.count_inputs,
    }


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
