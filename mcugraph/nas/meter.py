"""Costs of an architecture as plain integers, in the time that it takes to say it."""

from collections.abc import Sequence
from math import inf, prod
from typing import Any

from mcugraph.ir import Shape
from mcugraph.nas.builder import (
    Convolution,
    NetworkBuilder,
    Size,
    averaged,
    each,
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
        self._steps: list[tuple[list[int], Shape]] = []  # which tensors are read, what is made
        self._ends: list[Shape] = []  # the input, the output
        self._computed: dict[tuple[Any, ...], Shape] = {}  # by what without weights, of what
        self._tensors: dict[int, Shape] = {}  # that lie where a value of another shape does

    @property
    def peak_as_said(self) -> int:
        """Bytes of the largest live set in the order that layers were said: the peak, or more."""
        last = {tensor: step for step, (read, _) in enumerate(self._steps) for tensor in read}
        last[id(self._tensor(self._ends[-1]))] = len(self._steps)
        live = {id(self._ends[0]): prod(self._ends[0])}
        largest = prod(self._ends[0])
        for step, (_, made) in enumerate(self._steps):
            live[id(made)] = prod(made)
            largest = max(largest, sum(live.values()))
            live = {value: size for value, size in live.items() if last.get(value, -1) > step}
        return largest

    def shape(self, value: Shape) -> Shape:
        return value

    def input(self, shape: Sequence[int]) -> Shape:
        self._ends.append(tuple(shape))
        return self._ends[0]

    def _convolved(self, value: Shape, layer: Convolution) -> Shape:
        window = prod(layer.window) * (1 if layer.depthwise else value[0])
        larger = padded(value, layer.window, layer.stride) if layer.same else None
        read = value if larger is None else self._once("pad", (value,), larger)
        return self._layer(read, layer.made, window)

    def dense(self, value: Shape, units: int, *, relu: bool = False) -> Shape:
        return self._layer(value, (positive(units, "units"),), flat(value))

    def pool(self, value: Shape, function: str, window: Size, stride: Size | None = None) -> Shape:
        step, nothing = pooled(value, window, stride)
        made = (value[0], *swept(value, window, step))
        moved = (each(window, len(made) - 1), each(step, len(made) - 1))
        return value if nothing else self._once((function, *moved), (value,), made)

    def global_average(self, value: Shape) -> Shape:
        return self._once("mean", (value,), averaged(value))

    def add(self, left: Shape, right: Shape) -> Shape:
        self.branches = True
        return self._once("add", (left, right), (*summed(left, right),))

    def concat(self, values: Sequence[Shape]) -> Shape:
        self.branches = True
        return self._once("concat", tuple(values), joined(values))

    def grow(self, value: Shape, spatial: Sequence[int]) -> Shape:
        if not any(grown(value, spatial)):
            return value
        return self._once("grow", (value,), (value[0], *spatial))

    def flatten(self, value: Shape) -> Shape:
        if prod(value[1:]) == 1:
            # A dense layer reads such maps as they are.
            units = self._computed.setdefault(("units", id(value)), value[:1])
            self._tensors[id(units)] = value
            return units
        return self._once("flatten", (value,), (prod(value),))

    def dropout(self, value: Shape, rate: float) -> Shape:
        return value

    def output(self, value: Shape) -> None:
        tensor = self._tensor(value)
        if tensor is not value:  # what nothing reads as it is, is flattened all the same
            value = self._step((tensor,), (*value,))
        self._ends.append(value)

    def _layer(self, read: Shape, made: Shape, window: int) -> Shape:
        """A layer of weights: each element that it makes meets a window's worth of them."""
        self.size += made[0] * (window + _BIAS)
        self.parameters += made[0] * (window + 1)
        self.macs += prod(made) * window
        if self.size > self._most_size or self.macs > self._most_macs:
            raise OverLimit
        return self._step((read,), made)

    def _once(self, what: object, read: tuple[Shape, ...], made: Shape) -> Shape:
        """An operator without weights: what computes the same again is not there."""
        key = (what, made, *(id(self._tensor(value)) for value in read))
        if key not in self._computed:
            self._computed[key] = self._step(read, made)
        return self._computed[key]

    def _step(self, read: tuple[Shape, ...], made: Shape) -> Shape:
        different = {id(tensor): tensor for tensor in map(self._tensor, read)}
        live = sum(map(prod, different.values())) + prod(made)
        if live > self.operator_bound:
            if live > self._most_live:
                raise OverLimit
            self.operator_bound = live
        self._steps.append(([*different], made))
        return made

    def _tensor(self, value: Shape) -> Shape:
        return self._tensors.get(id(value), value)
