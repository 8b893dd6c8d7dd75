"""Widths that use what bounds allow: a network as wide as fits, all its layers in proportion."""

from collections.abc import Callable
from math import log
from typing import TypeVar

Arch = TypeVar("Arch")

WIDEST = log(128)  # of a factor of widths, up or down
_HALVINGS = 9  # of the interval that it is sought in


def widest(
    scaled: Callable[[float], Arch], fits: Callable[[Arch], bool], most: float = WIDEST
) -> tuple[Arch, float] | None:
    """An architecture as wide as fits.

    Args:
        scaled: The architecture, its widths times e to the power of a number.
        fits: Whether an architecture is within the bounds.
        most: The highest power.

    Returns:
        The architecture, and about the lowest power that makes it; None: it does not fit,
        however narrow it is.
    """
    whole, low = scaled(most), -WIDEST
    if fits(whole):
        return whole, _least(scaled, whole, most)
    best = scaled(low)
    if not fits(best):
        return None
    for _ in range(_HALVINGS):
        middle = (low + most) / 2
        tried = scaled(middle)
        if fits(tried):
            low, best = middle, tried
        else:
            most = middle
    return best, low


def _least(scaled: Callable[[float], Arch], whole: Arch, power: float) -> float:
    """The lowest power that makes the same as a higher one: widths end where the space does."""
    low = -WIDEST
    for _ in range(_HALVINGS):
        middle = (low + power) / 2
        if scaled(middle) == whole:
            power = middle
        else:
            low = middle
    return power
