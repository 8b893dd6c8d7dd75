"""Operators that join, cut, repeat, pad or look up elements without changing them."""

from collections.abc import Sequence
from typing import Any

from mcugraph.errors import GraphError
from mcugraph.ir import Array, Role, Shape, TensorType
from mcugraph.late_numpy import np
from mcugraph.ops.base import Fusable, KeepsZero, Rules, given, normal_axis
from mcugraph.ops.labels import (
    ALONG,
    Channels,
    compress,
    constants_beside,
    equal_rows,
    in_steps,
    lie_along,
    resized,
    spread,
    through,
    together,
    varies,
)
from mcugraph.ops.movement import Movement
from mcugraph.records import dataclass

_EQUAL_ROWS = "equal channels in every row of what is cut"


@dataclass(frozen=True, slots=True)
class Concat(Fusable):
    """Tensors joined along an axis that they have."""

    axis: int
    activation: str | None = None

    @property
    def kind(self) -> str:
        return "concat"

    @property
    def fuses(self) -> bool:
        return False  # the kernel can, but converters leave the activation on its own

    def role(self, index: int) -> Role:
        return Role.WEIGHT

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        shapes = [given(inputs, i).shape for i in range(len(inputs))]
        axis = normal_axis(self.axis, len(shapes[0]))
        rest = {shape[:axis] + shape[axis + 1 :] for shape in shapes}
        if len(rest) != 1 or len({len(shape) for shape in shapes}) != 1:
            raise GraphError(f"shapes {' and '.join(map(str, shapes))} do not join on axis {axis}")
        joined = list(shapes[0])
        joined[axis] = sum(shape[axis] for shape in shapes)
        return (TensorType(given(inputs, 0).dtype, tuple(joined)),)

    def keeps_zero(self, zero: Sequence[bool | None]) -> bool:
        return False not in zero

    def evaluate(self, inputs: Sequence[Array | None]) -> tuple[Array, ...] | None:
        arrays = [value for value in inputs if value is not None]
        return (np.concatenate(arrays, self.axis),) if len(arrays) == len(inputs) else None

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        found = [channels.labels(index) for index in range(len(channels.shapes))]
        axis = self.axis % len(channels.results[0])
        lie = any(labels is not None and lie_along(labels, axis) for labels in found)
        if channels.works(ALONG, lie):
            for index, shape in enumerate(channels.shapes):
                if found[index] is None and shape is not None:
                    made = channels.spare(shape[axis])
                    channels.bind(index, axis, made)
                    found[index] = spread(made, axis, shape)
        else:
            found = constants_beside(channels, found, axis)
        results = self.evaluate(found)
        return None if results is None else tuple(map(compress, results))


@dataclass(frozen=True, slots=True)
class Stack(KeepsZero):
    """Tensors of one shape joined along a new axis."""

    axis: int

    @property
    def kind(self) -> str:
        return "stack"

    def role(self, index: int) -> Role:
        return Role.WEIGHT

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        first = given(inputs, 0)
        axis = normal_axis(self.axis, len(first.shape) + 1)
        shape = (*first.shape[:axis], len(inputs), *first.shape[axis:])
        return (TensorType(first.dtype, shape),)

    def evaluate(self, inputs: Sequence[Array | None]) -> tuple[Array, ...] | None:
        arrays = [value for value in inputs if value is not None]
        return (np.stack(arrays, self.axis),) if len(arrays) == len(inputs) else None

    def keeps_zero(self, zero: Sequence[bool | None]) -> bool:
        return False not in zero

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        found = [channels.labels(index) for index in range(len(channels.shapes))]
        results = self.evaluate(constants_beside(channels, found, None))
        return None if results is None else tuple(map(compress, results))


@dataclass(frozen=True, slots=True)
class Unstack(KeepsZero):
    """One output for each entry of an axis, which is removed."""

    axis: int

    @property
    def kind(self) -> str:
        return "unstack"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data = given(inputs, 0)
        axis = normal_axis(self.axis, len(data.shape))
        part = TensorType(data.dtype, data.shape[:axis] + data.shape[axis + 1 :])
        return (part,) * data.shape[axis]

    def evaluate(self, inputs: Sequence[Array | None]) -> tuple[Array, ...] | None:
        return None if inputs[0] is None else tuple(np.moveaxis(inputs[0], self.axis, 0))

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        return together(self.evaluate, channels, inputs=1)


