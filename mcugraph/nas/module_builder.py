"""A PyTorch module, built layer by layer: what is trained."""

from collections.abc import Callable, Sequence
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from mcugraph.errors import GraphError
from mcugraph.ir import Shape
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
from mcugraph.nas.depthwise_layers import Depthwise1d, Depthwise2d

_CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d}
_DEPTHWISE = {1: Depthwise1d, 2: Depthwise2d}
_NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}
_POOLS = {
    ("max", 1): nn.MaxPool1d,
    ("max", 2): nn.MaxPool2d,
    ("average", 1): nn.AvgPool1d,
    ("average", 2): nn.AvgPool2d,
}


class Placed(NamedTuple):
    """What the network computes at one place."""

    number: int
    shape: Shape


class _Network(nn.Module):
    """Layers, and which results each of them reads."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[str | Callable[..., Tensor], tuple[int, ...]]] = []
        self.result = 0

    def forward(self, data: Tensor) -> Tensor:
        """The network's output for a batch of examples."""
        values = [data]
        for layer, reads in self.steps:
            compute = getattr(self, layer) if isinstance(layer, str) else layer
            values.append(compute(*(values[number] for number in reads)))
        return values[self.result]


class ModuleBuilder(NetworkBuilder[Placed]):
    """Builds a module; layers have the names of `GraphBuilder`'s, and PyTorch's own initial values.

    Example:
        >>> from mcugraph.nas import ModuleBuilder
        >>> b = ModuleBuilder()
        >>> b.output(b.dense(b.input((16,)), units=4))
        >>> b.module().dense1
        Linear(in_features=16, out_features=4, bias=True)
    """

    def __init__(self) -> None:
        self._network = _Network()
        self._counts: dict[str, int] = {}
        self._ended = False

    def module(self) -> nn.Module:
        """The module of what was said: from a batch of examples to a batch of outputs.

        Raises:
            GraphError: Nothing was said to be its output.
        """
        if not self._ended:
            raise GraphError("the network has no output")
        return self._network

    def shape(self, value: Placed) -> Shape:
        return value.shape

    def input(self, shape: Sequence[int]) -> Placed:
        return Placed(0, tuple(shape))

    def dense(self, value: Placed, units: int, *, relu: bool = False) -> Placed:
        units = positive(units, "units")
        layer = nn.Linear(flat(value.shape), units)
        made = self._module("dense", layer, value, (units,))
        return self._relu(made) if relu else made

    def _pooled(self, value: Placed, layer: Pooling) -> Placed:
        made = _POOLS[layer.function, _known(len(layer.window))](layer.window, layer.stride)
        return self._module("pool", made, value, layer.made)

    def global_average(self, value: Placed) -> Placed:
        axes = tuple(range(2, len(value.shape) + 1))
        return self._function(lambda data: data.mean(axes), (value,), averaged(value.shape))

    def add(self, left: Placed, right: Placed) -> Placed:
        return self._function(torch.add, (left, right), summed(left.shape, right.shape))

    def concat(self, values: Sequence[Placed]) -> Placed:
        shape = joined([value.shape for value in values])
        return self._function(lambda *data: torch.cat(data, 1), values, shape)

    def grow(self, value: Placed, spatial: Sequence[int]) -> Placed:
        behind = grown(value.shape, spatial)
        if not any(behind):
            return value
        pads = [length for count in reversed(behind) for length in (0, count)]
        shape = (value.shape[0], *spatial)
        return self._function(lambda data: functional.pad(data, pads), (value,), shape)

    def flatten(self, value: Placed) -> Placed:
        if len(value.shape) == 1:
            return value
        return self._module("flatten", nn.Flatten(), value, (prod(value.shape),))

    def dropout(self, value: Placed, rate: float) -> Placed:
        return self._module("dropout", nn.Dropout(rate), value, value.shape)

    def output(self, value: Placed) -> None:
        self._network.result, self._ended = value.number, True

    def _convolved(self, value: Placed, layer: Convolution) -> Placed:
        made = layer.made
        rank = _known(len(made) - 1)
        channels = value.shape[0]
        alone = layer.depthwise or channels == made[0] == 1
        module = (_DEPTHWISE if alone else _CONVOLUTIONS)[rank](
            channels,
            made[0],
            layer.window,  # type: ignore[arg-type]
            layer.stride,  # type: ignore[arg-type]
            padding=layer.padding,  # type: ignore[arg-type]
            groups=channels if layer.depthwise else 1,
            bias=not layer.norm,
        )
        result = self._module("conv", module, value, made)
        if layer.norm:
            result = self._module("norm", _NORMS[rank](made[0]), result, made)
        return self._relu(result) if layer.relu else result

    def _relu(self, value: Placed) -> Placed:
        return self._module("relu", nn.ReLU(), value, value.shape)

    def _module(self, kind: str, layer: nn.Module, value: Placed, made: Shape) -> Placed:
        number = self._counts[kind] = self._counts.get(kind, 0) + 1
        self._network.add_module(f"{kind}{number}", layer)
        return self._step(f"{kind}{number}", (value,), made)

    def _function(
        self, function: Callable[..., Tensor], values: Sequence[Placed], made: Shape
    ) -> Placed:
        return self._step(function, values, made)

    def _step(
        self, layer: str | Callable[..., Tensor], values: Sequence[Placed], made: Shape
    ) -> Placed:
        self._network.steps.append((layer, tuple(value.number for value in values)))
        return Placed(len(self._network.steps), made)


def _known(rank: int) -> int:
    """How many spatial axes a layer has, held against those that there are layers for.

    Raises:
        GraphError: There are none.
    """
    if rank not in _CONVOLUTIONS:
        raise GraphError(f"there are layers for one or two spatial axes, not for {rank}")
    return rank
