"""Operators of an int8 file that compute with floats, between a DEQUANTIZE and a QUANTIZE."""

from typing import Any

from mcugraph.export.tflite_objects import kinds_of, unpacked
from mcugraph.ir import Graph, Operator

# Elementwise operators for which TensorFlow Lite Micro has no int8 kernel.
_FLOAT_ONLY = ("ABS", "COS", "EXP", "LOG", "NEG", "SIN")
# Those that serve integers and floats.
_ELEMENTWISE = ("ADD", "DIV", "LOGISTIC", "MUL", "RELU", "SUB", "TANH")


def islands(graph: Graph) -> tuple[str, ...]:
    """What is computed with floats in a file that is int8 otherwise, and its cost: a sentence each.

    Args:
        graph: Of the file.
    """
    kinds = {operator.native for operator in graph.operators}
    if not {"DEQUANTIZE", "QUANTIZE"} <= kinds:
        return ()
    groups: list[tuple[list[Operator], set[str]]] = []
    for operator in graph.operators:
        floats = {
            name
            for name in (*operator.inputs, *operator.outputs)
            if name is not None
            and graph.tensors[name].dtype.is_float
            and not graph.tensors[name].is_constant
        }
        if not floats:
            continue
        near = [group for group in groups if not group[1].isdisjoint(floats)]
        groups = [group for group in groups if group not in near]
        operators = [entry for group in near for entry in group[0]]
        groups.append(([*operators, operator], floats.union(*(group[1] for group in near))))
    return tuple(_said(graph, *group) for group in groups)


def _said(graph: Graph, operators: list[Operator], floats: set[str]) -> str:
    work = {"macs": 0, "elementwise": 0}
    for operator in operators:
        signature = graph.signature(operator)
        for key in work:
            count = None if signature is None else getattr(operator.op, key)(signature)
            work[key] += int(count or 0)
    inner = [
        operator for operator in operators if operator.native not in ("DEQUANTIZE", "QUANTIZE")
    ]
    name = (inner or operators)[0].name
    kinds = ", ".join(operator.native or operator.op.kind for operator in operators)
    size = sum(graph.tensors[entry].nbytes for entry in floats)
    return (
        f"{name!r} is computed with floats, for want of an int8 kernel: {len(operators)} operators"
        f" ({kinds}), {size:,} B of float activations, {work['elementwise']:,} elementwise"
        f" operations, {work['macs']:,} MACs"
    )


def between_floats(data: bytes, schema: Any) -> list[str]:
    """Results, by name, of operators that only give floats from one island to the next.

    Such an operator is to compute with floats too: to and fro would cost rounding and time.

    Args:
        data: The converted file, of floats.
        schema: The classes of TFLite's schema, with its object interface.
    """
    file = unpacked(data, schema)
    (graph,) = file.subgraphs
    kind = kinds_of(file, schema)
    made = {int(i): operator for operator in graph.operators for i in operator.outputs}
    floats: dict[int, bool] = {i: kind(op) in _FLOAT_ONLY for i, op in made.items()}
    readers: dict[int, list[Any]] = {}
    for operator in graph.operators:
        for i in operator.inputs:
            readers.setdefault(int(i), []).append(operator)
    found = []
    for operator in graph.operators:
        (first, *_) = map(int, operator.outputs)
        given = [int(i) for i in operator.inputs if int(i) in made]
        read = readers.get(first, [])
        if (
            kind(operator) in _ELEMENTWISE
            and read
            and given
            and all(floats[i] for i in given)
            and all(kind(reader) in _FLOAT_ONLY for reader in read)
        ):
            floats[first] = True
            found.append(graph.tensors[first].name.decode())
    return found
