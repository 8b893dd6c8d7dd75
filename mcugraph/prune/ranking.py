"""The saliences of all classes of channels of a model, from those of its layers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
import torch

from mcugraph.coupling.derived import part_of
from mcugraph.errors import UsageError
from mcugraph.ir import Array, Operator
from mcugraph.ops.base import Weighted
from mcugraph.ops.convolution import ConvTranspose
from mcugraph.ops.labels import first_row, plane
from mcugraph.ops.linear import Einsum
from mcugraph.ops.normalization import BatchNorm
from mcugraph.ops.recurrent import Recurrent
from mcugraph.ops.selection import Gather
from mcugraph.prune.masks import Masks
from mcugraph.prune.numbered_classes import Classes
from mcugraph.prune.placement import einsum_axes, parameter_of
from mcugraph.prune.salience import Salience, ScoredLayer
from mcugraph.records import dataclass
from mcugraph.slimming.cutting import Cuts, holders_of, shapes_of, taken
from mcugraph.space.space import Space


@dataclass(frozen=True)
class _Source:
    """A layer that makes channels which can go.

    Attributes:
        operator: The layer.
        weight: The name of its weights in the model.
        axis: Of the weights, where its channels lie.
        gamma: The name of the scale of the batch norm behind it; None: there is none.
        numbers: The class of each of its channels, shape (channels,).
        watched: The module whose results are the channels, the batch norm's where there is one.
        channel_axis: Of those results.
        places: Of each entry of the layer's weights, where among all entries of the tensor that
            the model holds; None: that is all of it.
    """

    operator: Operator
    weight: str
    axis: int
    gamma: str | None
    numbers: Array
    watched: str
    channel_axis: int
    places: torch.Tensor | None = None

    def by_channel(self, weight: torch.Tensor) -> torch.Tensor:
        """Weights as shape (channels, inputs of a channel)."""
        op = self.operator.op
        if self.places is not None:
            weight = weight.reshape(-1)[self.places.to(weight.device)]
        if isinstance(op, ConvTranspose) and op.groups > 1:
            parts = weight.reshape(op.groups, -1, *weight.shape[1:])
            return parts.transpose(1, 2).reshape(len(self.numbers), -1)
        return weight.movedim(self.axis, 0).reshape(len(self.numbers), -1)


class Ranking:
    """The saliences of all classes: of each, the largest of its channels in any layer.

    Args:
        model: Whose layers are looked at.
        masks: On the model.
        classes: Of its space.
        rule: What ranks the channels of a layer.
        cuts: What stays of tensors in the model whose space that is; None: that is the model.

    Raises:
        UsageError: A group has no layer with weights, or the rule needs a module that is none.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        masks: Masks,
        classes: Classes,
        rule: Salience,
        cuts: Cuts | None = None,
    ) -> None:
        self.model, self.masks, self.classes, self.rule = model, masks, classes, rule
        holders = holders_of(model)
        self._cuts = cuts or Cuts()
        self._sources = list(_sources(classes, self._cuts.shapes(shapes_of(model))))
        names = [name for s in self._sources for name in (s.weight, s.gamma) if name is not None]
        # Where the model holds what is looked at: searching it would take most of an update.
        self._places = {name: holders[name][1][0] for name in names}
        ranked = np.zeros(classes.count + 1, np.bool_)
        for source in self._sources:
            ranked[source.numbers] = True
        for group, start in zip(classes.space.groups, classes.starts, strict=True):
            if not ranked[start : start + group.width].all():
                raise UsageError(f"group {group.name!r}: no weights rank its channels")
        self._watched: dict[str, torch.nn.Module] = {}
        if rule.activity:
            modules = dict(model.named_modules())
            for source in self._sources:
                if source.watched not in modules or source.places is not None:
                    raise UsageError(
                        f"layer {source.operator.name!r}: its activations cannot be watched, since"
                        " it is no module of its own; choose another salience"
                    )
                self._watched[source.watched] = modules[source.watched]

    @property
    def probes(self) -> bool:
        """Whether the rule needs a pass of a batch through the model."""
        return self.rule.gradient or self.rule.activity

    def scores(self, loss: Callable[[], torch.Tensor]) -> Array:
        """The salience of every class, shape (classes,).

        Args:
            loss: Of the model on a batch; called only if the rule needs it.

        Raises:
            UsageError: The rule does not give one number a channel, finite and not negative.
        """
        held = {name: getattr(*place) for name, place in self._places.items()}
        gradients, activity = self._probe(loss, held) if self.probes else ({}, {})
        found = []
        for source in self._sources:
            gradient = gradients.get(source.weight)
            layer = ScoredLayer(
                source.operator.name,
                source.by_channel(self._left(source.weight, held[source.weight])),
                None if source.gamma is None else self._left(source.gamma, held[source.gamma]),
                None
                if gradient is None
                else source.by_channel(self._left(source.weight, gradient)),
                self._active(source, activity.get(source.watched)),
            )
            with torch.no_grad():
                found.append(_checked(layer, self.rule.score(layer)))
        return self._merged(found)

    def _merged(self, found: Sequence[torch.Tensor]) -> Array:
        """The largest of each class, of what a rule says of the layers.

        All come to the CPU at once: each copy would wait for a GPU.

        Raises:
            UsageError: Something is not finite, or negative.
        """
        together = torch.cat([scores.double().to(found[0].device) for scores in found])
        values = together.detach().cpu().numpy()
        if not np.isfinite(values).all():
            raise UsageError("a salience is not finite: has the training diverged?")
        merged = np.zeros(self.classes.count + 1)
        parts = np.split(values, np.cumsum([len(scores) for scores in found])[:-1])
        for source, part in zip(self._sources, parts, strict=True):
            if (part < 0).any():
                name = source.operator.name
                raise UsageError(f"salience of layer {name!r}: it is negative somewhere")
            np.maximum.at(merged, source.numbers, part)
        return np.asarray(merged[:-1])

    def _left(self, name: str, value: torch.Tensor) -> torch.Tensor:
        """What stays of a tensor of the model, or of something of its shape."""
        entries = self._cuts.entries.get(name)
        plain: torch.Tensor = taken(value.detach(), entries) if entries else value.detach()
        return plain

    def _active(self, source: _Source, shares: torch.Tensor | None) -> torch.Tensor | None:
        """What stays of something of each channel that a layer makes."""
        positions = self._cuts.entries.get(source.weight, {}).get(source.axis)
        if shares is None or positions is None or positions.ndim != 1:
            return shares
        return shares[torch.from_numpy(positions).to(shares.device)]

    def _probe(
        self, loss: Callable[[], torch.Tensor], held: dict[str, torch.Tensor]
    ) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        """What the rule needs of one pass through the model without masks."""
        seen: dict[str, list[torch.Tensor]] = {path: [] for path in self._watched}
        axes = {source.watched: source.channel_axis for source in self._sources}
        with ExitStack() as stack:
            stack.enter_context(self.masks.differentiable(everything=True))
            for path, module in self._watched.items():

                def watch(module: Any, inputs: Any, result: torch.Tensor, path: str = path) -> None:
                    others = [a for a in range(result.ndim) if a != axes[path] % result.ndim]
                    seen[path].append((result.detach() > 0).double().mean(others))

                stack.callback(module.register_forward_hook(watch).remove)
            value = loss()
            names = list(dict.fromkeys(source.weight for source in self._sources))
            found: Any = [None] * len(names)
            if self.rule.gradient:
                weights = [held[name] for name in names]
                found = torch.autograd.grad(value, weights, allow_unused=True)
        gradients = {
            name: torch.zeros_like(held[name]) if gradient is None else gradient
            for name, gradient in zip(names, found, strict=True)
        }
        activity = {path: torch.stack(shares).mean(0) for path, shares in seen.items() if shares}
        return gradients, activity


