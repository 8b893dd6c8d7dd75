"""Tensors of a TFLite file that no operator reads or writes: TFLM plans memory for them too."""

from collections.abc import Sequence

from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.records import replace


def unused(model: TfliteModel) -> tuple[int, ...]:
    """The tensors that take memory for nothing, by number through all subgraphs.

    What is constant, state, or an end of its subgraph takes none, or is somebody's.
    """
    found: list[int] = []
    start = 0
    for graph in model.subgraphs:
        used = {*graph.inputs, *graph.outputs}
        for operator in graph.operators:
            used.update(operator.inputs, operator.outputs)
        found += [
            start + i
            for i, tensor in enumerate(graph.tensors)
            if i not in used and not tensor.constant and not tensor.variable and tensor.nbytes
        ]
        start += len(graph.tensors)
    return tuple(found)


def emptied(model: TfliteModel, tensors: Sequence[int]) -> TfliteModel:
    """The model with some tensors left without elements."""
    numbers = iter(range(len(model.tensors)))
    subgraphs = tuple(
        replace(
            graph,
            tensors=tuple(
                replace(tensor, shape=(0, *tensor.shape[1:])) if number in tensors else tensor
                for tensor, number in zip(graph.tensors, numbers, strict=False)
            ),
        )
        for graph in model.subgraphs
    )
    return replace(model, subgraphs=subgraphs)
