"""A graph, built layer by layer: what every exact figure is asked of."""

from collections.abc import Sequence
from functools import partial
from math import prod

from mcugraph.errors import FormatError, GraphError
from mcugraph.ir import Array, Constant, DType, Graph, Kind, Op, Operator, Shape, Source, Tensor
from mcugraph.nas.builder import (
    Convolution,
    NetworkBuilder,
    Pooling,
    averaged,
    flat,
    grown,
    joined,
    positive,
    summed,
)
from mcugraph.ops.convolution import Conv
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.linear import Dense
from mcugraph.ops.movement import Flatten
from mcugraph.ops.normalization import BatchNorm
from mcugraph.ops.pooling import Pool
from mcugraph.ops.reduction import Reduce
from mcugraph.ops.selection import Concat, Pad
from mcugraph.ops.window import VALID, symmetric


class GraphBuilder(NetworkBuilder[str]):
    """Builds the graph that ``from_torch`` makes of the module of the same layers.

    It knows shapes and no values, in float32: ``profile(graph, precision="int8")`` tells what its
    int8 file costs. A value is the name of a tensor.

    Example:
        >>> from mcugraph.nas import GraphBuilder
        >>> b = GraphBuilder("tiny")
        >>> x = b.conv(b.input((1, 28, 28)), channels=8, kernel=3, stride=2, relu=True)
        >>> b.output(b.dense(b.global_average(x), units=10))
        >>> b.graph().outputs
        ('dense1',)
    """

    def __init__(self, name: str = "network") -> None:
        self._name = name
        self._operators: list[Operator] = []
        self._tensors: dict[str, Tensor] = {}
        self._inputs: list[str] = []
        self._outputs: list[str] = []
        self._counts: dict[str, int] = {}

    def graph(self) -> Graph:
        """The graph of what was said.

        Raises:
            GraphError: Nothing was said to be its input, or its output, or nothing reads what a
                layer makes: it would count, and no deployment has it.
        """
        if not self._inputs or not self._outputs:
            raise GraphError(f"network {self._name!r} has no input or no output")
        read = {name for operator in self._operators for name in operator.inputs}
        for made in (operator.outputs[0] for operator in self._operators):
            if made not in read and made not in self._outputs:
                raise GraphError(f"network {self._name!r}: nothing reads what {made} makes")
        return Graph(
            self._name,
            tuple(self._operators),
            self._tensors,
            tuple(self._inputs),
            tuple(self._outputs),
            Source("builder"),
        )

    def shape(self, value: str) -> Shape:
        return (self._tensors[value].shape or ())[1:]

    def input(self, shape: Sequence[int]) -> str:
        name = self._new("input", (1, *shape))
        self._inputs.append(name)
        return name

    def dense(self, value: str, units: int, *, relu: bool = False) -> str:
        units = positive(units, "units")
        matrix = (units, flat(self.shape(value)))
        made = self._layer("dense", Dense(), value, matrix, (units,), bias=True)
        return self._relu(made) if relu else made

    def _pooled(self, value: str, layer: Pooling) -> str:
        op = Pool(layer.function, layer.window, layer.stride, VALID)
        return self._step("pool", op, (value,), layer.made)

    def global_average(self, value: str) -> str:
        shape = self.shape(value)
        axes = tuple(range(2, len(shape) + 1))
        return self._step("average", Reduce("mean", axes), (value,), averaged(shape))

    def add(self, left: str, right: str) -> str:
        shape = summed(self.shape(left), self.shape(right))
        return self._step("add", Elementwise("add"), (left, right), shape)

    def concat(self, values: Sequence[str]) -> str:
        shape = joined([self.shape(value) for value in values])
        return self._step("concat", Concat(1), tuple(values), shape)

    def grow(self, value: str, spatial: Sequence[int]) -> str:
        shape = self.shape(value)
        behind = grown(shape, spatial)
        if not any(behind):
            return value
        pads = ((0, 0), (0, 0), *((0, count) for count in behind))
        return self._step("pad", Pad(pads), (value,), (shape[0], *spatial))

    def flatten(self, value: str) -> str:
        shape = self.shape(value)
        if len(shape) == 1:
            return value
        return self._step("flatten", Flatten(), (value,), (prod(shape),))

    def dropout(self, value: str, rate: float) -> str:
        return self._step("dropout", Elementwise("dropout"), (value,), self.shape(value))

    def output(self, value: str) -> None:
        self._outputs.append(value)

    def _convolved(self, value: str, layer: Convolution) -> str:
        read, made = self.shape(value), layer.made
        groups = read[0] if layer.depthwise else 1
        rank = len(made) - 1
        op = Conv(
            layer.stride,
            (1,) * rank,
            symmetric(layer.padding) if layer.same else VALID,
            groups,
            depthwise=groups > 1,
        )
        weight = (made[0], read[0] // groups, *layer.window)
        result = self._layer("conv", op, value, weight, made, bias=not layer.norm)
        if layer.norm:
            result = self._norm(result, made)
        return self._relu(result) if layer.relu else result

    def _norm(self, value: str, shape: Shape) -> str:
        name = self._fresh("norm")
        fields = ("weight", "bias", "running_mean", "running_var")
        held = [self._constant(f"{name}.{field}", shape[:1]) for field in fields]
        return self._step(name, BatchNorm(), (value, *held), shape, name)

    def _relu(self, value: str) -> str:
        return self._step("relu", Elementwise("relu"), (value,), self.shape(value))

    def _layer(
        self, kind: str, op: Op, value: str, weight: Shape, made: Shape, *, bias: bool
    ) -> str:
        """An operator with weights, and perhaps a bias for each channel or unit that it makes."""
        name = self._fresh(kind)
        held = [self._constant(f"{name}.weight", weight)]
        if bias:
            held.append(self._constant(f"{name}.bias", made[:1]))
        return self._step(kind, op, (value, *held), made, name)

    def _step(
        self, kind: str, op: Op, reads: tuple[str, ...], made: Shape, name: str | None = None
    ) -> str:
        name = self._new(kind, (1, *made), name)
        self._operators.append(Operator(name, op, reads, (name,), op.kind))
        return name

    def _new(self, kind: str, shape: Shape, name: str | None = None) -> str:
        name = name or self._fresh(kind)
        self._tensors[name] = Tensor(name, DType.FLOAT32, shape)
        return name

    def _constant(self, name: str, shape: Shape) -> str:
        # By its key the pruner knows the module's parameter; there are no values.
        stored = Constant(name, partial(_no_values, name))
        self._tensors[name] = Tensor(name, DType.FLOAT32, shape, Kind.CONSTANT, stored)
        return name

    def _fresh(self, kind: str) -> str:
        number = self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{kind}{number}"


def _no_values(name: str) -> Array:
    raise FormatError(f"{name}: a network that was built from its layers has no values")