@dataclass(frozen=True, slots=True)
class Split(KeepsZero):
    """Consecutive parts of an axis.

    Attributes:
        axis: The axis to cut.
        sizes: Length of each part.
        parts: Number of even parts instead; the last may be smaller.
    """

    axis: int
    sizes: tuple[int, ...] | None = None
    parts: int | None = None

    @property
    def kind(self) -> str:
        return "split"

    def _sizes(self, length: int) -> tuple[int, ...]:
        if self.sizes is None:
            parts = self.parts or 1
            each = -(-length // parts)
            return tuple(min(each, max(length - i * each, 0)) for i in range(parts))
        if self.sizes.count(-1) == 1:
            rest = length - sum(self.sizes) - 1
            return tuple(rest if size == -1 else size for size in self.sizes)
        if sum(self.sizes) != length:
            raise GraphError(f"parts of {self.sizes} do not make up {length} elements")
        return self.sizes

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data = given(inputs, 0)
        axis = normal_axis(self.axis, len(data.shape))
        return tuple(
            TensorType(data.dtype, (*data.shape[:axis], size, *data.shape[axis + 1 :]))
            for size in self._sizes(data.shape[axis])
        )

    def evaluate(self, inputs: Sequence[Array | None]) -> tuple[Array, ...] | None:
        data = inputs[0]
        if data is None:
            return None
        cuts = np.cumsum(self._sizes(data.shape[self.axis]))[:-1]
        return tuple(np.split(data, cuts, self.axis))

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        parts = together(self.evaluate, channels, inputs=1)
        for labels in parts or ():
            equal_rows(channels, labels, _EQUAL_ROWS)
        return parts


Item = slice | int | None


@dataclass(frozen=True, slots=True)
class Slice(Movement):
    """Basic indexing as in numpy: a slice, an int or None (a new axis) each axis.

    Raises:
        GraphError: A slice has the step 0.
    """

    index: tuple[Item, ...]

    def __post_init__(self) -> None:
        if any(isinstance(item, slice) and item.step == 0 for item in self.index):
            raise GraphError("a slice has the step 0, which leads nowhere")

    @property
    def kind(self) -> str:
        return "slice"

    def move(self, data: Array) -> Array:
        return data[self.index]

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        labels = channels.labels(0)
        for axis, item in enumerate(item for item in self.index if item is not None):
            if labels is not None and isinstance(item, slice) and varies(labels, axis):
                in_steps(channels, labels, axis, range(*item.indices(labels.shape[axis])))
        (part,) = through(self.move, channels)
        equal_rows(channels, part, _EQUAL_ROWS)
        return (part,)


@dataclass(frozen=True, slots=True)
class Pad(Rules):
    """Elements put around the data; negative numbers cut some off.

    Attributes:
        pads: (before, after) for each axis.
        mode: ``"constant"``, ``"lowest"`` (a constant too: what a maximum passes over),
            ``"reflect"``, ``"edge"``, ``"symmetric"`` or ``"wrap"``.
        value: Of a constant; None: it is not known.
    """

    pads: tuple[tuple[int, int], ...]
    mode: str = "constant"
    value: float | None = 0.0

    @property
    def kind(self) -> str:
        return "pad"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data = given(inputs, 0)
        if len(self.pads) != len(data.shape):
            raise GraphError(f"{len(self.pads)} pairs of padding for data of shape {data.shape}")
        pairs = zip(data.shape, self.pads, strict=True)
        return (TensorType(data.dtype, tuple(dim + a + b for dim, (a, b) in pairs)),)

    def keeps_zero(self, zero: Sequence[bool | None]) -> bool:
        return zero[0] is True and (self.mode != "constant" or self.value == 0)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data = channels.labels(0)
        if data is None or min(min(pair) for pair in self.pads) < 0:
            return None
        # Only along axes that channels lie along does it matter what is put around them.
        axes = [i for i in range(data.ndim) if channels.works(f"{ALONG} {i}", lie_along(data, i))]
        pads = [pair if axis in axes else (0, 0) for axis, pair in enumerate(self.pads)]
        modes: dict[str, Any] = {"mode": self.mode}
        padded = data
        if self.mode not in ("constant", "lowest"):
            padded = np.pad(data, pads, **modes) if any(map(any, pads)) else data
        else:
            for axis, pair in enumerate(pads):
                if any(pair):
                    padded = self._put(channels, padded, axis, pair)
        core = padded[
            tuple(
                slice(None) if old == new else slice(0, 1)
                for old, new in zip(padded.shape, channels.results[0], strict=True)
            )
        ]
        return (compress(np.broadcast_to(core, channels.results[0])),)

    def _put(self, channels: Channels, data: Array, axis: int, pair: tuple[int, int]) -> Array:
        """Entries around channels: with those that they are added to, they go."""
        parts = [data]
        for count, place in zip(pair, (0, 2), strict=True):
            shape = (*data.shape[:axis], count, *data.shape[axis + 1 :])
            parts.insert(place, spread(channels.spare(count), axis, shape))
        return np.concatenate(parts, axis)


@dataclass(frozen=True, slots=True)
class Tile(KeepsZero):
    """The data repeated along each axis."""

    repeats: tuple[int, ...]

    @property
    def kind(self) -> str:
        return "tile"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data = given(inputs, 0)
        if len(self.repeats) != len(data.shape):
            raise GraphError(f"repeats {self.repeats} do not fit data of shape {data.shape}")
        pairs = zip(data.shape, self.repeats, strict=True)
        return (TensorType(data.dtype, tuple(dim * times for dim, times in pairs)),)

    def evaluate(self, inputs: Sequence[Array | None]) -> tuple[Array, ...] | None:
        return None if inputs[0] is None else (np.tile(inputs[0], self.repeats),)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        return together(self.evaluate, channels, inputs=1)


@dataclass(frozen=True, slots=True)
class Gather(KeepsZero):
    """Entries of the data along an axis, at given indices: (data, indices).

    Attributes:
        axis: Of the data.
        batch_axes: Leading axes that data and indices share.
        chosen: The indices in a row, where they are constants; None: they are not known.
    """

    axis: int = 0
    batch_axes: int = 0
    chosen: tuple[int, ...] | None = None

    @property
    def kind(self) -> str:
        return "gather"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data, indices = given(inputs, 0), given(inputs, 1)
        axis = normal_axis(self.axis, len(data.shape))
        head, tail = data.shape[:axis], data.shape[axis + 1 :]
        shape = (*head, *indices.shape[self.batch_axes :], *tail)
        return (TensorType(data.dtype, shape),)

    def evaluate(self, inputs: Sequence[Array | None]) -> tuple[Array, ...] | None:
        data, indices = inputs[0], inputs[1]
        if data is None or indices is None or self.batch_axes:
            return None
        try:
            return (np.take(data, indices.astype(np.int64), self.axis),)
        except IndexError as error:
            raise GraphError(str(error)) from None

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data, table = channels.labels(0), channels.shapes[0]
        if data is None and table is not None and len(table) == 2 and self.axis % 2 == 0:
            made = channels.fresh(table[1])  # an embedding
            channels.bind(0, 1, made)
            return (spread(made, -1, channels.results[0]),)
        if data is None:
            return None
        if varies(data, self.axis % data.ndim):
            indices = channels.shapes[1]
            if self.chosen is None or indices is None or self.batch_axes:
                return None
            found = np.take(data, np.reshape(self.chosen, indices), self.axis)
            return (compress(found),)
        core = data.take([0], self.axis)
        before, after = data.shape[: self.axis], data.shape[self.axis :][1:]
        rank = len(channels.results[0]) - len(before) - len(after)
        return (np.broadcast_to(core.reshape(*before, *(1,) * rank, *after), channels.results[0]),)


@dataclass(frozen=True, slots=True)
class GatherNd(Rules):
    """Entries of the data at given coordinates: (data, coordinates)."""

    batch_axes: int = 0

    @property
    def kind(self) -> str:
        return "gather_nd"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data, indices = given(inputs, 0), given(inputs, 1)
        rest = data.shape[self.batch_axes + indices.shape[-1] :]
        return (TensorType(data.dtype, (*indices.shape[:-1], *rest)),)


@dataclass(frozen=True, slots=True)
class GatherElements(Rules):
    """One element of the data for each index: (data, indices)."""

    axis: int = 0

    @property
    def kind(self) -> str:
        return "gather_elements"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        return (TensorType(given(inputs, 0).dtype, given(inputs, 1).shape),)


@dataclass(frozen=True, slots=True)
class Resize(KeepsZero):
    """Interpolation to a new spatial size.

    Attributes:
        method: ``"nearest"``, ``"linear"`` or ``"cubic"``.
        size: The shape of the result, where it is given.
        scales: Factor of each axis, where those are given instead; or with it, where places are
            counted by them and not by the sizes.
        align_corners: First and last elements of the result lie on those of the data.
        half_pixel: Places are those of the centres of elements.
        rounding: Of a nearest element, by what ONNX calls it, like ``"round_prefer_floor"``; empty:
            as TFLite has it. ``"unknown"``, of all methods: a way to count places, or to weigh
            elements, that no field says.
    """

    method: str
    size: Shape | None = None
    scales: tuple[float, ...] | None = None
    align_corners: bool = False
    half_pixel: bool = False
    rounding: str = ""

    @property
    def kind(self) -> str:
        return f"resize_{self.method}"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data = given(inputs, 0)
        if self.size is not None:
            # -1 keeps the axis of the data.
            pairs = zip(data.shape, self.size, strict=True)
            return (TensorType(data.dtype, tuple(d if n == -1 else n for d, n in pairs)),)
        if self.scales is None or len(self.scales) != len(data.shape):
            raise GraphError(f"scales {self.scales} do not fit data of shape {data.shape}")
        factors = zip(data.shape, self.scales, strict=True)
        return (TensorType(data.dtype, tuple(int(dim * scale) for dim, scale in factors)),)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data = channels.labels(0)
        if data is None:
            return None
        return (resized(data, channels.results[0], channels, "channels are interpolated"),)
