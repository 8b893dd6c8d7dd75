"""Operators that move elements without changing them: layout and order of axes.

Each has one rule, ``move``, over arrays of anything; folding of constants and the labels of
channels both go through it. Those that join, cut or repeat are in ``selection``.
"""

from abc import abstractmethod
from collections.abc import Sequence
from math import prod

from mcugraph.errors import GraphError
from mcugraph.ir import Array, Shape, TensorType
from mcugraph.late_numpy import np
from mcugraph.ops.base import KeepsZero, given, normal_axis
from mcugraph.ops.labels import (
    ALONG,
    NONE,
    Channels,
    compress,
    core,
    equal_rows,
    first_row,
    through,
    varies,
)
from mcugraph.records import dataclass


class Movement(KeepsZero):
    """Default rules: the first input is the data, and ``move`` says where each element goes."""

    __slots__ = ()

    @abstractmethod
    def move(self, data: Array) -> Array:
        """The result for any array as data."""

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data = given(inputs, 0)
        try:
            # A dummy with no strides costs no memory, as long as ``move`` gives a view of it.
            rank = len(data.shape)
            dummy: Array = np.ndarray(data.shape, np.bool_, bytes(1), strides=(0,) * rank)
            shape = self.move(dummy).shape
        except (ValueError, IndexError) as error:
            raise GraphError(f"{self} does not fit data of shape {data.shape}: {error}") from None
        return (TensorType(data.dtype, shape),)

    def evaluate(self, inputs: Sequence[Array | None]) -> tuple[Array, ...] | None:
        return None if inputs[0] is None else (self.move(inputs[0]),)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        return through(self.move, channels)


class _FreeView(Movement):
    """Movements that leave every element where it lies in memory."""

    __slots__ = ()

    @property
    def inplace(self) -> tuple[int, ...]:
        return (0,)


class _Targeted(Movement):
    """Movements that work out the shape of their result first."""

    __slots__ = ()

    @abstractmethod
    def _target(self, data: Shape) -> Shape:
        """The shape of the result."""

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data = given(inputs, 0)
        return (TensorType(data.dtype, self._target(data.shape)),)


class _Reshaping(_FreeView, _Targeted):
    """The same elements in the same order, in another shape."""

    __slots__ = ()

    def move(self, data: Array) -> Array:
        return data.reshape(self._target(data.shape))


@dataclass(frozen=True, slots=True)
class Reshape(_Reshaping):
    """A new shape for the same elements in the same order.

    Attributes:
        shape: The target; -1 once for the axis that takes the rest.
        keep_zero: 0 copies the length of that axis of the data (ONNX).
    """

    shape: Shape
    keep_zero: bool = False

    @property
    def kind(self) -> str:
        return "reshape"

    def _target(self, data: Shape) -> Shape:
        shape = list(self.shape)
        if self.keep_zero:
            shape = [data[i] if dim == 0 and i < len(data) else dim for i, dim in enumerate(shape)]
        if shape.count(-1) == 1:
            known = prod(dim for dim in shape if dim != -1)
            shape[shape.index(-1)] = prod(data) // known if known else 0
        if prod(shape) != prod(data) or min(shape, default=0) < 0:
            raise GraphError(f"data of shape {data} cannot become {self.shape}")
        return tuple(shape)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        results = through(self.move, channels)
        equal_rows(channels, results[0], "an axis is cut into equal parts")
        return results


@dataclass(frozen=True, slots=True)
class Flatten(_Reshaping):
    """Axes before ``axis`` joined into one, and those from it on into another (ONNX)."""

    axis: int = 1

    @property
    def kind(self) -> str:
        return "flatten"

    def _target(self, data: Shape) -> Shape:
        axis = self.axis if self.axis == len(data) else normal_axis(self.axis, len(data))
        return (prod(data[:axis]), prod(data[axis:]))


@dataclass(frozen=True, slots=True)
class Squeeze(_FreeView):
    """Axes of length 1 removed; axes None: all of them."""

    axes: tuple[int, ...] | None = None

    @property
    def kind(self) -> str:
        return "squeeze"

    def move(self, data: Array) -> Array:
        return np.squeeze(data, self.axes)