def _sources(classes: Classes, shapes: dict[str, tuple[int, ...]]) -> Iterator[_Source]:
    space = classes.space
    norms = {
        operator.inputs[0]: operator
        for operator in space.graph.operators
        if isinstance(operator.op, BatchNorm)
    }
    for operator in space.graph.operators:
        if isinstance(operator.op, Recurrent):
            yield from _units(classes, operator, operator.op, shapes)
            continue
        for table, place, axis in _tables(space, operator):
            tensor = space.graph.tensors[table or ""]
            weight, places = parameter_of(space, table, shapes), None
            if not classes.in_activation(operator.outputs[0]):
                continue
            if weight is None:
                part = part_of(tensor)
                if part is None or part.source not in shapes:
                    continue
                weight, places = part.source, torch.from_numpy(part.places)
            elif shapes[weight] != tensor.shape:
                continue  # a view of it
            labels = plane(space.labelling.activations[operator.outputs[0]], 0)
            norm = norms.get(operator.outputs[0])
            gamma = None if norm is None else parameter_of(space, norm.inputs[1], shapes)
            watched = operator if norm is None else norm
            rank = len(tensor.shape or ())
            made = space.labelling.constants.get((table or "", place % rank))
            if made is None or len(made) != labels.shape[axis]:  # of a grouped transposed one
                made = first_row(labels, axis)
            numbers = classes.of(made)
            found = (operator, weight, place % rank, gamma, numbers, watched.name, axis)
            yield _Source(*found, places)


def _units(
    classes: Classes, operator: Operator, op: Recurrent, shapes: dict[str, tuple[int, ...]]
) -> Iterator[_Source]:
    """What makes the units of a recurrent layer: of each, rows in every gate."""
    space = classes.space
    for unit in op.units:
        name = operator.inputs[unit.index]
        weight, made = parameter_of(space, name, shapes), classes.along(name, 0)
        if unit.axis or unit.index not in op.weights or weight is None or made is None:
            continue
        rows, columns = shapes[weight]
        places = np.arange(rows * columns).reshape(unit.gates, -1, columns).swapaxes(0, 1)
        numbers = made.ravel()[: rows // unit.gates]
        found = (operator, weight, 0, None, numbers, operator.name, -1)
        yield _Source(*found, torch.from_numpy(places.copy()))


def _tables(space: Space, operator: Operator) -> Iterator[tuple[str | None, int, int]]:
    """The weights that make channels, the axis of these, and that of the result."""
    op = operator.op
    if isinstance(op, Gather):
        yield operator.inputs[0], 1, -1  # an embedding
    elif isinstance(op, Weighted):
        yield operator.inputs[op.weights], op.weight_out, op.result_axis
    elif isinstance(op, Einsum):
        for name, axis, place in einsum_axes(space.graph, operator, op):
            if place is not None and (name, axis) in space.labelling.constants:
                yield name, axis, place


def _checked(layer: ScoredLayer, found: Any) -> torch.Tensor:
    """What a rule says of a layer.

    Raises:
        UsageError: It is not one number a channel.
    """
    count = len(layer.weight)
    if not isinstance(found, torch.Tensor) or tuple(found.shape) != (count,):
        what = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
        raise UsageError(
            f"salience of layer {layer.name!r}: a tensor of shape ({count},) is needed, not {what}"
        )
    return found
