"""Convolutions of any rank: plain, grouped, depthwise and transposed."""

from collections.abc import Mapping, Sequence

from mcugraph.errors import GraphError
from mcugraph.ir import Array, Dim, Dims, Shape, Signature, TensorType
from mcugraph.late_numpy import np
from mcugraph.ops.base import Fusable, Weighted, count, given, other_axes, without
from mcugraph.ops.labels import ACROSS, DEPTHWISE, Channels, read_along, spread, varies
from mcugraph.ops.window import SAME_UPPER, VALID, Padding, Sweep, Windowed, check_steps
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class _Convolution(Windowed, Weighted, Fusable):
    """What both directions share: data, weight, optional bias, and where channels lie.

    Attributes:
        strides, dilations: One an axis of the window.
        padding: Around the spatial axes.
        groups: Into how many independent parts the channels fall.
        depthwise: Each input channel is a group of its own.
        channel_axis: Of the data, 1 for channels first and -1 for channels last.
        weight_out, weight_in: Axes of the weight tensor that hold the output channels and the
            input channels of one group.
        activation: Applied to the result by the same kernel.

    Raises:
        GraphError: A stride, a dilation or the number of groups is not positive.
    """

    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    padding: Padding
    groups: int = 1
    depthwise: bool = False
    channel_axis: int = 1
    weight_out: int = 0
    weight_in: int = 1
    activation: str | None = None

    def __post_init__(self) -> None:
        check_steps((), self.strides, self.dilations)
        if self.groups < 1:
            raise GraphError(f"channels cannot fall into {self.groups} groups")

    @property
    def result_axis(self) -> int:
        return self.channel_axis

    @property
    def mixes(self) -> bool:
        return not self.depthwise

    def check_groups(self, channels: int, outputs: int) -> None:
        """Hold the groups against the channels that they share out.

        Raises:
            GraphError: They do not divide the channels.
        """
        if channels % self.groups or outputs % self.groups:
            raise GraphError(
                f"{self.groups} groups cannot share out {channels} channels and make {outputs}"
            )

    def sweeps(self, shapes: Sequence[Dims | None]) -> Mapping[int, Sweep]:
        data, weight = shapes[0] or (), shapes[1] or ()
        rank = len(self.strides)
        if len(data) != rank + 2 or len(weight) != rank + 2:
            raise GraphError(f"a {rank}-d convolution cannot take data {data} and weights {weight}")
        spatial = other_axes(len(data), 0, self.channel_axis)
        window = other_axes(len(weight), self.weight_out, self.weight_in)
        return {
            axis: Sweep(data[axis], weight[along], stride, dilation)
            for axis, along, stride, dilation in zip(
                spatial, window, self.strides, self.dilations, strict=True
            )
        }


