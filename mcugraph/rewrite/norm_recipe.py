"""Normalisations of data by their own mean and spread, in operators that TFLM has for 8 bits.

Written once, as those of activations (``mcugraph.rewrite.recipes``): what is counted and what the
exporter writes follow the same steps. ``(x - mean) * rsqrt(mean((x - mean)^2) + epsilon)``, then a
factor and a term each. Taken from the data first, the mean costs no more memory than by any other
order, and what is squared is small: as integers of 8 bits that matters.
"""

from collections.abc import Sequence
from math import prod
from typing import Protocol, TypeVar

from mcugraph.ir import Shape
from mcugraph.records import dataclass

_Value = TypeVar("_Value")

# Those without a mean of their own go by the mean of the squares alone.
CENTRED = frozenset({"group_norm", "instance_norm", "layer_norm", "mean_variance_norm"})
NORMS = CENTRED | {"rms_norm"}
# Those whose factors and terms are one a channel, whatever is normalised together.
BY_CHANNEL = frozenset({"group_norm", "instance_norm", "mean_variance_norm"})


@dataclass(frozen=True, slots=True)
class Together:
    """Which elements of data are normalised together.

    Attributes:
        axes: Over which means are taken.
        parts: The shape that the data has meanwhile; None: its own.
    """

    axes: tuple[int, ...]
    parts: Shape | None = None


def in_groups(shape: Sequence[int], groups: int, channel: int) -> Together:
    """What a group norm takes together: equal parts of the channels, at all places.

    Args:
        shape: Of the data, its batch first.
        groups: Into how many parts the channels fall.
        channel: Their axis, the second or the last one.
    """
    rank = len(shape)
    channel %= rank
    places = tuple(axis for axis in range(1, rank) if axis != channel)
    if groups == 1:
        return Together(tuple(range(1, rank)))
    if groups == shape[channel] and places:
        return Together(places)
    apart = (groups, shape[channel] // groups)
    if not places:
        return Together((2,), (shape[0], *apart))
    size = (prod(shape[axis] for axis in places),)
    if channel == 1:
        return Together((2, 3), (shape[0], *apart, *size))
    return Together((1, 3), (shape[0], *size, *apart))


class NormSteps(Protocol[_Value]):
    """Something that does one operator after another."""

    def add(self, function: str, *inputs: _Value) -> _Value:
        """One more operator; its result."""

    def mean(self, data: _Value) -> _Value:
        """The mean of what is normalised together, the axes of data staying."""

    def above(self, data: _Value, epsilon: float) -> _Value:
        """The sum with a small number."""

    def reshape(self, data: _Value, apart: bool) -> _Value:
        """Data in the shape of its parts, or in its own again."""


class VarianceSteps(Protocol[_Value]):
    """Something that does the operators of a variance."""

    def add(self, function: str, *inputs: _Value) -> _Value:
        """One more operator; its result."""

    def mean(self, data: _Value, inside: bool) -> _Value:
        """The mean along the axes of the variance, which stay where it is taken from data."""

    def number(self, value: float) -> _Value:
        """A number as an operand."""


def normalize(
    steps: NormSteps[_Value],
    data: _Value,
    centred: bool,
    epsilon: float,
    scale: _Value | None,
    shift: _Value | None,
) -> _Value:
    """The steps of a normalisation; its result.

    Args:
        steps: Takes them.
        data: What is normalised.
        centred: The mean is taken from it first.
        epsilon: Added to the mean of squares.
        scale: A factor for each element, or some; None: there is none.
        shift: What is added to each; None: nothing.
    """
    data = steps.reshape(data, True)
    if centred:
        data = steps.add("sub", data, steps.mean(data))
    spread = steps.above(steps.mean(steps.add("mul", data, data)), epsilon)
    data = steps.reshape(steps.add("mul", data, steps.add("rsqrt", spread)), False)
    if scale is not None:
        data = steps.add("mul", data, scale)
    return data if shift is None else steps.add("add", data, shift)


def variance(steps: VarianceSteps[_Value], data: _Value, factor: float) -> _Value:
    """The mean of the squares of what the mean is taken from, times a factor; its result."""
    data = steps.add("sub", data, steps.mean(data, True))
    spread = steps.mean(steps.add("mul", data, data), False)
    return spread if factor == 1.0 else steps.add("mul", spread, steps.number(factor))


def corrected(count: int, correction: float) -> float:
    """The factor of a mean of so many squares where the sum is divided by fewer."""
    return count / (count - correction) if count > correction else float("inf")
