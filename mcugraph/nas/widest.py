"""Widths that use what bounds allow: a network as wide as fits, all its layers in proportion."""

from collections.abc import Callable
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
        highest: A power that makes it.
        scaled: The same by powers, where lower ones may make it too; None: they do not.
    """

    arch: Arch
    fit: Fit
    highest: float
    scaled: Callable[[float], Arch] | None = None

    def power(self) -> float:
        """About the lowest power that makes it: widths may end before the highest is reached."""
        if self.scaled is None:
            return self.highest
        low, power = -WIDEST, self.highest
        for _ in range(_HALVINGS):
            middle = (low + power) / 2
            if self.scaled(middle) == self.arch:
                power = middle
            else:
                low = middle
        return power


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
    fit = fitting(found.arch, found.fit)
    if fit is not None:
        return Widest(found.arch, fit, found.highest, found.scaled)
    highest = found.power()
    for step in range(1, _STEPS_DOWN):
        power = highest - _STEP_DOWN * step
        arch = scaled(power)
        fit = fitting(arch, None)
        if fit is not None:
            return Widest(arch, fit, power)
    return None


def _widest_counted(
    scaled: Callable[[float], Arch], counted: Callable[[Arch], Count | None], most: float
) -> Widest[Arch, Count] | None:
    """The widest that a quick look passes, about."""
    low, high = -WIDEST, most
    beyond = scaled(high)
    count = counted(beyond)
    if count is not None:
        return Widest(beyond, count, high, scaled)
    arch = scaled(low)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        tried = scaled(middle)
        # Widths are whole numbers: close to the end most powers make what was looked at.
        if tried == beyond:
            found = None
        elif count is not None and tried == arch:
            found = count
        else:
            found = counted(tried)
        if found is not None:
            low, arch, count = middle, tried, found
            continue
        high, beyond = middle, tried
        if count is None:  # not even the narrowest was looked at
            count = counted(arch)
        if count is None:
            return None
    assert count is not None, "there was a look at all"
    return Widest(arch, count, low)
