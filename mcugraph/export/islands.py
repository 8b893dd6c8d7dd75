"""Operators of an int8 file that compute with floats, between a DEQUANTIZE and a QUANTIZE."""

from typing import Any

from mcugraph.ir import Graph, Operator

# Elementwise operators for which TensorFlow Lite Micro has an int8 kernel of its own.
_INT8 = ("LEAKY_RELU", "ELU")


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


def with_int8_kernels(data: bytes, schema: Any, flatbuffers: Any) -> bytes:
    """A file whose elementwise operators read and write int8 where TFLM has a kernel for it.

    The quantiser knows no such kernel for them and converts around them.

    Args:
        data: The quantised file.
        schema: The classes of TFLite's schema, with its object interface.
        flatbuffers: The package that writes them.
    """
    file = schema.ModelT.InitFromPackedBuf(data, 0)
    (graph,) = file.subgraphs
    kinds = {value: name for name, value in vars(schema.BuiltinOperator).items() if name[0] != "_"}

    def kind(operator: Any) -> str:
        code = file.operatorCodes[operator.opcodeIndex]
        return str(kinds.get(max(code.builtinCode, code.deprecatedBuiltinCode), ""))

    gone: list[Any] = []
    for operator in [entry for entry in graph.operators if kind(entry) in _INT8]:
        source, result = int(operator.inputs[0]), int(operator.outputs[0])
        before = [entry for entry in graph.operators if source in entry.outputs]
        after = [entry for entry in graph.operators if result in entry.inputs]
        alone = sum(source in entry.inputs for entry in graph.operators) == 1
        ends = {*map(int, graph.inputs), *map(int, graph.outputs)}
        fits = [*map(kind, before), *map(kind, after)] == ["DEQUANTIZE", "QUANTIZE"]
        if alone and fits and ends.isdisjoint((source, result)):
            operator.inputs, operator.outputs = before[0].inputs, after[0].outputs
            gone += [before[0], after[0]]
    if not gone:
        return data
    graph.operators = [entry for entry in graph.operators if not any(entry is g for g in gone)]
    _drop_unused(file, graph)
    builder = flatbuffers.Builder(len(data))
    builder.Finish(file.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _drop_unused(file: Any, graph: Any) -> None:
    """Take out the tensors that nothing reads or writes; an interpreter would plan them."""
    ends = [*graph.inputs, *graph.outputs]
    used = {int(i) for op in graph.operators for i in (*op.inputs, *op.outputs)} | set(
        map(int, ends)
    )
    kept = [i for i in range(len(graph.tensors)) if i in used]
    number = {old: new for new, old in enumerate(kept)} | {-1: -1}
    graph.tensors = [graph.tensors[i] for i in kept]
    for holder in (graph, *graph.operators):
        holder.inputs = [number[int(i)] for i in holder.inputs]
        holder.outputs = [number[int(i)] for i in holder.outputs]
    for signature in file.signatureDefs or ():
        for entry in (*signature.inputs, *signature.outputs):
            entry.tensorIndex = number[int(entry.tensorIndex)]