@dataclass(frozen=True, slots=True)
class Conv(_Convolution):
    """Convolution: each output position meets every weight of its group once."""

    @property
    def kind(self) -> str:
        return f"{'depthwise_' if self.depthwise else ''}conv{len(self.strides)}d"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data, weight = given(inputs, 0), given(inputs, 1)
        shape = self.slide(data.shape, (data.shape, weight.shape))
        channels, made = data.shape[self.channel_axis], weight.shape[self.weight_out]
        self.check_groups(channels, made)
        if not self.depthwise and weight.shape[self.weight_in] * self.groups != channels:
            raise GraphError(f"weights {weight.shape} do not read {channels} channels")
        shape[self.channel_axis] = made
        return (TensorType(data.dtype, tuple(shape)),)

    def macs(self, s: Signature) -> Dim | None:
        weight = s.inputs[1]
        if weight is None:
            return None
        return count(without(s.outputs[0], self.channel_axis)) * count(weight)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data, weight = channels.labels(0), channels.shapes[1]
        if data is None or weight is None or channels.labels(1) is not None:
            return None
        result = channels.results[0]
        several = data.shape[self.channel_axis] > 1 or channels.crossed(0)
        if channels.works(ACROSS, several and self._mixes_tokens(data, weight, result)):
            made = channels.fresh(weight[self.weight_out])
            channels.bind(1, self.weight_out, made)
            channels.bind(2, 0, made)
            channels.across(spread(made, self.channel_axis, result))
            return (np.broadcast_to(data.take([0], self.channel_axis), result),)
        given = read_along(channels, data, self.channel_axis)
        # Of one channel, converters make a depthwise convolution too.
        if channels.works(DEPTHWISE, self.depthwise and len(given) > 1):
            made = np.repeat(given, weight[self.weight_out] // len(given))
            channels.joins(made)
        else:
            made = channels.fresh(weight[self.weight_out])
            channels.bind(1, self.weight_in, given[: len(given) // self.groups])
            if self.groups > 1:
                reason = "equal channels in every group of a convolution"
                channels.equal(np.split(given, self.groups), reason)
                channels.equal(np.split(made, self.groups), reason)
        channels.bind(1, self.weight_out, made)
        channels.bind(2, 0, made)
        return (spread(made, self.channel_axis, result),)

    def _mixes_tokens(self, data: Array, weight: Shape, result: Shape) -> bool:
        """Whether its channels are tokens: those of the layers before lie where its window is 1."""
        sweeps = self.sweeps((data.shape, weight))
        along = [axis for axis in sweeps if varies(data, axis)]
        return (
            len(along) > 0
            and self.groups == 1
            and not varies(data, self.channel_axis)
            and all(sweeps[axis].kernel == sweeps[axis].stride == 1 for axis in along)
            and all(result[axis] == data.shape[axis] for axis in along)
        )


@dataclass(frozen=True, slots=True)
class ConvTranspose(_Convolution):
    """Transposed convolution: each input position meets every weight of its group once.

    Attributes:
        output_padding: Extra elements at the end of each axis of the window.
        output_shape: The spatial shape where the model gives it, as TFLite does.
    """

    output_padding: tuple[int, ...] = ()
    output_shape: tuple[int, ...] | None = None

    @property
    def kind(self) -> str:
        return f"conv_transpose{len(self.strides)}d"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data, weight = given(inputs, 0), given(inputs, 1)
        shape = list(data.shape)
        channels = weight.shape[self.weight_out]
        # Channels-first layouts keep (in, out / groups); the others keep all output channels.
        made = channels * (self.groups if self.weight_in == 0 else 1)
        self.check_groups(data.shape[self.channel_axis], made)
        shape[self.channel_axis] = made
        sweeps = self.sweeps((data.shape, weight.shape))
        extra = self.output_padding or (0,) * len(sweeps)
        for i, (axis, sweep) in enumerate(sweeps.items()):
            if self.output_shape is not None:
                shape[axis] = self.output_shape[i]
            else:
                shape[axis] = self.padding.transposed(i, sweep, extra[i])
        return (TensorType(data.dtype, tuple(shape)),)

    def kept(self, shapes: Sequence[Dims | None]) -> dict[int, tuple[int, int]] | None:
        """For each spatial axis what the result is of all that the windows write.

        Returns:
            By axis where it begins, and how many elements it has; they may end behind what is
            written. None: the model says how many, and not where.
        """
        if self.output_shape is not None:
            return None
        sweeps = self.sweeps(shapes)
        extra = self.output_padding or (0,) * len(sweeps)
        return {
            axis: self.padding.kept(i, sweep, extra[i])
            for i, (axis, sweep) in enumerate(sweeps.items())
        }

    def written(self, shapes: Sequence[Dims | None]) -> dict[int, int]:
        """For each spatial axis how many elements the windows write."""
        sweeps = self.sweeps(shapes).items()
        return {axis: VALID.transposed(i, sweep) for i, (axis, sweep) in enumerate(sweeps)}

    def tflite_padding(self, shapes: Sequence[Dims | None]) -> Padding | None:
        """The padding of TFLite, VALID or SAME_UPPER, that keeps the same elements.

        None: neither does. The result is then to be cut out of that of VALID.
        """
        kept, sweeps = self.kept(shapes), self.sweeps(shapes)
        for padding in (VALID, SAME_UPPER):
            same = {axis: padding.kept(i, s) for i, (axis, s) in enumerate(sweeps.items())}
            written = self.written(shapes)
            if same == kept and all(written[axis] >= count for axis, (_, count) in same.items()):
                return padding
        return None

    def macs(self, s: Signature) -> Dim | None:
        data, weight = s.inputs[0], s.inputs[1]
        if data is None or weight is None:
            return None
        return count(without(data, self.channel_axis)) * count(weight)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data, weight = channels.labels(0), channels.shapes[1]
        if data is None or weight is None or channels.labels(1) is not None:
            return None
        given = read_along(channels, data, self.channel_axis)
        count = channels.results[0][self.channel_axis]
        if channels.works(DEPTHWISE, 1 < self.groups == len(given) == count):
            made = given
            if max(self.strides) > 1:
                # TFLite has no such operator, so there is one for each channel, and how many of
                # them there are is no width.
                channels.freeze(made, "a depthwise transposed convolution runs channel by channel")
            channels.joins(made)
        else:
            made = channels.fresh(count)
            if self.groups > 1:
                reason = "equal channels in every group of a convolution"
                channels.equal(np.split(given, self.groups), reason)
                channels.equal(np.split(made, self.groups), reason)
        channels.bind(1, self.weight_in, given)
        channels.bind(1, self.weight_out, made[: weight[self.weight_out]])
        channels.bind(2, 0, made)
        return (spread(made, self.channel_axis, channels.results[0]),)
