"""What widths are worth, before any training tells."""

import numpy as np

from mcugraph.ir import Array
from mcugraph.records import dataclass

# p. Measured best with the worth by shares: docs/pages/explanation/pruning-measured.md.
CONCAVITY = 1.0


@dataclass(frozen=True)
class Utility:
    """The sum over groups of S (1 - (full / w)^p) / p, or S log(w / full) for p = 0.

    The first channels of a group are worth the most. The larger p, the more even are the shares
    that are kept: p = 0 only cares for their product, an infinite p for the least of them. After
    Mo and Walrand, "Fair end-to-end window-based congestion control" (2000), whose alpha is 1 + p.

    Attributes:
        worth: S of each group, not negative, the largest 1, shape (groups,).
        full: How many classes each group has, shape (groups,).
        concavity: p, from 0 on.
    """

    worth: Array
    full: Array
    concavity: float

    def of(self, w: Array) -> Array:
        """The utility of widths, shape (..., groups)."""
        if not self.concavity:
            return np.asarray(np.log(w / self.full) @ self.worth)
        parts = (1 - (self.full / w) ** self.concavity) / self.concavity
        return np.asarray(parts @ self.worth)
