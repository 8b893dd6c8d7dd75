"""Unique names from the names that files give."""


class Names:
    """Hands out every name once; a second use gets ``#2`` and so on."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def unique(self, name: str) -> str:
        """The name itself, or the first free one made from it."""
        result, number = name, 1
        while result in self._used:
            number += 1
            result = f"{name}#{number}"
        self._used.add(result)
        return result
