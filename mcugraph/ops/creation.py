"""Operators that make tensors from shapes and numbers."""

from collections.abc import Sequence

from mcugraph.ir import Array, DType, Role, Shape, TensorType
from mcugraph.late_numpy import np
from mcugraph.ops.base import Rules, given, normal_axis
from mcugraph.ops.labels import Channels, none
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class ShapeOf(Rules):
    """The shape of a tensor (or a range of its axes), or its rank or size as a scalar."""

    dtype: DType
    function: str = "shape"
    start: int = 0
    end: int | None = None

    @property
    def kind(self) -> str:
        return self.function

    def _value(self, shape: Shape) -> int | Shape:
        if self.function == "rank":
            return len(shape)
        return int(np.prod(shape)) if self.function == "size" else shape[self.start : self.end]

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        return (TensorType(self.dtype, np.shape(self._value(given(inputs, 0).shape))),)

    def value(self, shape: Shape) -> Array:
        """The result for data of the given shape; needs no data."""
        return np.asarray(self._value(shape), np.int64)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        return tuple(map(none, channels.results))


@dataclass(frozen=True, slots=True)
class Fill(Rules):
    """A tensor of one value everywhere."""

    shape: Shape

    @property
    def kind(self) -> str:
        return "fill"

    def role(self, index: int) -> Role:
        return Role.PARAMETER

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        return (TensorType(given(inputs, 1).dtype, self.shape),)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        return tuple(map(none, channels.results))


@dataclass(frozen=True, slots=True)
class Generate(Rules):
    """A tensor of known type and shape from numbers alone: a range, random values, a window."""

    function: str
    dtype: DType
    shape: Shape

    @property
    def kind(self) -> str:
        return self.function

    def role(self, index: int) -> Role:
        return Role.PARAMETER

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        return (TensorType(self.dtype, self.shape),)

    def evaluate(self, inputs: Sequence[Array | None]) -> tuple[Array, ...] | None:
        if self.function != "range" or len(inputs) != 3:
            return None
        start, _, delta = inputs
        if start is None or delta is None:
            return None
        return (start.ravel()[0] + np.arange(self.shape[0], dtype=start.dtype) * delta.ravel()[0],)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        return tuple(map(none, channels.results))


@dataclass(frozen=True, slots=True)
class OneHot(Rules):
    """Indices as rows that are on in one place: (indices, depth, values...)."""

    depth: int
    axis: int = -1
    values: int = 2

    @property
    def kind(self) -> str:
        return "one_hot"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        indices = given(inputs, 0)
        axis = normal_axis(self.axis, len(indices.shape) + 1)
        shape = (*indices.shape[:axis], self.depth, *indices.shape[axis:])
        return (TensorType(given(inputs, self.values).dtype, shape),)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        return tuple(map(none, channels.results))
