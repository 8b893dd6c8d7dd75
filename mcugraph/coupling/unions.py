"""Labels that become one class."""

from collections.abc import Iterator

import numpy as np

from mcugraph.ir import Array
from mcugraph.ops.labels import FIXED, NONE, core


class Unions:
    """A union-find over labels, with FIXED and NONE among them.

    NONE unites with nothing. What is united with FIXED has to stay; the first reason given for a
    class is kept.
    """

    def __init__(self) -> None:
        self._parent = [NONE, FIXED]
        self._reason: dict[int, str] = {}
        self._resolved: Array | None = None  # label -> representative, until something changes

    @property
    def count(self) -> int:
        """How many labels there are; they are numbered from 0."""
        return len(self._parent)

    def fresh(self, count: int) -> Array:
        """New labels, each a class of its own."""
        self._resolved = None
        first = len(self._parent)
        self._parent.extend(range(first, first + count))
        return np.arange(first, first + count, dtype=np.int64)

    def find(self, label: int) -> int:
        """The representative of a label's class; FIXED for those that have to stay."""
        end = root = label
        while self._parent[root] != root:
            end, root = root, self._parent[root]
        # What has to stay goes by the label that the reason was given for.
        end = end if root == FIXED else root
        while label != end and self._parent[label] != end:
            self._parent[label], label = end, self._parent[label]
        return root

    def unite(self, first: Array, second: Array) -> None:
        """Make one class of the labels at each place, after broadcasting."""
        # What is the same all along an axis on both sides is looked at once.
        one, other = np.broadcast_arrays(*map(core, np.broadcast_arrays(first, second)))
        self._resolved = None
        for a, b in _pairs(one.ravel(), other.ravel()):
            low, high = sorted((self.find(a), self.find(b)))
            # The smaller label represents, so FIXED wins over all.
            self._parent[high] = low
            if low == FIXED < high:
                self._reason.setdefault(high, "tied to an input, or to what has to stay")

    def freeze(self, labels: Array, reason: str) -> None:
        """The classes of these labels have to stay, for a reason."""
        self._resolved = None
        for label in np.unique(core(labels)).tolist():
            root = self.find(label)
            if root > FIXED:
                self._parent[root] = FIXED
                self._reason[root] = reason

    def reason(self, label: int) -> str:
        """Why a label's class has to stay."""
        while label not in self._reason and self._parent[label] != label:
            label = self._parent[label]
        return self._reason.get(label, "tied to an input")

    def roots(self, labels: Array) -> Array:
        """The representative of each label."""
        if self._resolved is None:
            table = np.array(self._parent, np.int64)
            while (further := table[table]).tobytes() != table.tobytes():
                table = further
            self._resolved = table
        return np.asarray(self._resolved[labels])


def _pairs(one: Array, other: Array) -> Iterator[tuple[int, int]]:
    """The different labels that meet at the places of two lines, each pair once, in order."""
    # Neighbours are mostly of one channel: each run of a pair counts once.
    starts = np.ones(one.shape, bool)
    starts[1:] = one[1:] != one[:-1]
    starts[1:] |= other[1:] != other[:-1]
    starts &= one != other
    starts &= one != NONE
    starts &= other != NONE
    one, other = one[starts], other[starts]
    if one.size:
        # One number for a pair sorts much faster than two.
        pairs = np.unique(one * (other.max() + 1) + other)
        yield from zip(*map(np.ndarray.tolist, np.divmod(pairs, other.max() + 1)), strict=True)
