"""Windows that slide along an axis, and the padding around it.

Convolutions and poolings of every format come down to this: a window of ``kernel`` elements,
``dilation`` apart, starts at every ``stride``-th element of the padded axis. How formats say how
much is padded:

- explicitly, before and after each axis (ONNX ``pads``, PyTorch);
- VALID: nothing;
- SAME: as much as makes ``ceil(size / stride)`` windows, in two halves. Where they differ,
  SAME_UPPER puts the larger one after (TFLite, PyTorch, ONNX), SAME_LOWER before (ONNX).

Nobody else computes with these numbers.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from enum import Enum

from mcugraph.errors import GraphError
from mcugraph.ir import Abstract, Dims, Shape
from mcugraph.records import dataclass, replace


def check_steps(kernels: Sequence[int], strides: Sequence[int], dilations: Sequence[int]) -> None:
    """Hold windows against what they can be, before any shape is known.

    Raises:
        GraphError: A length of the window, a stride or a dilation is no positive number.
    """
    if kernels and min(kernels) < 1:
        raise GraphError(f"a window cannot have {min(kernels)} elements along an axis")
    if (strides and min(strides) < 1) or (dilations and min(dilations) < 1):
        stride, dilation = min(strides, default=1), min(dilations, default=1)
        raise GraphError(f"a window cannot move by {stride} nor spread by {dilation}")


@dataclass(frozen=True, slots=True)
class Sweep:
    """One window on its way along one axis.

    Attributes:
        size: Elements of the axis, without padding.
        kernel: Elements of the window.
        stride: Elements between the starts of two windows.
        dilation: Elements between two elements of the window.
        ceil: A last partial window counts too, as long as it starts before the padding after
            the axis (``ceil_mode`` of ONNX and PyTorch).

    Raises:
        GraphError: Kernel, stride or dilation is no positive number.
    """

    size: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    ceil: bool = False

    def __post_init__(self) -> None:
        if self.kernel < 1 or self.stride < 1 or self.dilation < 1:
            check_steps((self.kernel,), (self.stride,), (self.dilation,))

    @property
    def reach(self) -> int:
        """Elements from the first to the last one under the window."""
        return self.dilation * (self.kernel - 1) + 1

    def covered(self, before: int, windows: Sequence[int]) -> list[int]:
        """How many elements of windows, by number, lie on the axis and not on padding."""
        counts = []
        for start in (window * self.stride - before for window in windows):
            # Of its elements, the first that lies on the axis, and the first behind it.
            first = max(0, -(start // self.dilation))
            behind = min(self.kernel, -((start - self.size) // self.dilation))
            counts.append(max(0, behind - first))
        return counts


class Rule(Enum):
    """How the amounts of a padding are said."""

    EXPLICIT = "explicit"
    VALID = "valid"
    SAME_UPPER = "same_upper"
    SAME_LOWER = "same_lower"


# Before Python 3.12, asking an Enum for one of its members takes longer than all else here.
_VALID, _UPPER = Rule.VALID, Rule.SAME_UPPER
_SAME = (_UPPER, Rule.SAME_LOWER)


@dataclass(frozen=True, slots=True, repr=False)
class Padding:
    """What is added around the spatial axes of an operator.

    Take ``VALID``, ``SAME_UPPER``, ``SAME_LOWER`` or `explicit`.

    Attributes:
        rule: How the amounts are said.
        pairs: (before, after) of each spatial axis where the rule is explicit.

    Raises:
        GraphError: An amount is negative.
    """

    rule: Rule
    pairs: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if self.pairs and min(map(min, self.pairs)) < 0:
            raise GraphError(f"a window cannot have the padding {self.pairs}")

    def __repr__(self) -> str:
        return repr(self.pairs) if self.rule is Rule.EXPLICIT else self.rule.name

    @property
    def same(self) -> bool:
        """Whether the windows are as many as the strides in the axis."""
        return self.rule in _SAME

    @property
    def has_name(self) -> bool:
        """Whether TFLite has a name for it, VALID or SAME."""
        return self.rule is _VALID or self.rule is _UPPER

    def amounts(self, axis: int, sweep: Sweep) -> tuple[int, int]:
        """Elements added before and after a spatial axis (0 is the first spatial one).

        Raises:
            GraphError: An explicit padding does not say how much.
        """
        if self.rule in _SAME:
            return self._around(sweep, self.windows(axis, sweep))
        return self._explicit(axis)

    def windows(self, axis: int, sweep: Sweep) -> int:
        """How many windows fit along a spatial axis.

        Raises:
            GraphError: Not even one window fits, or an explicit padding does not say how much
                is added.
        """
        if self.rule in _SAME:
            return -(-sweep.size // sweep.stride)
        before, after = self._explicit(axis)
        room = sweep.size + before + after - sweep.reach
        count = room // sweep.stride + 1
        if sweep.ceil:
            last = -(-room // sweep.stride)
            count = last if last * sweep.stride >= before + sweep.size else last + 1
        if count < 1:
            raise GraphError(f"a window of {sweep.kernel} does not fit into {sweep.size} elements")
        return count

    def place(self, axis: int, sweep: Sweep) -> tuple[int, int]:
        """Where the first window along a spatial axis starts, and how many there are.

        Raises:
            GraphError: Not even one fits.
        """
        if self.rule in _SAME:
            count = self.windows(axis, sweep)
            return -self._around(sweep, count)[0], count
        return -self._explicit(axis)[0], self.windows(axis, sweep)

    def transposed(self, axis: int, sweep: Sweep, extra: int = 0) -> int:
        """Elements that a transposed convolution makes of a spatial axis.

        Args:
            axis: Which spatial axis.
            sweep: The window on its way along the result; ``size`` is that of the data.
            extra: ``output_padding`` of ONNX and PyTorch. SAME asks for a size, ``size *
                stride``, whatever is added to reach it.
        """
        if self.same:
            return sweep.size * sweep.stride
        spread = (sweep.size - 1) * sweep.stride + sweep.reach
        return spread + extra - sum(self._explicit(axis))

    def kept(self, axis: int, sweep: Sweep, extra: int = 0) -> tuple[int, int]:
        """What is kept of a spatial axis that a transposed convolution has written whole.

        Args:
            axis: Which spatial axis.
            sweep: As for `transposed`.
            extra: As for `transposed`.

        Returns:
            Where it begins, and how many elements it has; they may end behind what is written.
        """
        length = self.transposed(axis, sweep, extra)
        if not self.same:
            return self._explicit(axis)[0], length
        spread = VALID.transposed(axis, sweep)
        return self._halves(max(spread + extra - length, 0))[0], length

    def _around(self, sweep: Sweep, count: int) -> tuple[int, int]:
        """What SAME puts before and after an axis for so many windows."""
        covered = (count - 1) * sweep.stride + sweep.reach
        return self._halves(max(covered - sweep.size, 0))

    def _halves(self, total: int) -> tuple[int, int]:
        small, large = total // 2, total - total // 2
        return (small, large) if self.rule is _UPPER else (large, small)

    def _explicit(self, axis: int) -> tuple[int, int]:
        if self.rule is _VALID:
            return 0, 0
        if axis >= len(self.pairs):
            raise GraphError(f"padding {self!r} says nothing about spatial axis {axis}")
        return self.pairs[axis]


VALID = Padding(Rule.VALID)
SAME_UPPER = Padding(Rule.SAME_UPPER)
SAME_LOWER = Padding(Rule.SAME_LOWER)


def explicit(pairs: Sequence[tuple[int, int]]) -> Padding:
    """Padding by given amounts, (before, after) for each spatial axis; of none at all, VALID."""
    return Padding(Rule.EXPLICIT, tuple(pairs)) if any(map(any, pairs)) else VALID


def symmetric(amounts: Sequence[int]) -> Padding:
    """Padding by the same amount before and after, one for each spatial axis."""
    return explicit([(amount, amount) for amount in amounts])


class Windowed(metaclass=Abstract):
    """Mixin of operators whose window slides along the spatial axes of their first input."""

    __slots__ = ()
    padding: Padding

    @abstractmethod
    def sweeps(self, shapes: Sequence[Dims | None]) -> Mapping[int, Sweep]:
        """The window along each spatial axis of the data, by axis of the data, in their order.

        Args:
            shapes: Of the operator's inputs.

        Raises:
            GraphError: The shapes do not fit the operator.
        """

    def slide(self, data: Shape, shapes: Sequence[Dims | None]) -> list[int]:
        """The shape of the data with each spatial axis as long as it has windows."""
        result = list(data)
        for i, (axis, sweep) in enumerate(self.sweeps(shapes).items()):
            result[axis] = self.padding.windows(i, sweep)
        return result

    def tflite_padding(self, shapes: Sequence[Dims | None]) -> Padding | None:
        """The padding of TFLite, SAME_UPPER or VALID, that puts all windows at the same places.

        None: neither does. The data then has to be padded by an operator before, by `pads`,
        and the windows are VALID. TFLite has no partial windows (``ceil``) either way.
        """
        sweeps = [*self.sweeps(shapes).values()]
        wanted = [self.padding.place(i, sweep) for i, sweep in enumerate(sweeps)]
        partial = any(sweep.ceil for sweep in sweeps)
        if self.padding.has_name and not partial:
            return self.padding
        whole = [replace(sweep, ceil=False) for sweep in sweeps] if partial else sweeps
        # Nothing is before the data where the padding is VALID.
        known = [SAME_UPPER] if any(start for start, _ in wanted) else [VALID, SAME_UPPER]
        if self.padding.has_name:
            known.insert(0, self.padding)
        return next((padding for padding in known if _puts(padding, whole, wanted)), None)

    def pads(self, shapes: Sequence[Dims | None]) -> tuple[tuple[int, int], ...]:
        """(before, after) for each axis of the data, after which VALID makes the same windows.

        A partial last window (``ceil``) is filled up.
        """
        data = shapes[0]
        assert data is not None
        result = [(0, 0)] * len(data)
        for i, (axis, sweep) in enumerate(self.sweeps(shapes).items()):
            before, after = self.padding.amounts(i, sweep)
            covered = (self.padding.windows(i, sweep) - 1) * sweep.stride + sweep.reach
            least = covered - sweep.size - before
            result[axis] = (before, min(max(after, least), least + sweep.stride - 1))
        return tuple(result)

    def covered(
        self, shapes: Sequence[Dims | None], padding: bool = False, ends: bool = False
    ) -> dict[int, list[int]]:
        """For each spatial axis of the data, how many elements of each window lie on the data.

        Args:
            shapes: Of the operator's inputs.
            padding: Count those on the padding too; what only fills a partial window is none.
            ends: Only of the first window and the last one, which lie on the least.
        """
        found = {}
        for i, (axis, sweep) in enumerate(self.sweeps(shapes).items()):
            before, after = self.padding.amounts(i, sweep)
            count = self.padding.windows(i, sweep)
            windows: Sequence[int] = (0, count - 1) if ends else range(count)
            if padding:
                sweep, before = replace(sweep, size=before + sweep.size + after), 0
            found[axis] = sweep.covered(before, windows)
        return found


def _puts(padding: Padding, sweeps: Sequence[Sweep], places: list[tuple[int, int]]) -> bool:
    """Whether a padding puts the windows of each axis at given places."""
    try:
        return [padding.place(i, sweep) for i, sweep in enumerate(sweeps)] == places
    except GraphError:  # not even one window fits
        return False
