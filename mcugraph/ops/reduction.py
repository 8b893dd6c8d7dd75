"""Reductions over axes, arguments of extremes, running sums and the largest elements."""

from collections.abc import Sequence

from mcugraph.ir import Array, Dim, DType, Shape, Signature, TensorType
from mcugraph.late_numpy import np
from mcugraph.ops.base import Rules, count, given, normal_axis
from mcugraph.ops.labels import ALONG, Channels, as_one, hold, lie_along, none, resized
from mcugraph.records import dataclass

# Functions that numpy has under these names.
_VALUES = frozenset({"sum", "mean", "max", "min", "prod", "all", "any"})


@dataclass(frozen=True, slots=True)
class Reduce(Rules):
    """A reduction of some axes: sum, mean, max, argmax and their kin.

    Attributes:
        function: Its name, like ``"mean"`` or ``"arg_max"``.
        axes: Axes to reduce; None: all of them.
        keepdims: Reduced axes stay, with length 1.
        dtype: Element type of the result, where it is not that of the data.
        averages: It is a mean that a normalisation takes: where channels are gone, over the rest.
        correction: Of a variance or a deviation: by how much less than the number of elements the
            sum of squares is divided by.
    """

    function: str
    axes: tuple[int, ...] | None
    keepdims: bool = False
    dtype: DType | None = None
    averages: bool = False
    correction: float = 0.0

    @property
    def kind(self) -> str:
        return self.function if self.function.startswith("arg") else f"reduce_{self.function}"

    def _axes(self, rank: int) -> tuple[int, ...]:
        axes = range(rank) if self.axes is None else self.axes
        return tuple(normal_axis(axis, rank) for axis in axes) if rank else ()

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data = given(inputs, 0)
        reduced = self._axes(len(data.shape))
        shape: Shape = tuple(
            1 if axis in reduced else dim
            for axis, dim in enumerate(data.shape)
            if self.keepdims or axis not in reduced
        )
        return (TensorType(self.dtype or data.dtype, shape),)

    def elementwise(self, s: Signature) -> Dim | None:
        return None if s.inputs[0] is None else count(s.inputs[0])

    def keeps_zero(self, zero: Sequence[bool | None]) -> bool:
        return zero[0] is True and self.function in (
            "sum",
            "mean",
            "max",
            "min",
            "l1",
            "l2",
            "sum_square",
        )

    def evaluate(self, inputs: Sequence[Array | None]) -> tuple[Array, ...] | None:
        data = inputs[0]
        if data is None or self.function not in _VALUES or self.dtype is not None:
            return None
        function = getattr(np, self.function)
        result = function(data, axis=self._axes(data.ndim), keepdims=self.keepdims)
        return (np.asarray(result, data.dtype),)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data = channels.labels(0)
        if data is None or self.kind.startswith("arg"):
            return None
        reduced = self._axes(data.ndim)
        kept = tuple(1 if axis in reduced else dim for axis, dim in enumerate(data.shape))
        if self.averages and channels.works(ALONG, any(lie_along(data, i) for i in reduced)):
            channels.averages(data)
            return (none(channels.results[0]),)
        data = as_one(channels, data, reduced)
        made = resized(data, kept, channels, "channels are reduced together")
        return (made.reshape(channels.results[0]),)


@dataclass(frozen=True, slots=True)
class Cumulate(Rules):
    """A running sum, product or the like along one axis.

    Attributes:
        function: ``"cumsum"``, ``"cumprod"`` or ``"log_cumsum_exp"``.
        axis: Counted from either end; None: not known.
    """

    function: str
    axis: int | None = None

    @property
    def kind(self) -> str:
        return self.function

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        return (given(inputs, 0),)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data = channels.labels(0)
        if data is None:
            return None
        axes = range(data.ndim) if self.axis is None else (self.axis,)
        hold(channels, data, axes, f"{self.function} runs over channels")
        return (data,)


@dataclass(frozen=True, slots=True)
class TopK(Rules):
    """The k largest elements along an axis, and where they are."""

    k: int
    axis: int = -1
    index_dtype: DType = DType.INT64

    @property
    def kind(self) -> str:
        return "top_k"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data = given(inputs, 0)
        shape = list(data.shape)
        shape[normal_axis(self.axis, len(shape))] = self.k
        return (
            TensorType(data.dtype, tuple(shape)),
            TensorType(self.index_dtype, tuple(shape)),
        )

    def elementwise(self, s: Signature) -> Dim | None:
        return None if s.inputs[0] is None else count(s.inputs[0])


@dataclass(frozen=True, slots=True)
class Sort(Rules):
    """All elements along an axis in order, and where they were; or only where they were."""

    axis: int = -1
    indices_only: bool = False
    index_dtype: DType = DType.INT64

    @property
    def kind(self) -> str:
        return "argsort" if self.indices_only else "sort"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data = given(inputs, 0)
        places = TensorType(self.index_dtype, data.shape)
        return (places,) if self.indices_only else (data, places)

    def elementwise(self, s: Signature) -> Dim | None:
        return None if s.inputs[0] is None else count(s.inputs[0])
