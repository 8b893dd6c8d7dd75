"""Widths that use what bounds allow: a network as wide as fits, all its layers in proportion.

Quick looks find it (`widest`); what takes longer may ask for one a little narrower (`narrowed`).
"""

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
class Widest(Generic[Arch, Count]):
    """An architecture about as wide as a quick look passes.

    Attributes:
        arch: The architecture.
        count: What the look at it said.
        highest: A power that makes it; lower ones may make it too.
        scaled: What does so.
    """

    arch: Arch
    count: Count
    highest: float
    scaled: Callable[[float], Arch]

    def power(self) -> float:
        """About the lowest power that makes it: widths may end before the highest is reached."""
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
    most: float = WIDEST,
) -> Widest[Arch, Count] | None:
    """An architecture about as wide as a quick look passes; None: none, however narrow it is.

    Args:
        scaled: The architecture, its widths times e to the power of a number.
        counted: A quick look at one; None: it does not fit.
        most: The highest power.
    """
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
    return Widest(arch, count, low, scaled)


def narrowed(
    found: Widest[Arch, Count], fitting: Callable[[Arch, Count | None], Fit | None]
) -> tuple[Arch, Fit] | None:
    """What a quick look passed or what is a little narrower, and how it fits; None: it does not.

    Args:
        found: As wide as a quick look passes.
        fitting: How one fits, with what a quick look at it said, if there was one; None: it does
            not. Takes longer.
    """
    fit = fitting(found.arch, found.count)
    if fit is not None:
        return found.arch, fit
    highest = found.power()
    for step in range(1, _STEPS_DOWN):
        arch = found.scaled(highest - _STEP_DOWN * step)
        fit = fitting(arch, None)
        if fit is not None:
            return arch, fit
    return None
