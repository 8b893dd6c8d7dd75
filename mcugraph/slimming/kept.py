"""Which channels stay, and what each tensor of a graph looks like without the others."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from mcugraph.errors import GraphError, UsageError
from mcugraph.ir import Array
from mcugraph.ops.labels import core, plane, planes
from mcugraph.records import dataclass
from mcugraph.space.space import Space

Keep = Mapping[str, Any]


@dataclass(frozen=True)
class Kept:
    """The classes of a space that stay.

    Attributes:
        space: What can be pruned.
        classes: Group name -> numbers of the classes that stay, ascending; one entry a group.
    """

    space: Space
    classes: dict[str, tuple[int, ...]]

    @classmethod
    def of(cls, space: Space, keep: Keep) -> "Kept":
        """Check what a caller asks for.

        Args:
            space: What can be pruned.
            keep: Group name -> numbers of its classes, or one bool a class; a group that is not
                named stays whole.

        Raises:
            UsageError: A group is not there, nothing of it stays, a class is not there, or
                groups that have to stay equally wide do not.
        """
        if not isinstance(space, Space):
            raise UsageError(f"space: what widths gave is needed, not {type(space).__name__}")
        if not isinstance(keep, Mapping):
            raise UsageError(
                "keep: a mapping from groups to the classes that stay is needed, "
                f"not {type(keep).__name__}"
            )
        names = [group.name for group in space.groups]
        for name in keep:
            if name not in names:
                raise UsageError(f"there is no group {name!r}; the groups are {', '.join(names)}")
        classes = {
            group.name: _numbers(group.name, keep[group.name], group.width)
            if group.name in keep
            else tuple(range(group.width))
            for group in space.groups
        }
        kept = cls(space, classes)
        kept._check_equal()
        return kept

    @cached_property
    def widths(self) -> Array:
        """How many classes of each group stay, shape (groups,)."""
        return np.array([len(self.classes[g.name]) for g in self.space.groups], np.int64)

    @cached_property
    def removed(self) -> Array:
        """The representative labels of what goes, ascending."""
        labelling = self.space.labelling
        found = []
        for group in self.space.groups:
            stay = set(self.classes[group.name])
            for number, members in enumerate(group.classes):
                if number not in stay:
                    layer, channel = min(members)
                    found.append(labelling.unions.find(int(labelling.layers[layer][channel])))
        return np.array(sorted(found), np.int64)

    def mask(self, labels: Array) -> Array:
        """Which entries of an array of labels stay."""
        unions = self.space.labelling.unions
        gone = [np.isin(unions.roots(entry), self.removed) for entry in planes(labels)]
        result: Array = ~np.logical_or.reduce(gone)
        return result

    def positions(self, labels: Array) -> Array:
        """Which entries of a vector of labels stay, as positions."""
        return np.flatnonzero(self.mask(labels))

    def cut(self, labels: Array) -> Array:
        """The labels of an activation without those that go.

        Raises:
            GraphError: What is left is no box.
        """
        for number in range(len(planes(labels))):
            labels = self._cut(labels, number)
        return labels

    def _cut(self, labels: Array, number: int) -> Array:
        """The labels without what goes of one plane."""
        inner = core(labels)
        seen = plane(inner, number)
        mask = self.mask(seen)
        if mask.all():
            return labels
        axis = self.space.labelling.shrinks(seen)
        if axis is None:
            raise GraphError("nothing of what it reads or makes is kept")
        rows = np.moveaxis(inner, axis, -1)
        stay = np.moveaxis(mask, axis, -1)
        counts = np.unique(stay.sum(-1))
        if len(counts) != 1 or counts[0] == 0:
            raise GraphError("what is kept does not fill its shape evenly")
        left = np.moveaxis(rows[stay].reshape(*rows.shape[:-1], counts[0]), -1, axis)
        shape = [
            a if b == 1 else c
            for a, b, c in zip(labels.shape, inner.shape, left.shape, strict=True)
        ]
        return np.broadcast_to(left, shape)

    def _check_equal(self) -> None:
        space, labelling = self.space, self.space.labelling
        for constraint in space.equal:
            counts = [
                sum(len(self.classes[space.groups[number].name]) for number in part)
                for part in constraint.groups
            ]
            if len(set(counts)) > 1:
                sums = [
                    f"{' + '.join(space.groups[number].name for number in part)} = {count}"
                    for part, count in zip(constraint.groups, counts, strict=True)
                ]
                raise UsageError(f"{constraint.reason}: {'; '.join(sums)} classes are kept")
        for parts, reason in labelling.binding():
            numbers = [int(self.mask(part).sum()) for part in parts]
            if len(set(numbers)) > 1:
                names = self._groups_of(parts)
                raise UsageError(
                    f"{reason}: {', '.join(map(str, numbers))} channels of {names} are kept"
                )

    def _groups_of(self, parts: Sequence[Array]) -> str:
        roots = self.space.labelling.unions.roots(np.concatenate([p.ravel() for p in parts]))
        of_root = self.space.grouping.of_root
        found = Counter(of_root[root] for root in roots.tolist() if root in of_root)
        return " and ".join(repr(self.space.groups[number].name) for number in sorted(found))


def _numbers(name: str, given: Any, width: int) -> tuple[int, ...]:
    """Numbers of classes, from numbers or from one bool a class."""
    array = np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)
    if array.ndim != 1:
        raise UsageError(f"group {name!r}: a vector of classes is needed, not {given!r}")
    if not array.size:
        raise UsageError(f"group {name!r}: at least one class has to stay")
    if array.dtype == bool:
        if len(array) != width:
            raise UsageError(f"group {name!r} has {width} classes, the mask {len(array)} entries")
        array = np.flatnonzero(array)
        if not array.size:
            raise UsageError(f"group {name!r}: at least one class has to stay")
    if array.dtype.kind not in "iu":
        raise UsageError(f"group {name!r}: classes are numbers or bools, not {array.dtype}")
    numbers = sorted(set(array.tolist()))
    if len(numbers) != len(array):
        raise UsageError(f"group {name!r}: a class is kept twice")
    if numbers[0] < 0 or numbers[-1] >= width:
        raise UsageError(
            f"group {name!r} has classes 0 to {width - 1}, no {numbers[-1]}"
            if numbers[-1] >= width
            else f"group {name!r} has classes 0 to {width - 1}, no {numbers[0]}"
        )
    return tuple(numbers)
