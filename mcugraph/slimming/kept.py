"""Which channels of a space stay."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.records import dataclass
from mcugraph.slimming.remains import Remains
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
    def remains(self) -> Remains:
        """What is left of the graph."""
        labelling = self.space.labelling
        found = []
        for group in self.space.groups:
            stay = set(self.classes[group.name])
            for number, members in enumerate(group.classes):
                if number not in stay:
                    layer, channel = min(members)
                    found.append(labelling.unions.find(int(labelling.layers[layer][channel])))
        names = {
            root: self.space.groups[number].name
            for root, number in self.space.grouping.of_root.items()
        }
        gone = np.array(sorted(found), np.int64)
        return Remains(self.space.graph, labelling, gone, names=names)

    def _check_equal(self) -> None:
        space, labelling = self.space, self.space.labelling
        gone = space.full - self.widths
        for constraint in space.equal:
            if len({sum(int(gone[number]) for number in part) for part in constraint.groups}) > 1:
                sums = [
                    f"{' + '.join(space.groups[number].name for number in part)} = "
                    f"{sum(int(self.widths[number]) for number in part)}"
                    for part in constraint.groups
                    if part
                ]
                raise UsageError(f"{constraint.reason}: {'; '.join(sums)} classes are kept")
        for parts, reason in labelling.binding():
            numbers = [int(self.remains.mask(part).sum()) for part in parts]
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
