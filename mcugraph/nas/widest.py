"""Widths that use what bounds allow: a network as wide as fits, all its layers in proportion."""

from collections.abc import Callable
from functools import partial
from math import log
from typing import Generic, TypeVar

from mcugraph.records import dataclass

Arch = TypeVar("Arch")
Count = TypeVar("Count")
Fit = TypeVar("Fit")

WIDEST = log(128)  # of a factor of widths, up or down
_HALVINGS = 9  # of the interval that it is sought in
_STEPS_DOWN, _STEP_DOWN = 4, log(1.2)  # where a quick look passes what does not fit


@dataclass(frozen=True, slots=True)
class Widest(Generic[Arch, Fit]):
    """An architecture as wide as fits.

    Attributes:
        arch: The architecture.
        fit: How it does.
        power: Tells about the lowest power that makes it.
    """

    arch: Arch
    fit: Fit
    power: Callable[[], float]


def widest(
    scaled: Callable[[float], Arch],
    counted: Callable[[Arch], Count | None],
    fitting: Callable[[Arch, Count | None], Fit | None],
    most: float = WIDEST,
) -> Widest[Arch, Fit] | None:
    """An architecture as wide as fits; None: it does not, however narrow it is.

    Args:
        scaled: The architecture, its widths times e to the power of a number.
        counted: A quick look at one; None: it does not fit.
        fitting: How one fits, with what a quick look at it said, if there was one; None: it does
            not. Takes longer.
        most: The highest power.
    """
    found = _widest_counted(scaled, counted, most)
    if found is None:
        return None
    high, arch, count = found
    # Widths may end before the highest power does: many make the same.
    power = partial(_lowest, scaled, arch, high) if high == most else lambda: high
    fit = fitting(arch, count)
    if fit is not None:
        return Widest(arch, fit, power)
    for step in range(1, _STEPS_DOWN):
        low = power() - _STEP_DOWN * step
        arch = scaled(low)
        fit = fitting(arch, None)
        if fit is not None:
            return Widest(arch, fit, lambda low=low: low)
    return None


def _widest_counted(
    scaled: Callable[[float], Arch], counted: Callable[[Arch], Count | None], most: float
) -> tuple[float, Arch, Count] | None:
    """The highest power about, at which a quick look passes the architecture."""
    low, high = -WIDEST, most
    arch = scaled(high)
    count = counted(arch)
    if count is not None:
        return high, arch, count
    arch = scaled(low)
    count = counted(arch)
    if count is None:
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        tried = scaled(middle)
        found = counted(tried)
        if found is None:
            high = middle
        else:
            low, arch, count = middle, tried, found
    return low, arch, count


def _lowest(scaled: Callable[[float], Arch], arch: Arch, power: float) -> float:
    """About the lowest power that makes what a higher one does."""
    low = -WIDEST
    for _ in range(_HALVINGS):
        middle = (low + power) / 2
        if scaled(middle) == arch:
            power = middle
        else:
            low = middle
    return power
