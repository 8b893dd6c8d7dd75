"""Weights before batch norms, as large as those of a layer that was as narrow from its start.

A layer's first weights are the smaller, the more inputs it has, and what is left of a wide layer
stays small. Behind a batch norm the size of weights changes nothing of what is computed, but how
far a step of training turns them: at a given learning rate it grows with the inverse square of
their norm. After van Laarhoven, "L2 regularization versus batch and weight normalization" (2017),
arXiv:1706.05350.
"""

from collections import Counter
from collections.abc import Iterator
from math import prod, sqrt
from typing import Any

from mcugraph.ir import Graph, Operator
from mcugraph.ops.base import Weighted
from mcugraph.ops.normalization import BatchNorm
from mcugraph.slimming.cutting import holders_of


def rescale(small: Any, graph: Graph) -> None:
    """Multiply weights with the root of how many times as many inputs they had, in place.

    Running statistics of the batch norm behind them follow, so what the model computes in ``eval``
    mode stays. It is done to layers that only a batch norm with running statistics reads, if
    nothing else uses their parameters.

    Args:
        small: What a model was slimmed to.
        graph: Of that model.
    """
    import torch

    held = {name: value for name, (value, _) in holders_of(small).items()}
    uses = Counter(
        id(held[key])
        for operator in graph.operators
        for key in _keys(graph, operator.inputs)
        if key in held
    )
    for layer, norm in _normed(graph):
        keys = [*_keys(graph, layer.inputs[1:]), *_keys(graph, norm.inputs[3:])]
        if any(key not in held or uses[id(held[key])] > 1 for key in keys):
            continue
        *made, mean, variance = (held[key] for key in keys)
        ratio = _inputs(graph, layer, norm) / (made[0].numel() / len(mean))
        if ratio == 1 or not all(isinstance(value, torch.nn.Parameter) for value in made):
            continue
        assert isinstance(norm.op, BatchNorm)
        with torch.no_grad():
            for value in (*made, mean):
                value.mul_(sqrt(ratio))
            # Of the root that a batch norm divides by, with what it adds below it.
            variance.add_(norm.op.epsilon).mul_(ratio).sub_(norm.op.epsilon)


def _normed(graph: Graph) -> Iterator[tuple[Operator, Operator]]:
    """Layers, and the batch norms that alone read what they give."""
    readers = graph.consumers()
    for layer in graph.operators:
        if isinstance(layer.op, Weighted) and layer.outputs[0] not in graph.outputs:
            reader, *others = readers[layer.outputs[0]] or [layer]
            norm = isinstance(reader.op, BatchNorm) and not reader.op.of_batch
            if norm and not others and reader.inputs[0] == layer.outputs[0]:
                yield layer, reader


def _keys(graph: Graph, names: tuple[str | None, ...]) -> list[Any]:
    """What the model calls the constants among some tensors, those that it computes included."""
    tensors = [graph.tensors[name] for name in names if name is not None]
    return [tensor.constant.key for tensor in tensors if tensor.constant is not None]


def _inputs(graph: Graph, layer: Operator, norm: Operator) -> float:
    """How many weights a channel of the whole layer has."""
    weight, mean = (graph.tensors[name or ""].shape for name in (layer.inputs[1], norm.inputs[3]))
    assert weight is not None
    assert mean is not None
    return prod(weight) / prod(mean)
