"""Costs of an architecture as plain integers, in the time that it takes to say it."""

from collections.abc import Sequence
from math import inf, prod

from mcugraph.ir import Shape
from mcugraph.nas.builder import (
    Convolution,
    NetworkBuilder,
    Size,
    averaged,
    flat,
    grown,
    joined,
    padded,
    pooled,
    positive,
    summed,
    swept,
)

_BIAS = 4  # bytes of an int32


class OverLimit(Exception):
    """A meter has counted more than it was to."""


class Meter(NetworkBuilder[Shape]):
    """Counts what a network costs once it is deployed as int8.

    A value is its own shape, as a tuple of its own: two values of one shape are two objects, so
    that what an operator reads twice counts once. Batch norms are folded, ReLUs fused, dropouts
    gone, as in the deployed form of the graph, which gives the same figures.

    Args:
        most_size, most_macs, most_live: At more than so many bytes, multiply-accumulates, or bytes
            around one operator, it stops with `OverLimit`: a search looks at thousands of
            networks that are far too large. None: it counts on.

    Attributes:
        size: Bytes of weights (1 each) and biases (4 each).
        parameters: Weights and biases, counted.
        macs: Multiply-accumulates of convolutions and dense layers.
        operator_bound: Most bytes that one operator reads and writes: the peak of a chain, and a
            lower bound where there are branches.
        branches: Whether the operator bound can be less than the peak: there are sums or joined
            channels.
    """

    def __init__(
        self,
        most_size: float | None = None,
        most_macs: float | None = None,
        most_live: float | None = None,
    ) -> None:
        self.size = self.parameters = self.macs = self.operator_bound = 0
        self.branches = False
        self._most_size = inf if most_size is None else most_size
        self._most_macs = inf if most_macs is None else most_macs
        self._most_live = inf if most_live is None else most_live

    def shape(self, value: Shape) -> Shape:
        return value

    def input(self, shape: Sequence[int]) -> Shape:
        return tuple(shape)

    def _convolved(self, value: Shape, layer: Convolution) -> Shape:
        window = prod(layer.window) * (1 if layer.depthwise else value[0])
        larger = padded(value, layer.window, layer.stride) if layer.same else None
        read = value if larger is None else self._step(prod(value), larger)
        return self._layer(read, layer.made, window)

    def dense(self, value: Shape, units: int, *, relu: bool = False) -> Shape:
        return self._layer(value, (positive(units, "units"),), flat(value))

    def pool(self, value: Shape, function: str, window: Size, stride: Size | None = None) -> Shape:
        step, nothing = pooled(value, window, stride)
        made = (value[0], *swept(value, window, step))
        return value if nothing else self._step(prod(value), made)

    def global_average(self, value: Shape) -> Shape:
        return self._step(prod(value), averaged(value))

    def add(self, left: Shape, right: Shape) -> Shape:
        self.branches = True
        read = prod(left) + (0 if right is left else prod(right))
        return self._step(read, (*summed(left, right),))

    def concat(self, values: Sequence[Shape]) -> Shape:
        self.branches = True
        different = {id(value): value for value in values}
        return self._step(sum(map(prod, different.values())), joined(values))

    def grow(self, value: Shape, spatial: Sequence[int]) -> Shape:
        if not any(grown(value, spatial)):
            return value
        return self._step(prod(value), (value[0], *spatial))

    def flatten(self, value: Shape) -> Shape:
        if prod(value[1:]) == 1:
            return value[:1]  # a dense layer reads such maps as they are
        return self._step(prod(value), (prod(value),))

    def dropout(self, value: Shape, rate: float) -> Shape:
        return value

    def output(self, value: Shape) -> None:
        pass

    def _layer(self, read: Shape, made: Shape, window: int) -> Shape:
        """A layer of weights: each element that it makes meets a window's worth of them."""
        self.size += made[0] * (window + _BIAS)
        self.parameters += made[0] * (window + 1)
        self.macs += prod(made) * window
        if self.size > self._most_size or self.macs > self._most_macs:
            raise OverLimit
        return self._step(prod(read), made)

    def _step(self, read: int, made: Shape) -> Shape:
        live = read + prod(made)
        if live > self.operator_bound:
            if live > self._most_live:
                raise OverLimit
            self.operator_bound = live
        return made
