"""The labels of a graph, and what they say of its tensors."""

from dataclasses import field

import numpy as np

from mcugraph.coupling.seeds import Seeds, Way
from mcugraph.coupling.unions import Unions
from mcugraph.ir import Array, Tensor
from mcugraph.ops.labels import core, planes, varies
from mcugraph.records import dataclass


@dataclass(slots=True)
class Labelling:
    """The labels of a graph.

    Attributes:
        unions: Which labels are one class.
        activations: Tensor name -> labels, in the shape of the tensor.
        constants: (tensor name, axis) -> the labels that its entries belong to.
        stored: (key of a tensor that constants are worked out of, axis) -> the same.
        followed: Constants that are worked out of stored ones, the axes of these that follow
            their labels, and the labels.
        layers: Layer name -> labels of the channels that it makes, in order.
        made: Operator name -> (layer name, labels) of the channels that it makes.
        equal: (parts, reason): of each part equally many classes have to stay.
        averaged: Operators that average over channels -> the labels of what they read.
        ways: (operator name, plane, way) -> whether it works in that way.
        seeds: What was labelled otherwise than operators say.
    """

    unions: Unions = field(default_factory=Unions)
    activations: dict[str, Array] = field(default_factory=dict)
    constants: dict[tuple[str, int], Array] = field(default_factory=dict)
    stored: dict[tuple[str, int], Array] = field(default_factory=dict)
    followed: list[tuple[Tensor, frozenset[tuple[str, int]], Array]] = field(default_factory=list)
    layers: dict[str, Array] = field(default_factory=dict)
    made: dict[str, list[tuple[str, Array]]] = field(default_factory=dict)
    equal: list[tuple[tuple[Array, ...], str]] = field(default_factory=list)
    averaged: dict[str, Array] = field(default_factory=dict)
    ways: dict[Way, bool] = field(default_factory=dict)
    seeds: Seeds = field(default_factory=Seeds)

    def binding(self) -> list[tuple[tuple[Array, ...], str]]:
        """The constraints of equal counts that bind something, with representatives for labels.

        Where each part is of one class all along, the parts themselves are what is pruned.
        """
        found = ((tuple(map(self.unions.roots, parts)), reason) for parts, reason in self.equal)
        return [
            (parts, reason)
            for parts, reason in found
            if any(np.unique(part).size > 1 for part in parts)
        ]

    def freeze(self, name: str | None, reason: str) -> None:
        """All channels of an activation have to stay, for a reason; other tensors have none."""
        for labels in planes(self.activations[name]) if name in self.activations else ():
            self.unions.freeze(labels, reason)

    def shortened(self, labels: Array) -> dict[int, Array]:
        """The axes of an activation that get shorter when channels go, and the labels that tell."""
        found = ((self.shrinks(entry), entry) for entry in planes(labels))
        return {axis: entry for axis, entry in found if axis is not None}

    def shrinks(self, labels: Array) -> int | None:
        """The axis along which an activation gets shorter when channels of one plane go.

        None: there is none. Where classes change along several axes, the lines along this one
        keep equally many: heads stay, and each gets fewer channels.
        """
        roots = self.unions.roots(core(labels))
        axes = [axis for axis in range(roots.ndim) if varies(roots, axis)]
        match axes:
            case []:
                return None
            case [axis]:
                return axis
        parts = {
            frozenset(self.unions.roots(part).tolist()) for parts, _ in self.equal for part in parts
        }
        for axis in reversed(axes):
            lines = np.moveaxis(roots, axis, -1).reshape(-1, roots.shape[axis])
            if parts.issuperset(map(frozenset, lines.tolist())):
                return axis
        *_, last = axes
        return last
