"""Affine quantisation: which real numbers stored integers stand for."""

from collections.abc import Callable, Sequence
from dataclasses import field
from math import prod

from mcugraph.errors import GraphError
from mcugraph.ir.arrays import Array, Shape
from mcugraph.ir.dtype import DType
from mcugraph.late_numpy import np
from mcugraph.records import dataclass, replace

Parameters = tuple[Array, Array]  # scales, and as many zero points or none


@dataclass(frozen=True, slots=True)
class Quantization:
    """Affine quantisation: real = scale * (stored - zero_point), per tensor or along ``axis``.

    Attributes:
        scales: How many scales there are (1: per tensor).
        nbytes: Bytes that scales and zero points take in the model.
        axis: Of the tensor, the axis that several scales lie along; None: not known, or only one.
        load: Reads them from the model: scales in single precision, zero points as whole numbers,
            both in one row. None: they are not known before the model runs, or nobody said them.
    """

    scales: int
    nbytes: int
    axis: int | None = None
    load: Callable[[], Parameters] | None = field(default=None, compare=False, repr=False)

    @property
    def is_known(self) -> bool:
        """Whether scales and zero points are known, and not only that there are some."""
        return self.load is not None

    def values(self) -> Parameters:
        """Scales, float32, and zero points, int64; each in one row, the latter perhaps empty.

        Raises:
            GraphError: They are not known.
            FormatError: The model does not have them at hand.
        """
        if self.load is None:
            raise GraphError("its scales are not known before the model runs")
        scales, zero_points = self.load()
        return np.asarray(scales, np.float32).ravel(), np.asarray(zero_points, np.int64).ravel()

    def check(self, shape: Shape) -> None:
        """Hold the parameters, if they are known, against what a tensor can have.

        Args:
            shape: Of the tensor.

        Raises:
            GraphError: A scale is not above 0, or there are more or fewer than go with the shape.
            FormatError: The model does not have them at hand.
        """
        if not self.is_known:
            return
        scales, _ = self.values()
        for scale in scales[~(np.isfinite(scales) & (scales > 0))][:1].tolist():
            raise GraphError(f"its scale is {scale}, which is no number above 0")
        self._along(np.broadcast_to(np.int8(0), shape))

    def same_as(self, other: "Quantization") -> bool:
        """Whether equal integers stand for equal numbers; not, where one's scales are not known.

        Raises:
            FormatError: A model does not have the parameters at hand.
        """
        if self.load is None or other.load is None:
            return False
        if self.load is other.load:
            return True
        (a, _), (b, _) = self.values(), other.values()
        if not np.array_equal(a, b) or (len(a) > 1 and self.axis != other.axis):
            return False
        return np.array_equal(self._offsets(), other._offsets())

    def real(self, stored: Array) -> Array:
        """The numbers that integers stand for, in double precision.

        Raises:
            GraphError: The parameters are not known, or do not fit the integers.
            FormatError: The model does not have them at hand.
        """
        return np.asarray(self.centred(stored) * self._along(stored)[0].astype(np.float64))

    def centred(self, stored: Array) -> Array:
        """Integers less their zero points, in 64 bits.

        Raises:
            GraphError: The parameters are not known, or do not fit the integers.
            FormatError: The model does not have them at hand.
        """
        return np.asarray(stored.astype(np.int64) - self._along(stored)[1])

    def stored(self, numbers: Array, dtype: DType) -> Array:
        """The integers that stand for numbers: halves to even, and within what the type holds.

        They are divided in the precision that they have.

        Raises:
            GraphError: The parameters are not known, or do not fit the numbers.
            FormatError: The model does not have them at hand.
        """
        kind = dtype.numpy
        if kind is None or kind.kind not in "iu":
            raise GraphError(f"{dtype.label} cannot be quantised to")
        scales, offsets = self._along(numbers)
        limits = np.iinfo(kind)
        found = np.rint(numbers / scales).astype(np.float64) + offsets
        return np.asarray(np.clip(found, limits.min, limits.max)).astype(kind)

    def times(self, factor: float) -> "Quantization":
        """That of the same integers when they stand for numbers that are larger by a factor."""
        if self.load is None:
            return self

        def load() -> Parameters:
            scales, zero_points = self.values()
            return (scales * factor).astype(np.float32), zero_points

        return replace(self, load=load)

    def shifted(self, by: int) -> "Quantization":
        """That of integers which are all larger by a number and stand for what they did."""
        if self.load is None:
            return self

        def load() -> Parameters:
            scales, _ = self.values()
            return scales, self._offsets() + by

        return replace(self, load=load)

    def arranged(self, before: Shape, shape: Shape, order: Sequence[int]) -> "Quantization":
        """That of the same integers in another shape, whose axes are put in another order after.

        Args:
            before: The shape that they had.
            shape: The new one, before its axes change places.
            order: By place, which axis of ``shape`` goes there.
        """
        if self.scales == 1:
            return self
        axis = None if self.axis is None else _same_axis(before, self.axis % len(before), shape)
        if axis is None:
            return replace(self, axis=None, load=None)
        return replace(self, axis=tuple(order).index(axis))

    def _offsets(self) -> Array:
        """A zero point for each scale."""
        scales, zero_points = self.values()
        if zero_points.size not in (0, 1, scales.size):
            raise GraphError(f"it has {zero_points.size} zero points for {scales.size} scales")
        return np.broadcast_to(zero_points if zero_points.size else np.int64(0), scales.shape)

    def _along(self, values: Array) -> Parameters:
        """Scales and zero points, shaped to go with values."""
        scales, offsets = self.values()[0], self._offsets()
        if scales.size == 1:
            return scales.reshape(()), offsets.reshape(())
        within = self.axis is not None and -values.ndim <= self.axis < values.ndim
        if self.axis is None or not within or values.shape[self.axis] != scales.size:
            raise GraphError(f"its {scales.size} scales do not fit the shape {values.shape}")
        shape = [1] * values.ndim
        shape[self.axis] = scales.size
        return scales.reshape(shape), offsets.reshape(shape)


def _same_axis(before: Shape, axis: int, shape: Shape) -> int | None:
    """The axis of a reshaped tensor that has the elements of one of before; None: there is none."""
    outer = prod(before[:axis])
    for i, length in enumerate(shape):
        if length == before[axis] and prod(shape[:i]) == outer:
            return i
    return None