@dataclass(frozen=True, slots=True)
class Unsqueeze(_FreeView):
    """Axes of length 1 put in, at the given places of the result."""

    axes: tuple[int, ...]

    @property
    def kind(self) -> str:
        return "unsqueeze"

    def move(self, data: Array) -> Array:
        return np.expand_dims(data, self.axes)


@dataclass(frozen=True, slots=True)
class Transpose(Movement):
    """Axes in a new order; permutation None: reversed."""

    permutation: tuple[int, ...] | None = None

    @property
    def kind(self) -> str:
        return "transpose"

    def move(self, data: Array) -> Array:
        return np.transpose(data, self.permutation)


@dataclass(frozen=True, slots=True)
class Reverse(Movement):
    """The order of elements reversed along some axes."""

    axes: tuple[int, ...]

    @property
    def kind(self) -> str:
        return "reverse"

    def move(self, data: Array) -> Array:
        return np.flip(data, self.axes)


@dataclass(frozen=True, slots=True)
class Roll(Movement):
    """Elements shifted along some axes; what leaves at one end comes back at the other."""

    shifts: tuple[int, ...]
    axes: tuple[int, ...]

    @property
    def kind(self) -> str:
        return "roll"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        return (given(inputs, 0),)

    def move(self, data: Array) -> Array:
        return np.roll(data, self.shifts, self.axes)


@dataclass(frozen=True, slots=True)
class Expand(Movement):
    """Data and a shape broadcast against each other."""

    shape: Shape

    @property
    def kind(self) -> str:
        return "expand"

    def move(self, data: Array) -> Array:
        return np.broadcast_to(data, np.broadcast_shapes(data.shape, self.shape))

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        (made,) = results = through(self.move, channels)
        other, data = channels.met(), channels.shapes[0] or ()
        for axis, length in enumerate(made.shape):
            before = axis - made.ndim + len(data)
            repeated = length > 1 and (before < 0 or data[before] == 1)
            lies = repeated and other is not None and varies(other, axis)
            if channels.works(f"{ALONG} {axis}", lies) and other is not None:
                # As many entries as the channels that it meets, and they go with these.
                return (compress(np.where(core(made) == NONE, core(other), core(made))),)
        return results


