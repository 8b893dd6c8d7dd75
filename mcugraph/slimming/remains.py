"""What each tensor of a labelled graph looks like without some of its channels."""

from collections.abc import Mapping
from dataclasses import field

import numpy as np

from mcugraph.coupling.labelling import Labelling
from mcugraph.coupling.seeds import Seeds
from mcugraph.errors import GraphError
from mcugraph.ir import Array, Graph
from mcugraph.ops.labels import core, plane, planes
from mcugraph.records import dataclass


@dataclass(frozen=True)
class Remains:
    """A graph, its labels, and which of them go.

    Attributes:
        graph: With all of its channels.
        labelling: The channel that each element of each tensor belongs to.
        removed: The representative labels of what goes, ascending.
        seeds: What the labels were made with beside the graph.
        names: Of channels, by their representative labels, for messages.
    """

    graph: Graph
    labelling: Labelling
    removed: Array
    seeds: Seeds = field(default_factory=Seeds)
    names: Mapping[int, str] = field(default_factory=dict)

    def mask(self, labels: Array) -> Array:
        """Which entries of an array of labels stay."""
        unions = self.labelling.unions
        gone = [np.isin(unions.roots(entry), self.removed) for entry in planes(labels)]
        result: Array = ~np.logical_or.reduce(gone)
        return result

    def positions(self, labels: Array) -> Array:
        """Which entries of a vector of labels stay, as positions."""
        return np.flatnonzero(self.mask(labels))

    def changes(self, labels: Array) -> bool:
        """Whether something of an activation goes."""
        return not self.mask(core(labels)).all()

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
        axis = self.labelling.shrinks(seen)
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
