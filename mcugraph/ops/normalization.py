"""Normalisations and softmax: the result has the shape of the data."""

from collections.abc import Sequence

from mcugraph.ir import Array, Role, TensorType
from mcugraph.late_numpy import np
from mcugraph.ops.base import Rules, given
from mcugraph.ops.labels import Channels, as_one, bind_aligned, hold, read_along, varies
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class BatchNorm(Rules):
    """Inference-time batch norm: (data, scale, shift, mean, variance), one each a channel.

    Attributes:
        channel_axis: Of the data, 1 for channels first and -1 for channels last.
        epsilon: Added to the variance under the root.
        of_batch: Mean and variance are those of the data (``training_mode`` of ONNX).
    """

    channel_axis: int = 1
    epsilon: float = 1e-5
    of_batch: bool = False

    @property
    def kind(self) -> str:
        return "batch_norm"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        return (given(inputs, 0),)

    def role(self, index: int) -> Role:
        # Standing alone it is a product and a sum with constants; none is a layer's bias.
        return Role.WEIGHT

    @property
    def inplace(self) -> tuple[int, ...]:
        return (0,)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data = channels.labels(0)
        if data is None:
            return None
        along = read_along(channels, data, self.channel_axis)
        for index in range(1, len(channels.shapes)):
            channels.bind(index, 0, along)
        return (data,)


# Each element gets a share of the whole, or is held against its neighbours: one that is 0 counts.
_SHARING = frozenset({"softmax", "log_softmax", "hardmax", "lrn"})
# Their scale and shift are of channels, the second axis.
_BY_CHANNEL = frozenset({"group_norm", "instance_norm", "mean_variance_norm"})
# They divide by the number of elements, so that one that is 0 counts too.
_AVERAGING = frozenset(
    {"layer_norm", "skip_layer_norm", "rms_norm", "group_norm", "mean_variance_norm"}
)


@dataclass(frozen=True, slots=True)
class Normalization(Rules):
    """Any other normalisation or softmax over some axes: (data, scale, shift).

    Attributes:
        function: ``"layer_norm"``, ``"group_norm"``, ``"instance_norm"``, ``"rms_norm"``,
            ``"lrn"``, ``"l2_norm"``, ``"lp_norm"``, ``"mean_variance_norm"``, ``"softmax"``
            or ``"log_softmax"``.
        axes: Axes that are normalised together, counted from either end.
        groups: Channel groups of a group norm.
        statistics: How many further outputs hold one value a normalised row (ONNX layer norm).
        beta: What a softmax multiplies its operand by.
        epsilon: Added to the mean of the squares that the data is divided by the root of.
    """

    function: str
    axes: tuple[int, ...] = (-1,)
    groups: int = 1
    statistics: int = 0
    beta: float = 1.0
    epsilon: float = 1e-5

    @property
    def kind(self) -> str:
        return self.function

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data = given(inputs, 0)
        reduced = {axis % len(data.shape) for axis in self.axes} if data.shape else set()
        row = tuple(1 if axis in reduced else dim for axis, dim in enumerate(data.shape))
        return (data, *(TensorType(data.dtype, row) for _ in range(self.statistics)))

    def role(self, index: int) -> Role:
        return Role.BIAS if index == 2 else Role.WEIGHT

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data = channels.labels(0)
        if data is None or self.statistics:
            return None
        if self.function in _SHARING:
            data = as_one(channels, data, self.axes)
            hold(channels, data, self.axes, f"{self.function} over channels gives each a share")
        elif self.function in _AVERAGING and self._averages(data):
            channels.averages(data)
        for index in range(1, len(channels.shapes)):
            if self.function in _BY_CHANNEL:
                channels.bind(index, 0, read_along(channels, data, 1))
            else:
                bind_aligned(channels, index, data)
        if self.function == "group_norm" and self.groups > 1:
            along = read_along(channels, data, 1)
            channels.equal(np.split(along, self.groups), "equal channels in every group of a norm")
        return (data,)

    def _averages(self, data: Array) -> bool:
        """Whether it averages over elements of several channels."""
        grouped = self.function == "group_norm"
        axes = {axis % data.ndim for axis in self.axes} | ({1} if grouped else set())
        return any(varies(data, axis) for axis in axes)
