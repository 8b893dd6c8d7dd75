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
        The architecture and the power; None: it does not fit however narrow it is.
    """
    whole = scaled(most)
    if fits(whole):
        return whole, most
    low, best = -WIDEST, scaled(-WIDEST)
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
