"""Costs of an architecture as plain integers, in the time that it takes to say it."""

from collections.abc import Sequence
from math import inf, prod
from typing import Any

from mcugraph.ir import Shape
from mcugraph.nas.builder import (
    Convolution,
    NetworkBuilder,
    Pooling,
    averaged,
    flat,
    grown,
    joined,
    padded,
    positive,
    summed,
)
from mcugraph.scheduling.entry import schedule_instance
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.instance import Instance
from mcugraph.scheduling.solving.limits import Limits

_BIAS = 4  # bytes of an int32


class OverLimit(Exception):
    """A meter has counted more than it was to."""


class Metered:
    """A value of a network that is metered; two of one shape are two.

    Attributes:
        shape: Without the batch.
        size: Bytes.
        place: The value that it is of, in the shape that dense layers read as it is; None: it is
            a tensor of its own.
    """

    __slots__ = ("place", "shape", "size")

    def __init__(self, shape: Shape, place: "Metered | None" = None) -> None:
        self.shape, self.size, self.place = shape, prod(shape), place


class Meter(NetworkBuilder[Metered]):
    """Counts what a network costs once it is deployed as int8.

    Batch norms are folded, ReLUs fused, dropouts gone, as in the deployed form of the graph, which
    gives the same figures.

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
        pools, sums: How many poolings there are, and how many sums and joined channels.
        layers: Those with weights, as they were said: what each reads and makes, the bytes of its
            weights and biases, and the convolution that it is, or else whether a ReLU follows.
    """

    def __init__(
        self,
        most_size: float | None = None,
        most_macs: float | None = None,
        most_live: float | None = None,
    ) -> None:
        self.size = self.parameters = self.macs = self.operator_bound = 0
        self.pools = self.sums = 0
        self.layers: list[tuple[Metered, Metered, int, Convolution | bool]] = []
        self._most_size = inf if most_size is None else most_size
        self._most_macs = inf if most_macs is None else most_macs
        self._most_live = inf if most_live is None else most_live
        self._steps: list[tuple[Sequence[Metered], Metered]] = []  # what is read, what is made
        self._ends: list[Metered] = []  # the input, the output
        self._computed: dict[tuple[Any, ...], Metered] = {}  # by what without weights, of what

    @property
    def branches(self) -> bool:
        """Whether the operator bound can be less than the peak."""
        return self.sums > 0

    @property
    def peak_as_said(self) -> int:
        """Bytes of the largest live set in the order that layers were said: the peak, or more."""
        last = {tensor: step for step, (read, _) in enumerate(self._steps) for tensor in read}
        last[self._ends[-1]] = len(self._steps)
        live = largest = self._ends[0].size
        for step, (read, made) in enumerate(self._steps):
            live += made.size
            largest = max(largest, live)
            live -= sum(tensor.size for tensor in (*read, made) if last.get(tensor, step) == step)
        return largest

    @property
    def peak(self) -> int:
        """Bytes of the largest live set in the best order."""
        given, end = self._ends
        tensors = [given, *(made for _, made in self._steps)]
        number = {tensor: i for i, tensor in enumerate(tensors)}
        problem = Problem(
            tensors=tuple(range(len(tensors))),
            sizes=tuple([tensor.size for tensor in tensors]),
            operators=tuple(range(len(self._steps))),
            inputs=tuple([tuple([number[each] for each in read]) for read, _ in self._steps]),
            outputs=tuple([(i,) for i in range(1, len(tensors))]),
            graph_inputs=(0,),
            graph_outputs=(number[end],),
        )
        return schedule_instance(problem, Instance(problem.network()), "auto", Limits()).peak

    def shape(self, value: Metered) -> Shape:
        return value.shape

    def input(self, shape: Sequence[int]) -> Metered:
        self._ends.append(Metered(tuple(shape)))
        return self._ends[0]

    def _convolved(self, value: Metered, layer: Convolution) -> Metered:
        window = prod(layer.window) * (1 if layer.depthwise else value.shape[0])
        larger = padded(value.shape, layer.window, layer.stride) if layer.same else None
        read = value if larger is None else self._once("pad", (value,), larger)
        return self._layer(value, read, layer.made, window, layer)

    def dense(self, value: Metered, units: int, *, relu: bool = False) -> Metered:
        made = (positive(units, "units"),)
        return self._layer(value, value, made, flat(value.shape), relu)

    def _pooled(self, value: Metered, layer: Pooling) -> Metered:
        self.pools += 1
        return self._once(layer, (value,), layer.made)

    def global_average(self, value: Metered) -> Metered:
        return self._once("mean", (value,), averaged(value.shape))

    def add(self, left: Metered, right: Metered) -> Metered:
        self.sums += 1
        return self._once("add", (left, right), summed(left.shape, right.shape))

    def concat(self, values: Sequence[Metered]) -> Metered:
        self.sums += 1
        return self._once("concat", tuple(values), joined([value.shape for value in values]))

    def grow(self, value: Metered, spatial: Sequence[int]) -> Metered:
        if not any(grown(value.shape, spatial)):
            return value
        return self._once("grow", (value,), (value.shape[0], *spatial))

    def flatten(self, value: Metered) -> Metered:
        if len(value.shape) == 1:
            return value
        if value.size == value.shape[0]:
            return Metered(value.shape[:1], value)  # who is no dense layer needs it flattened
        return self._once("flatten", (value,), (value.size,))

    def dropout(self, value: Metered, rate: float) -> Metered:
        return value

    def output(self, value: Metered) -> None:
        self._ends.append(self._own(value))

    def _layer(
        self,
        value: Metered,
        read: Metered,
        shape: Shape,
        window: int,
        layer: Convolution | bool,
    ) -> Metered:
        """A layer of weights: each element that it makes meets a window's worth of them."""
        channels = shape[0]
        weights = channels * (window + _BIAS)
        self.size += weights
        self.parameters += channels * (window + 1)
        made = Metered(shape)
        self.macs += made.size * window
        if self.size > self._most_size or self.macs > self._most_macs:
            raise OverLimit
        self._step((read if read.place is None else read.place,), made)
        self.layers.append((value, made, weights, layer))
        return made

    def _once(self, what: object, read: tuple[Metered, ...], made: Shape) -> Metered:
        """An operator without weights: what computes the same again is not there."""
        tensors = tuple([self._own(value) for value in read])
        key = (what, made, tensors)
        if key not in self._computed:
            self._computed[key] = found = Metered(made)
            self._step(tensors, found)
        return self._computed[key]

    def _own(self, value: Metered) -> Metered:
        """A value as a tensor of its own."""
        if value.place is None:
            return value
        return self._once("flatten", (value.place,), value.shape)

    def _step(self, read: tuple[Metered, ...], made: Metered) -> None:
        """One operator: of some tensors, which may be the same, it makes another."""
        live = made.size
        if len(read) == 1:
            live += read[0].size
        else:
            read = tuple(dict.fromkeys(read))
            live += sum([tensor.size for tensor in read])
        if live > self.operator_bound:
            if live > self._most_live:
                raise OverLimit
            self.operator_bound = live
        self._steps.append((read, made))
