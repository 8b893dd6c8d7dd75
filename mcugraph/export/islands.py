"""Operators of an int8 file that compute with floats, between a DEQUANTIZE and a QUANTIZE."""

from mcugraph.ir import Graph, Operator


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
