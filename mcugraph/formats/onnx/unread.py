"""What a file computes only for operands that mean nothing at inference."""

from collections.abc import Iterable

from mcugraph.ir import Graph


def without_unread(graph: Graph, names: Iterable[str]) -> Graph:
    """A graph without the operators that only served operands which are not read after all.

    Args:
        graph: The main graph of a file.
        names: Those operands, such as the running statistics of a batch norm that takes the
            data's own.
    """
    writers, pending = graph.producers(), [name for name in names if name in graph.tensors]
    if not any(name in writers for name in pending):
        return graph
    readers = {name: {each.name for each in found} for name, found in graph.consumers().items()}
    gone: set[str] = set()
    while pending:
        writer = writers.get(pending.pop())
        if writer is None or writer.name in gone:
            continue
        if any(readers[name] or name in graph.outputs for name in writer.outputs):
            continue
        gone.add(writer.name)
        for name in filter(None, writer.inputs):
            readers[name].discard(writer.name)
            pending.append(name)
    kept = tuple(operator for operator in graph.operators if operator.name not in gone)
    used = {name for each in kept for name in (*each.inputs, *each.outputs)}
    used.update(graph.inputs, graph.outputs)
    tensors = {name: tensor for name, tensor in graph.tensors.items() if name in used}
    return graph.replace(operators=kept, tensors=tensors)
