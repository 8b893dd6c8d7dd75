"""Pooling over windows, and over everything."""

from collections.abc import Mapping, Sequence

from mcugraph.errors import GraphError
from mcugraph.ir import Array, Dim, Dims, DType, Signature, TensorType
from mcugraph.ops.base import Fusable, KeepsZero, count, given, other_axes
from mcugraph.ops.labels import Channels, hold, resized
from mcugraph.ops.window import Padding, Sweep, Windowed, check_steps
from mcugraph.records import dataclass

_TOGETHER = "channels are pooled together"


@dataclass(frozen=True, slots=True)
class Pool(Windowed, KeepsZero, Fusable):
    """Maximum, average or Lp norm of a window, channel by channel.

    Attributes:
        function: ``"max"``, ``"average"`` or ``"lp"``.
        window, strides, dilations: One an axis of the window.
        padding: Around the spatial axes.
        channel_axis: Of the data, 1 for channels first and -1 for channels last.
        ceil: A last partial window counts too.
        counts_padding: Of an average: zeros of an explicit padding are among what it is the average
            of (``count_include_pad`` of ONNX and PyTorch). SAME of TFLite never counts them.
        divisor: Of an average: what sums are divided by, however many elements they are of
            (``divisor_override`` of PyTorch); None: by the number of elements.
        index_dtype: Element type of the positions of the maxima, where they are an output too.

    Raises:
        GraphError: A length of the window, a stride or a dilation is not positive.
    """

    function: str
    window: tuple[int, ...]
    strides: tuple[int, ...]
    padding: Padding
    dilations: tuple[int, ...] = ()
    channel_axis: int = 1
    ceil: bool = False
    counts_padding: bool = False
    activation: str | None = None
    index_dtype: DType | None = None
    divisor: int | None = None

    def __post_init__(self) -> None:
        check_steps(self.window, self.strides, self.dilations)

    @property
    def kind(self) -> str:
        return f"{self.function}_pool{len(self.window)}d"

    def sweeps(self, shapes: Sequence[Dims | None]) -> Mapping[int, Sweep]:
        data = shapes[0] or ()
        axes = other_axes(len(data), 0, self.channel_axis)
        if len(axes) != len(self.window):
            raise GraphError(f"a window of {self.window} does not fit data of shape {data}")
        dilations = self.dilations or (1,) * len(axes)
        return {
            axis: Sweep(data[axis], kernel, stride, dilation, self.ceil)
            for axis, kernel, stride, dilation in zip(
                axes, self.window, self.strides, dilations, strict=True
            )
        }

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data = given(inputs, 0)
        for i, sweep in enumerate(self.sweeps([data.shape]).values()):
            if max(self.padding.amounts(i, sweep)) >= sweep.reach:
                raise GraphError(f"a window of {self.window} would lie on {self.padding} alone")
        shape = self.slide(data.shape, [data.shape])
        dtypes = [data.dtype] if self.index_dtype is None else [data.dtype, self.index_dtype]
        return tuple(TensorType(dtype, tuple(shape)) for dtype in dtypes)

    def elementwise(self, s: Signature) -> Dim | None:
        return count(s.outputs[0]) * count(self.window)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data = channels.labels(0)
        if data is None:
            return None
        spatial = [axis for axis in range(1, data.ndim) if axis != self.channel_axis % data.ndim]
        hold(channels, data, spatial, _TOGETHER)
        return (resized(data, channels.results[0], channels, _TOGETHER),) * len(channels.results)


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
        return (resized(data, channels.results[0], channels, _TOGETHER),)


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
        hold(channels, data, range(2, data.ndim), _TOGETHER)
        return (resized(data, channels.results[0], channels, _TOGETHER),) * len(channels.results)
