"""What tests of coupling say about a space of widths, and ask of one."""

from collections.abc import Callable

import torch

from mcugraph.space.space import Space

Classes = set[frozenset[tuple[str, int]]]
Build = Callable[..., Space]

IMAGE = torch.zeros(1, 3, 16, 16)
TOKENS = torch.zeros(1, 5, 6)


def tied(count: int, *places: tuple[str, int] | str) -> Classes:
    """Classes that join channel i, plus an offset, of some layers, for i below the count."""
    pairs = [(place, 0) if isinstance(place, str) else place for place in places]
    return {frozenset((layer, offset + i) for layer, offset in pairs) for i in range(count)}


def every(step: int, count: int, layer: str) -> Classes:
    """Classes of ``step`` neighbouring channels of a layer."""
    return {frozenset((layer, step * i + j) for j in range(step)) for i in range(count)}


def names(space: Space) -> list[tuple[str, int, int]]:
    return [(entry.name, entry.width, entry.granularity) for entry in space.groups]


def equal(space: Space) -> set[frozenset[tuple[str, ...]]]:
    return {
        frozenset(tuple(space.groups[g].name for g in part) for part in constraint.groups)
        for constraint in space.equal
    }


def members(space: Space, group: str) -> set[tuple[str, int, int, str]]:
    """(tensor, axis, multiplicity, use) of each member."""
    found = next(entry for entry in space.groups if entry.name == group)
    return {(m.tensor, m.axis, m.multiplicity, m.use) for m in found.members}