@dataclass(frozen=True, slots=True)
class DepthToSpace(_Targeted):
    """Pixel shuffle: channels become blocks of space.

    Attributes:
        block: Side of a block.
        channel_axis: 1 for channels first and -1 for channels last.
        columns_first: Channels are (channel, row, column), as in PyTorch and ONNX's CRD mode;
            otherwise (row, column, channel).
    """

    block: int
    channel_axis: int = 1
    columns_first: bool = False

    @property
    def kind(self) -> str:
        return "depth_to_space"

    def _target(self, data: Shape) -> Shape:
        if len(data) != 4 or data[self.channel_axis] % self.block**2:
            raise GraphError(f"{data} has no channels in blocks of {self.block}x{self.block}")
        channel = self.channel_axis % 4
        return tuple(
            dim if axis == 0 else dim // self.block**2 if axis == channel else dim * self.block
            for axis, dim in enumerate(data)
        )

    def move(self, data: Array) -> Array:
        b, first = self.block, np.moveaxis(data, self.channel_axis, 1)
        n, c, h, w = first.shape
        if self.columns_first:
            parts = first.reshape(n, c // b**2, b, b, h, w).transpose(0, 1, 4, 2, 5, 3)
        else:
            parts = first.reshape(n, b, b, c // b**2, h, w).transpose(0, 3, 4, 1, 5, 2)
        return np.moveaxis(parts.reshape(n, c // b**2, h * b, w * b), 1, self.channel_axis)


@dataclass(frozen=True, slots=True)
class SpaceToDepth(_Targeted):
    """Pixel unshuffle: blocks of space become channels; attributes as in ``DepthToSpace``."""

    block: int
    channel_axis: int = 1
    columns_first: bool = False

    @property
    def kind(self) -> str:
        return "space_to_depth"

    def _target(self, data: Shape) -> Shape:
        channel = self.channel_axis % 4
        if len(data) != 4 or any(data[a] % self.block for a in {1, 2, 3} - {channel}):
            raise GraphError(f"{data} does not fall into blocks of {self.block}x{self.block}")
        return tuple(
            dim if axis == 0 else dim * self.block**2 if axis == channel else dim // self.block
            for axis, dim in enumerate(data)
        )

    def move(self, data: Array) -> Array:
        b, first = self.block, np.moveaxis(data, self.channel_axis, 1)
        n, c, h, w = first.shape
        parts = first.reshape(n, c, h // b, b, w // b, b)
        order = (0, 1, 3, 5, 2, 4) if self.columns_first else (0, 3, 5, 1, 2, 4)
        result = parts.transpose(order).reshape(n, c * b**2, h // b, w // b)
        return np.moveaxis(result, 1, self.channel_axis)


@dataclass(frozen=True, slots=True)
class ChannelShuffle(_Targeted):
    """Channels of several groups interleaved (Zhang et al., arXiv:1707.01083)."""

    groups: int

    @property
    def kind(self) -> str:
        return "channel_shuffle"

    def _target(self, data: Shape) -> Shape:
        if len(data) < 2 or data[1] % self.groups:
            raise GraphError(f"{data} has no channels in {self.groups} even groups")
        return data

    def move(self, data: Array) -> Array:
        n, c, *rest = data.shape
        parts = data.reshape(n, self.groups, c // self.groups, *rest)
        return parts.swapaxes(1, 2).reshape(data.shape)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data = channels.labels(0)
        if data is not None and varies(data, 1):
            parts = np.split(first_row(data, 1), self.groups)
            channels.equal(parts, "equal channels in every group of a shuffle")
        return through(self.move, channels)


@dataclass(frozen=True, slots=True)
class SpaceToBatch(_Targeted):
    """Zero-padded blocks of space become batch entries (channels last).

    Attributes:
        block: Side of a block along each spatial axis.
        pads: Zeros (before, after) along each spatial axis.
    """

    block: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]

    @property
    def kind(self) -> str:
        return "space_to_batch"

    def _target(self, data: Shape) -> Shape:
        spatial = []
        for dim, block, (before, after) in zip(data[1:], self.block, self.pads, strict=False):
            if (dim + before + after) % block:
                raise GraphError(f"{data} does not fall into blocks of {self.block}")
            spatial.append((dim + before + after) // block)
        return (data[0] * prod(self.block), *spatial, *data[1 + len(self.block) :])

    def move(self, data: Array) -> Array:
        rest = data.ndim - 1 - len(self.block)
        padded = np.pad(data, ((0, 0), *self.pads, *((0, 0),) * rest))
        split: list[int] = [data.shape[0]]
        for dim, block in zip(padded.shape[1:], self.block, strict=False):
            split += [dim // block, block]
        axes = range(len(self.block))
        order = [2 + 2 * i for i in axes] + [0] + [1 + 2 * i for i in axes]
        order += range(len(split), len(split) + rest)
        parts = padded.reshape(*split, *data.shape[data.ndim - rest :])
        return parts.transpose(order).reshape(self._target(data.shape))


@dataclass(frozen=True, slots=True)
class BatchToSpace(_Targeted):
    """Batch entries become blocks of space, cropped (channels last)."""

    block: tuple[int, ...]
    crops: tuple[tuple[int, int], ...]

    @property
    def kind(self) -> str:
        return "batch_to_space"

    def _target(self, data: Shape) -> Shape:
        if data[0] % prod(self.block):
            raise GraphError(f"{data} has no batch in blocks of {self.block}")
        spatial = [
            dim * block - before - after
            for dim, block, (before, after) in zip(data[1:], self.block, self.crops, strict=False)
        ]
        return (data[0] // prod(self.block), *spatial, *data[1 + len(self.block) :])

    def move(self, data: Array) -> Array:
        m, batch = len(self.block), data.shape[0] // prod(self.block)
        parts = data.reshape(*self.block, batch, *data.shape[1:])
        order = [m]
        for i in range(m):
            order += [m + 1 + i, i]
        order += range(2 * m + 1, parts.ndim)
        spatial = [dim * block for dim, block in zip(data.shape[1:], self.block, strict=False)]
        joined = parts.transpose(order).reshape(batch, *spatial, *data.shape[1 + m :])
        ends = zip(spatial, self.crops, strict=True)
        return joined[(slice(None), *(slice(a, size - b) for size, (a, b) in ends))]
