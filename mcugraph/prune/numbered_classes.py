"""The classes of channels of a space, numbered through, and where they lie."""

import numpy as np

from mcugraph.errors import UsageError
from mcugraph.ir import Array, Operator
from mcugraph.ops.base import Weighted
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.labels import core, first_row, plane, planes
from mcugraph.space.space import Space


class Classes:
    """The classes of a space, numbered through, and where they lie.

    Args:
        space: Of a PyTorch model.

    Raises:
        UsageError: The model has none.
    """

    def __init__(self, space: Space) -> None:
        if not space.groups:
            refused = [f"{layer}: {reason}" for layer, reason in space.refused.items()]
            why = "; ".join(refused[:3]) or "it has no layers"
            raise UsageError(f"nothing in {space.graph.name} can be pruned: {why}")
        self.space = space
        sizes = [group.width for group in space.groups]
        self.count = sum(sizes)
        self.starts = np.cumsum([0, *sizes[:-1]]).astype(np.int64)
        unions, layers = space.labelling.unions, space.labelling.layers
        self._number = {
            unions.find(int(layers[layer][channel])): number
            for number, (layer, channel) in enumerate(map(min, space.channel_classes))
        }
        self._planes: dict[str, tuple[frozenset[int], frozenset[int]]] = {}

    def most(self, scores: Array, widths: Array) -> Array:
        """The classes with the largest scores of each group, as many as its width says.

        Args:
            scores: Shape (classes,); of equal ones, the first count more.
            widths: Shape (groups,).

        Returns:
            One bool a class, shape (classes,).
        """
        chosen = np.zeros(self.count, np.bool_)
        parts = np.split(scores, self.starts[1:])
        for start, part, width in zip(self.starts, parts, widths, strict=True):
            chosen[start + np.argsort(-part, kind="stable")[:width]] = True
        return chosen

    def of(self, labels: Array) -> Array:
        """Labels as numbers of classes; ``count`` for what has to stay."""
        roots = self.space.labelling.unions.roots(labels)
        found = [self._number.get(root, self.count) for root in roots.ravel().tolist()]
        return np.array(found, np.int64).reshape(roots.shape)

    def in_activation(self, name: str | None) -> bool:
        """Whether an activation has channels that can go."""
        return any(len(found) for found in self.in_planes(name))

    def in_planes(self, name: str | None) -> tuple[frozenset[int], frozenset[int]]:
        """The classes that lie in an activation, of each plane of its labels."""
        key = name or ""
        if key not in self._planes:
            labels = self.space.labelling.activations.get(key)
            sets = [] if labels is None else [self.of(core(entry)) for entry in planes(labels)]
            found = [frozenset(entry[entry < self.count].tolist()) for entry in sets]
            first, second, *_ = [*found, frozenset[int](), frozenset[int]()]
            self._planes[key] = first, second
        return self._planes[key]

    def made(self, operator: Operator) -> Array | None:
        """The classes of a layer's weights by the channel they make, as ``Factor.classes``."""
        return self._of_weights(operator, makes=True)

    def read(self, operator: Operator) -> Array | None:
        """The classes of a layer's weights by the channel they read, as ``Factor.classes``."""
        return self._of_weights(operator, makes=False)

    def _of_weights(self, operator: Operator, makes: bool) -> Array | None:
        op = operator.op
        assert isinstance(op, Weighted)
        weights = operator.inputs[op.weights]
        axis = (op.weight_out if makes else op.weight_in) % self._rank(weights)
        # The axis of which each group of a grouped convolution has its own.
        if isinstance(op, ConvTranspose if makes else Conv) and op.groups > 1:
            activation = operator.outputs[0] if makes else operator.inputs[0]
            return self._by_group(op, weights, activation, axis)
        return self.along(weights, axis)

    def along(self, name: str | None, axis: int) -> Array | None:
        """The classes along an axis of a constant; None: nothing of it can go."""
        labels = self.space.labelling.constants.get((name or "", axis))
        if labels is None:
            return None
        return self._shaped(self.of(labels), self._rank(name), axis)

    def _by_group(
        self, op: Conv | ConvTranspose, weights: str | None, activation: str | None, axis: int
    ) -> Array:
        """Of a grouped convolution, the axis of the weights that each group has for itself."""
        labels = plane(self.space.labelling.activations[activation or ""], 0)
        rows = self.of(first_row(labels, op.channel_axis)).reshape(op.groups, -1)
        tensor = self.space.graph.tensors[weights or ""]
        assert tensor.shape is not None
        rows = np.repeat(rows, tensor.shape[1 - axis] // op.groups, 0)
        return (rows if axis == 1 else rows.T).reshape(*rows.shape, *[1] * (len(tensor.shape) - 2))

    def _rank(self, name: str | None) -> int:
        return len(self.space.graph.tensors[name or ""].shape or ())

    @staticmethod
    def _shaped(classes: Array, rank: int, axis: int) -> Array:
        return classes.reshape([-1 if i == axis else 1 for i in range(rank)])
