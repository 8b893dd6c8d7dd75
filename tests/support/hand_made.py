"""Graphs of convolutions, built operator by operator, without a file or a model behind them."""

import numpy as np

from mcugraph.ir import Constant, DType, Graph, Kind, Op, Operator, Source, Tensor
from mcugraph.ops.convolution import Conv

SIDE = 4  # rows and columns of every image


class HandMade:
    """A graph that grows; everything reads and makes images of ``SIDE`` x ``SIDE``."""

    def __init__(self, channels: int = 3) -> None:
        self._tensors: dict[str, Tensor] = {}
        self._operators: list[Operator] = []
        self._image("x", channels)

    def _image(self, name: str, channels: int) -> None:
        self._tensors[name] = Tensor(name, DType.FLOAT32, (1, channels, SIDE, SIDE))

    def channels(self, name: str) -> int:
        return (self._tensors[name].shape or ())[1]

    def constant(self, name: str, *shape: int, value: float = 1) -> str:
        made = Constant(name, lambda: np.full(shape, value, np.float32))
        self._tensors[name] = Tensor(name, DType.FLOAT32, shape, Kind.CONSTANT, made)
        return name

    def add(self, name: str, op: Op, reads: tuple[str, ...], channels: int) -> str:
        """An operator and the image that it makes, which bears its name."""
        self._image(name, channels)
        self._operators.append(Operator(name, op, reads, (name,), op.kind))
        return name

    def conv(self, name: str, read: str, made: int, groups: int = 1) -> str:
        """A layer with weights ``name.weight`` of 1 x 1 and biases ``name.bias``."""
        weight = self.constant(f"{name}.weight", made, self.channels(read) // groups, 1, 1)
        bias = self.constant(f"{name}.bias", made)
        op = Conv((1, 1), (1, 1), ((0, 0), (0, 0)), groups=groups)
        return self.add(name, op, (read, weight, bias), made)

    def graph(self, *outputs: str, form: str = "onnx") -> Graph:
        return Graph(
            "made", tuple(self._operators), dict(self._tensors), ("x",), outputs, Source(form)
        )
