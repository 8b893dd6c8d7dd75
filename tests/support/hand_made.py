"""Graphs of convolutions, built operator by operator, without a file or a model behind them."""

from math import prod

import numpy as np

from mcugraph.ir import Constant, DType, Graph, Kind, Op, Operator, Source, Tensor
from mcugraph.ops.convolution import Conv

SIDE = 4  # rows and columns of every image


class HandMade:
    """A graph that grows; everything reads and makes images of ``SIDE`` x ``SIDE``."""

    def __init__(self, channels: int = 3) -> None:
        self._tensors: dict[str, Tensor] = {}
        self._operators: list[Operator] = []
        self._activation("x", (1, channels, SIDE, SIDE))

    def _activation(self, name: str, shape: tuple[int, ...]) -> None:
        self._tensors[name] = Tensor(name, DType.FLOAT32, shape)

    def channels(self, name: str) -> int:
        return (self._tensors[name].shape or ())[1]

    def constant(self, name: str, *shape: int) -> str:
        """Numbers of which no two are alike."""
        made = Constant(name, lambda: np.arange(prod(shape), dtype=np.float32).reshape(shape))
        self._tensors[name] = Tensor(name, DType.FLOAT32, shape, Kind.CONSTANT, made)
        return name

    def add(self, name: str, op: Op, reads: tuple[str, ...], made: int | tuple[int, ...]) -> str:
        """An operator, and the image of some channels, or the tensor, that it makes; one name."""
        self._activation(name, (1, made, SIDE, SIDE) if isinstance(made, int) else made)
        self._operators.append(Operator(name, op, reads, (name,), op.kind))
        return name

    def conv(
        self, name: str, read: str, made: int, groups: int = 1, bias: str | None = None
    ) -> str:
        """A layer with weights ``name.weight`` of 1 x 1 and, as a rule, biases ``name.bias``."""
        weight = self.constant(f"{name}.weight", made, self.channels(read) // groups, 1, 1)
        depthwise = 1 < groups == self.channels(read)
        op = Conv((1, 1), (1, 1), ((0, 0), (0, 0)), groups=groups, depthwise=depthwise)
        return self.add(name, op, (read, weight, bias or self.constant(f"{name}.bias", made)), made)

    def graph(self, *outputs: str, form: str = "onnx") -> Graph:
        return Graph(
            "made", tuple(self._operators), dict(self._tensors), ("x",), outputs, Source(form)
        )
