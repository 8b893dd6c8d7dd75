"""The nodes of a traced program that lay axes out anew, or let them change places."""

from typing import Any

from mcugraph.export.tools import called

RESHAPES = frozenset({"flatten", "reshape", "unflatten", "view"})
SWAPS = frozenset({"mT", "permute", "swapaxes", "transpose"})


def swaps_last_two(node: Any) -> bool:
    """Whether a node lets the last two of three axes change places, and does no more."""
    if called(node) not in SWAPS or len(node.meta["val"].shape) != 3:
        return False
    if called(node) == "permute":
        return [axis % 3 for axis in node.args[1]] == [0, 2, 1]
    return called(node) == "mT" or {axis % 3 for axis in node.args[1:3]} == {1, 2}
