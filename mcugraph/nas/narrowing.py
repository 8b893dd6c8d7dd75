"""The network of an architecture, once channels are pruned."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import TypeVar

from mcugraph.ir import Shape
from mcugraph.nas.builder import (
    Convolution,
    NetworkBuilder,
    Pooling,
    averaged,
    grown,
    joined,
    summed,
)

Value = TypeVar("Value")
Widths = Mapping[str, int]  # name of a layer, as the builders call it -> what it makes


class Narrowed(NetworkBuilder[tuple[Shape, Value]]):
    """Says a network on to another builder, with fewer channels.

    A value is a pair: the shape that it would have in the whole network, by which a space decides
    what it says, and the other builder's value.

    Args:
        builder: Who hears the narrower network.
        left: From the name of a layer, and how many channels or units it makes in the whole
            network, to how many it makes here.
    """

    def __init__(self, builder: NetworkBuilder[Value], left: Callable[[str, int], int]) -> None:
        self._builder, self._left_of = builder, left
        self._counts = {"conv": 0, "dense": 0}

    def shape(self, value: tuple[Shape, Value]) -> Shape:
        return value[0]

    def input(self, shape: Sequence[int]) -> tuple[Shape, Value]:
        return tuple(shape), self._builder.input(shape)

    def _convolved(self, value: tuple[Shape, Value], layer: Convolution) -> tuple[Shape, Value]:
        said = {"same": layer.same, "norm": layer.norm, "relu": layer.relu}
        # A depthwise one makes as many channels as it is given.
        left = self._left("conv", layer.made[0])
        if layer.depthwise:
            made = self._builder.depthwise(value[1], layer.window, layer.stride, **said)
        else:
            made = self._builder.conv(value[1], left, layer.window, layer.stride, **said)
        return layer.made, made

    def dense(
        self, value: tuple[Shape, Value], units: int, *, relu: bool = False
    ) -> tuple[Shape, Value]:
        return (units,), self._builder.dense(value[1], self._left("dense", units), relu=relu)

    def _pooled(self, value: tuple[Shape, Value], layer: Pooling) -> tuple[Shape, Value]:
        said = self._builder.pool(value[1], layer.function, layer.window, layer.stride)
        return layer.made, said

    def global_average(self, value: tuple[Shape, Value]) -> tuple[Shape, Value]:
        return averaged(value[0]), self._builder.global_average(value[1])

    def add(self, left: tuple[Shape, Value], right: tuple[Shape, Value]) -> tuple[Shape, Value]:
        return summed(left[0], right[0]), self._builder.add(left[1], right[1])

    def concat(self, values: Sequence[tuple[Shape, Value]]) -> tuple[Shape, Value]:
        whole = joined([shape for shape, _ in values])
        return whole, self._builder.concat([value for _, value in values])

    def grow(self, value: tuple[Shape, Value], spatial: Sequence[int]) -> tuple[Shape, Value]:
        grown(value[0], spatial)
        return (value[0][0], *spatial), self._builder.grow(value[1], spatial)

    def flatten(self, value: tuple[Shape, Value]) -> tuple[Shape, Value]:
        return (prod(value[0]),), self._builder.flatten(value[1])

    def dropout(self, value: tuple[Shape, Value], rate: float) -> tuple[Shape, Value]:
        return value[0], self._builder.dropout(value[1], rate)

    def output(self, value: tuple[Shape, Value]) -> None:
        self._builder.output(value[1])

    def _left(self, kind: str, made: int) -> int:
        """How many channels or units the next layer of a kind makes."""
        self._counts[kind] += 1
        return self._left_of(f"{kind}{self._counts[kind]}", made)
