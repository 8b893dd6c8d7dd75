"""Unique names from the names that files and modules give."""

from collections.abc import Iterable


class Names:
    """Hands out every name once; a second use of one gets a number: ``#2`` and so on.

    Args:
        taken: Names that are given already.
        separator: What stands before the number.
    """

    def __init__(self, taken: Iterable[str] = (), separator: str = "#") -> None:
        self._used = set(taken)
        self._separator = separator
        self._last: dict[str, int] = {}  # name -> the number it got last; those below are used

    def unique(self, name: str) -> str:
        """The name itself, or the first free one made from it."""
        if name not in self._used:
            self._used.add(name)
            return name
        number = self._last.get(name, 1) + 1
        while (result := f"{name}{self._separator}{number}") in self._used:
            number += 1
        self._last[name] = number
        self._used.add(result)
        return result
