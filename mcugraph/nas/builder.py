"""What an architecture is written with: one layer after another, whoever listens.

A search space says a network once (``SearchSpace.emit``), and three builders hear it: ``Meter``
counts, ``GraphBuilder`` makes the graph that everything exact is asked of, ``ModuleBuilder`` the
module that is trained.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from operator import index
from typing import Generic, NamedTuple, TypeVar

from mcugraph.errors import GraphError
from mcugraph.ir import Shape
from mcugraph.ops.window import SAME_UPPER, Sweep, symmetric

Value = TypeVar("Value")
POOLED = "max", "average"
Size = int | tuple[int, ...]  # one number an axis of the window, or one for all


class Convolution(NamedTuple):
    """A convolution, with what follows it.

    Attributes:
        depthwise: Each channel by itself.
        made: The shape of what it makes.
        window, stride: One number for each spatial axis.
        same: Padded with zeros, half a window before and after.
        norm: A batch norm follows.
        relu: A ReLU follows.
    """

    depthwise: bool
    made: Shape
    window: tuple[int, ...]
    stride: tuple[int, ...]
    same: bool
    norm: bool
    relu: bool

    @property
    def padding(self) -> tuple[int, ...]:
        """Zeros before and after each spatial axis."""
        return tuple(size // 2 if self.same else 0 for size in self.window)


class Pooling(NamedTuple):
    """Maxima or averages of windows, not padded.

    Attributes:
        function: ``"max"`` or ``"average"``.
        made: The shape of what they make.
        window, stride: One number for each spatial axis.
    """

    function: str
    made: Shape
    window: tuple[int, ...]
    stride: tuple[int, ...]


class NetworkBuilder(ABC, Generic[Value]):
    """The layers that a network is made of.

    A value stands for a tensor of one example: channels first, then the spatial axes (two of an
    image, one of a series), or units alone. Which type a value has is the builder's own affair;
    ``shape`` tells what it is of. Windows that do not fit raise; strides and kernels are one number
    for all spatial axes, or one for each.

    Convolutions and dense layers have a bias (batch norm, where there is one, brings it).

    Raises:
        GraphError: Any layer, where it does not fit what it is given.
    """

    @abstractmethod
    def shape(self, value: Value) -> Shape:
        """Lengths of the axes of a value, without the batch."""

    @abstractmethod
    def input(self, shape: Sequence[int]) -> Value:
        """What the network reads: one example; said first, and once."""

    def conv(
        self,
        value: Value,
        channels: int,
        kernel: Size,
        stride: Size = 1,
        *,
        same: bool = False,
        norm: bool = False,
        relu: bool = False,
    ) -> Value:
        """A convolution, optionally with a batch norm and a ReLU behind it.

        Args:
            value: Its input, channels first.
            channels: That it makes.
            kernel: Elements of the window along each spatial axis.
            stride: By which the window moves.
            same: Padded with zeros, so that ``ceil(size / stride)`` windows fit (odd kernels;
                as many before as after); False: not padded.
            norm: A batch norm follows.
            relu: A ReLU follows.
        """
        shape = self.shape(value)
        spatial, window, step = swept(shape, kernel, stride, same)
        made = (positive(channels, "channels"), *spatial)
        return self._convolved(value, Convolution(False, made, window, step, same, norm, relu))

    def depthwise(
        self,
        value: Value,
        kernel: Size,
        stride: Size = 1,
        *,
        same: bool = False,
        norm: bool = False,
        relu: bool = False,
    ) -> Value:
        """A convolution of each channel by itself; arguments as of `conv`."""
        shape = self.shape(value)
        spatial, window, step = swept(shape, kernel, stride, same)
        made = (shape[0], *spatial)
        return self._convolved(value, Convolution(True, made, window, step, same, norm, relu))

    @abstractmethod
    def _convolved(self, value: Value, layer: Convolution) -> Value:
        """A convolution that fits what it is given."""

    @abstractmethod
    def dense(self, value: Value, units: int, *, relu: bool = False) -> Value:
        """A dense layer of a value that has one axis (see `flatten`)."""

    def pool(self, value: Value, function: str, window: Size, stride: Size | None = None) -> Value:
        """Maximum or average of windows, not padded; nothing where windows of 1 move by 1.

        Args:
            value: Its input, channels first.
            function: ``"max"`` or ``"average"``.
            window: Elements along each spatial axis.
            stride: By which it moves; None: the window's own size.
        """
        if function not in POOLED:
            raise GraphError(f"a pooling is {' or '.join(POOLED)}, not {function!r}")
        shape = self.shape(value)
        spatial, sizes, steps = swept(shape, window, window if stride is None else stride)
        if max(*sizes, *steps) == 1:
            # It would cost memory all the same, and not every runtime takes one.
            return value
        return self._pooled(value, Pooling(function, (shape[0], *spatial), sizes, steps))

    @abstractmethod
    def _pooled(self, value: Value, layer: Pooling) -> Value:
        """A pooling that fits what it is given, and does something."""

    @abstractmethod
    def global_average(self, value: Value) -> Value:
        """The average of each channel over all positions: a value with one axis."""

    @abstractmethod
    def add(self, left: Value, right: Value) -> Value:
        """The sum of two values of one shape."""

    @abstractmethod
    def concat(self, values: Sequence[Value]) -> Value:
        """The channels of values whose other axes are alike, one behind the other."""

    @abstractmethod
    def grow(self, value: Value, spatial: Sequence[int]) -> Value:
        """Zeros behind each spatial axis up to given lengths; nothing where it has them."""

    @abstractmethod
    def flatten(self, value: Value) -> Value:
        """All elements along one axis; nothing where there is one."""

    @abstractmethod
    def dropout(self, value: Value, rate: float) -> Value:
        """A dropout, which is there in training alone."""

    @abstractmethod
    def output(self, value: Value) -> None:
        """What the network computes; said last, and once."""


def swept(
    shape: Shape, kernel: Size, stride: Size, same: bool = False
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """What a window makes of a value on its way.

    Returns:
        The spatial axes of that; the window and its stride, one number for each of them.

    Raises:
        GraphError: The value has no spatial axis, or no window fits.
    """
    if len(shape) < 2:
        raise GraphError(f"a window needs spatial axes, and a value of shape {shape} has none")
    found = _swept(shape[1:], _said(kernel), _said(stride), same)
    if min(found[0]) < 1:
        raise GraphError(f"a window of {kernel} does not fit into a value of shape {shape}")
    return found


def _said(size: Size) -> Size:
    """Windows and strides in Python's own whole numbers: others that are equal print otherwise.

    Raises:
        GraphError: They are something else.
    """
    if type(size) is int:
        return size
    try:
        return index(size) if hasattr(size, "__index__") else tuple(map(index, size))
    except TypeError:
        raise GraphError(f"a window is of whole numbers, not {size!r}") from None


# A search says the same few windows again and again.
@lru_cache(1 << 12)
def _swept(
    spatial: Shape, kernel: Size, stride: Size, same: bool
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """How many windows fit along each axis, below 1 where none does; windows and strides."""
    windows, steps = _each(kernel, len(spatial)), _each(stride, len(spatial))
    made = []
    for size, reach, step in zip(spatial, windows, steps, strict=True):
        if reach < 1 or step < 1:
            raise GraphError(f"a window of {kernel} cannot move by {stride}")
        if same and reach % 2 == 0:
            raise GraphError(f"a window of {kernel} cannot be padded alike on both sides")
        made.append(-(-size // step) if same else (size - reach) // step + 1)
    return tuple(made), windows, steps


def _each(size: Size, rank: int) -> tuple[int, ...]:
    """One number for each of some axes.

    Raises:
        GraphError: There are more or fewer.
    """
    if isinstance(size, int):
        return (size,) * rank
    if len(size) != rank:
        raise GraphError(f"a window of {size} does not fit {rank} spatial axes")
    return size


def padded(shape: Shape, windows: tuple[int, ...], steps: tuple[int, ...]) -> Shape | None:
    """The value that an operator of its own makes of one before a convolution that is padded.

    PyTorch pads as much before as after; TFLite's SAME puts the larger half after, so where windows
    move by more than one element they may lie elsewhere, and a deployment pads the data first.

    Returns:
        Its shape; None where SAME puts the windows at the same places.
    """
    spatial = shape[1:]
    padding = symmetric([reach // 2 for reach in windows])
    sweeps = [Sweep(*along) for along in zip(spatial, windows, steps, strict=True)]
    if all(padding.place(i, s) == SAME_UPPER.place(i, s) for i, s in enumerate(sweeps)):
        return None
    return (
        shape[0],
        *(size + reach // 2 * 2 for size, reach in zip(spatial, windows, strict=True)),
    )


def grown(shape: Shape, spatial: Sequence[int]) -> tuple[int, ...]:
    """How many zeros go behind each spatial axis, so that they have given lengths.

    Raises:
        GraphError: A length is less than what is there, or there are more or fewer axes.
    """
    if len(spatial) != len(shape) - 1:
        raise GraphError(f"{len(spatial)} lengths for a value of shape {shape}")
    behind = tuple(want - have for want, have in zip(spatial, shape[1:], strict=True))
    if min(behind, default=0) < 0:
        raise GraphError(f"a value of shape {shape} cannot grow to {tuple(spatial)}")
    return behind


def summed(left: Shape, right: Shape) -> Shape:
    """The shape of a sum.

    Raises:
        GraphError: The two are not alike.
    """
    if left != right:
        raise GraphError(f"values of shapes {left} and {right} have no sum")
    return left


def averaged(shape: Shape) -> Shape:
    """The shape of the averages over all positions.

    Raises:
        GraphError: The value has no spatial axis.
    """
    if len(shape) < 2:
        raise GraphError(f"a value of shape {shape} has no spatial axis to average over")
    return shape[:1]


def joined(shapes: Sequence[Shape]) -> Shape:
    """The shape of channels one behind the other.

    Raises:
        GraphError: There is nothing to join, or other axes differ.
    """
    if len({shape[1:] for shape in shapes}) != 1:
        raise GraphError(f"values of shapes {', '.join(map(str, shapes))} cannot be joined")
    return (sum(shape[0] for shape in shapes), *shapes[0][1:])


def positive(count: int, what: str) -> int:
    """A number of channels or units, held against what it can be.

    Returns:
        The same, as Python's own whole number.

    Raises:
        GraphError: It is none, or less than 1.
    """
    whole = count if type(count) is int else index(count) if hasattr(count, "__index__") else 0
    if whole < 1:
        raise GraphError(f"a layer cannot have {count} {what}")
    return whole


def flat(shape: Shape) -> int:
    """The units of a value that has one axis.

    Raises:
        GraphError: It has more.
    """
    if len(shape) != 1:
        raise GraphError(f"a dense layer reads units, not a value of shape {shape}: flatten it")
    return shape[0]
