"""Lists of different lengths in one array, and all their entries for many keys at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Ragged:
    """Lists of whole numbers by number, flat.

    Attributes:
        lengths: Of each list.
    """

    __slots__ = ("_flat", "_start", "lengths")

    def __init__(self, lists: Sequence[Sequence[int]]) -> None:
        self.lengths: Ints = np.array([len(entries) for entries in lists], np.int64)
        self._start: Ints = np.cumsum(self.lengths) - self.lengths
        self._flat: Ints = np.array([entry for entries in lists for entry in entries], np.int64)

    def of(self, keys: Ints) -> tuple[Ints, Ints]:
        """The entries of the lists ``keys`` one after the other.

        Returns:
            For each entry the position in ``keys`` that it belongs to, and the entry.
        """
        lengths = self.lengths[keys]
        owner = np.repeat(np.arange(len(keys)), lengths)
        # Where the entries of a key begin in its list, less where they begin in the result.
        shift = self._start[keys] - (np.cumsum(lengths) - lengths)
        return owner, self._flat[np.arange(len(owner)) + shift[owner]]
