"""Pooling over windows, and over everything."""

from collections.abc import Sequence
from dataclasses import dataclass

from mcugraph.errors import GraphError
from mcugraph.ir import Array, Dim, DType, Signature, TensorType
from mcugraph.ops.base import Fusable, KeepsZero, Padding, count, given, windows
from mcugraph.ops.labels import Channels, resized


@dataclass(frozen=True, slots=True)
class Pool(KeepsZero, Fusable):
    """Maximum, average or Lp norm of a window, channel by channel.

    Attributes:
        function: ``"max"``, ``"average"`` or ``"lp"``.
        window, strides, dilations: One an axis of the window.
        padding: ``"same"``, ``"valid"``, or (before, after) for each axis of the window.
        channel_axis: Of the data, 1 for channels first and -1 for channels last.
        ceil: A last partial window counts too.
        index_dtype: Element type of the positions of the maxima, where they are an output too.
    """

    function: str
    window: tuple[int, ...]
    strides: tuple[int, ...]
    padding: Padding
    dilations: tuple[int, ...] = ()
    channel_axis: int = 1
    ceil: bool = False
    activation: str | None = None
    index_dtype: DType | None = None

    @property
    def kind(self) -> str:
        return f"{self.function}_pool{len(self.window)}d"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data = given(inputs, 0)
        shape = list(data.shape)
        spatial = [a for a in range(1, len(shape)) if a != self.channel_axis % len(shape)]
        for i, (axis, size) in enumerate(zip(spatial, self.window, strict=True)):
            dilation = self.dilations[i] if self.dilations else 1
            shape[axis] = windows(
                data.shape[axis], size, self.strides[i], dilation, self.padding, i, self.ceil
            )
        dtypes = [data.dtype] if self.index_dtype is None else [data.dtype, self.index_dtype]
        return tuple(TensorType(dtype, tuple(shape)) for dtype in dtypes)

    def elementwise(self, s: Signature) -> Dim | None:
        return count(s.outputs[0]) * count(self.window)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data = channels.labels(0)
        if data is None:
            return None
        made = resized(data, channels.results[0], channels, "channels are pooled together")
        return (made,) * len(channels.results)


@dataclass(frozen=True, slots=True)
class GlobalPool(KeepsZero):
    """Maximum, average or Lp norm over all positions of each channel, axes kept as 1."""

    function: str
    channel_axis: int = 1

    @property
    def kind(self) -> str:
        return f"global_{self.function}_pool"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data = given(inputs, 0)
        channel = self.channel_axis % len(data.shape)
        shape = (dim if axis in (0, channel) else 1 for axis, dim in enumerate(data.shape))
        return (TensorType(data.dtype, tuple(shape)),)

    def elementwise(self, s: Signature) -> Dim | None:
        return None if s.inputs[0] is None else count(s.inputs[0])

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data = channels.labels(0)
        if data is None:
            return None
        return (resized(data, channels.results[0], channels, "channels are pooled together"),)


@dataclass(frozen=True, slots=True)
class AdaptivePool(KeepsZero):
    """Pooling to a given size: windows of even share, which may overlap (PyTorch).

    Attributes:
        function: ``"max"`` or ``"average"``.
        size: Length of each spatial axis of the result. Data is (batch, channels, spatial...).
        index_dtype: Element type of the positions of the maxima, where they are an output too.
    """

    function: str
    size: tuple[int, ...]
    index_dtype: DType | None = None

    @property
    def kind(self) -> str:
        return f"adaptive_{self.function}_pool{len(self.size)}d"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data = given(inputs, 0)
        if len(data.shape) != len(self.size) + 2:
            raise GraphError(f"data of shape {data.shape} cannot be pooled to {self.size}")
        dtypes = [data.dtype] if self.index_dtype is None else [data.dtype, self.index_dtype]
        return tuple(TensorType(dtype, (*data.shape[:2], *self.size)) for dtype in dtypes)

    def elementwise(self, s: Signature) -> Dim | None:
        data = s.inputs[0]
        if data is None:
            return None
        total = data[0] * data[1]
        for length, size in zip(data[2:], self.size, strict=True):
            # Window i reaches from i * length // size to the upper end of its share.
            total = total * sum(
                -(-(i + 1) * length // size) - i * length // size for i in range(size)
            )
        return total

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data = channels.labels(0)
        if data is None:
            return None
        made = resized(data, channels.results[0], channels, "channels are pooled together")
        return (made,) * len(channels.results)
