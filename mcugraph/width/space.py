"""The space of widths of a network: what can be pruned, and in which steps."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mcugraph.errors import UsageError
from mcugraph.ir import Array, Graph
from mcugraph.ops.coupling import FIXED
from mcugraph.width.groups import EqualWidths, Grouping, WidthGroup, group
from mcugraph.width.propagate import Labelling, label


@dataclass(frozen=True)
class Space:
    """The widths that a network can have.

    Attributes:
        graph: The network at full width.
        labelling: The channel that each element of each tensor belongs to.
        grouping: The classes of channels as width groups.
    """

    graph: Graph
    labelling: Labelling
    grouping: Grouping

    @property
    def groups(self) -> tuple[WidthGroup, ...]:
        """One a width variable, in a stable order."""
        return self.grouping.groups

    @property
    def equal(self) -> tuple[EqualWidths, ...]:
        """Constraints between groups; other widths can be evaluated but not slimmed to."""
        return self.grouping.equal

    @cached_property
    def channel_classes(self) -> tuple[frozenset[tuple[str, int]], ...]:
        """Channels, as (layer, index), that can only be removed together."""
        return tuple(members for entry in self.groups for members in entry.classes)

    @cached_property
    def full(self) -> Array:
        """How many classes each group has."""
        return np.array([entry.width for entry in self.groups], np.int64)

    @cached_property
    def refused(self) -> dict[str, str]:
        """Layers with channels that have to stay, and why."""
        found = {}
        for name, labels in self.labelling.layers.items():
            fixed = [v for v in labels.tolist() if self.labelling.unions.find(v) == FIXED]
            if fixed:
                found[name] = self.labelling.unions.reason(fixed[0])
        return found

    def round(self, w: Array) -> Array:
        """The nearest feasible integer widths: at least one class a group, equal where needed.

        Args:
            w: One width a group, shape (groups,).

        Raises:
            UsageError: There is not one width a group.
        """
        given = np.asarray(w, np.float64)
        if given.shape != self.full.shape:
            raise UsageError(f"{len(self.groups)} widths are needed, not shape {given.shape}")
        rounded = np.clip(np.rint(given), 1, self.full).astype(np.int64)
        for constraint in self.equal:
            if all(len(part) == 1 for part in constraint.groups):
                numbers = sorted({part[0] for part in constraint.groups})
                shared = np.rint(given[numbers].mean())
                rounded[numbers] = np.clip(shared, 1, self.full[numbers].min())
        return rounded


def widths(graph: Graph) -> Space:
    """The widths that a network can have, from how channels are coupled in it.

    Args:
        graph: Of any front-end.
    """
    labelling = label(graph)
    return Space(graph, labelling, group(graph, labelling))
