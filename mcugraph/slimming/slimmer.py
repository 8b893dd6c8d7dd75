"""Channels taken out of a PyTorch model."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from mcugraph.errors import FormatError, UsageError
from mcugraph.formats.torch.given import plain_module
from mcugraph.formats.torch.importer import from_torch
from mcugraph.ir import Graph, Shape
from mcugraph.ops.attention import Attention
from mcugraph.slimming.cutting import Cuts, default, duplicate, shapes_of
from mcugraph.slimming.edits import Edits
from mcugraph.slimming.kept import Keep, Kept
from mcugraph.slimming.label_flow import Flow, Mismatch, follow
from mcugraph.slimming.refit import refit
from mcugraph.slimming.remains import Remains
from mcugraph.slimming.rewriting import Rewriting
from mcugraph.space.space import Space, widths


def slim(
    model: Any,
    keep: Keep,
    example_inputs: Any = (),
    kwargs: Mapping[str, Any] | None = None,
    space: Space | None = None,
) -> Any:
    """A copy of a PyTorch model without some of its channels.

    Parameters and buffers are cut, and attributes of PyTorch's own modules (``out_channels``,
    ``groups``, ``num_features`` and so on) follow. The channels of every layer keep their order.
    Modules keep their classes, but for those whose forward method names a size that changes, as
    ``x.view(-1, 2, 8)`` does: a ``torch.fx.GraphModule`` with another size takes their place.
    Afterwards the result is exported and held against the whole
    model, operator by operator: it has to do to the channels that stay what the model did.

    The result has two records as plain attributes: ``mcugraph_kept``, for each tensor that was
    cut a dict from axis to the numbers that its entries had in the model (for the second axis of
    a grouped convolution's weights, one tuple a group), and ``mcugraph_classes``, for each group
    the numbers of the classes that stay. Slimming a slimmed model keeps the numbers of the first.

    What a batch norm or an activation makes of a channel that is masked after it, the slimmed
    model leaves out: both compute the same. Layer norm and group norm average over channels, so
    there the slimmed model differs from the masked one.

    Args:
        model: A ``torch.nn.Module``; it stays as it is. Of a compiled one, what was compiled.
        keep: Name of a group of the space -> numbers of the classes that stay, or one bool a
            class. Groups that are not named stay whole.
        example_inputs: As for ``from_torch``.
        kwargs: As for ``from_torch``.
        space: What ``widths(from_torch(model, example_inputs))`` gave, to save its time.

    Returns:
        A module with the same names of parameters, in the same mode.

    Raises:
        UsageError: A group or class is not there, nothing of a group would stay, or what has to
            stay equally wide would not; the message names the groups and the operator.
        GraphError: The model cannot run without these channels; the message names the operator.
        FormatError: ``torch.export`` rejects the model.
    """
    model = plain_module(model, "slim")
    if space is None:
        space = widths(from_torch(model, example_inputs, kwargs))
    kept = Kept.of(space, keep)
    _check_same_model(space, shapes_of(model))
    edits = Edits(space.graph)
    small = Slimming(model, kept.remains, edits, (example_inputs, kwargs or {})).run()
    small.mcugraph_classes = dict(kept.classes)
    return small


class Slimming:
    """One model while channels are taken out of it.

    Args:
        model: It stays as it is.
        kept: What stays of the channels.
        edits: Code in which something of the model's structure is gone.
        example: What one inference takes: by position, and by name.
    """

    def __init__(
        self, model: Any, kept: Remains, edits: Edits, example: tuple[Any, Mapping[str, Any]]
    ) -> None:
        self.model, self.kept, self.edits, self.example = model, kept, edits, example
        self.shapes = shapes_of(model)

    def run(self) -> Any:
        """The model without them.

        Raises:
            GraphError: It cannot run without them; the message names the operator.
        """
        cuts = default(self.kept, self.shapes)
        small, flow, rewriting = self._cut(cuts), None, None
        scaled = _scaled(self.kept)
        if not scaled:
            with suppress(Mismatch):
                flow = follow(self.kept, self._graph(small))
        if flow is None and not len(self.kept.removed):
            flow = follow(self.kept, self._graph(small))  # no size changes: it says why
        if flow is None:
            rewriting = Rewriting(self.model, self.kept, self._graph, self.edits, self.example)
            small = rewriting.apply(small)
            flow = self._checked(small, rewriting, scaled)
        ordered = flow.cuts(self.kept, self.shapes)
        if not cuts.same(ordered):
            cuts, small = ordered, self._cut(ordered)
            if rewriting is not None:
                small = rewriting.apply(small)
        small.mcugraph_kept = cuts.record(getattr(self.model, "mcugraph_kept", {}))
        return small

    def _checked(self, small: Any, rewriting: Rewriting, scaled: set[str]) -> Flow:
        """Follow the labels through a model with other sizes in its code.

        Raises:
            Mismatch: There are sizes left that do not fit; the message names operators.
        """
        for name in sorted(scaled - rewriting.located):
            why = rewriting.failures.get(name, "it is not called by the model's own code")
            raise Mismatch(f"operator {name!r}: its scale cannot be kept: {why}")
        try:
            return follow(self.kept, self._graph(small))
        except Mismatch as error:
            said = [
                f"operator {name!r}: its sizes cannot be rewritten: {why}"
                for name, why in rewriting.failures.items()
            ]
            raise Mismatch("; ".join([*said, str(error)])) from None

    def _cut(self, cuts: Cuts) -> Any:
        small = self.edits.apply(duplicate(self.model))
        cuts.apply(small)
        refit(small, self._norm_inputs())
        return small

    def _norm_inputs(self) -> dict[str, Shape]:
        """Name of an operator -> the shape of its data once channels are gone."""
        activations = self.kept.labelling.activations
        return {
            operator.name: self.kept.cut(activations[operator.inputs[0]]).shape
            for operator in self.kept.graph.operators
            if operator.inputs and operator.inputs[0] in activations
        }

    def _graph(self, small: Any) -> Graph:
        try:
            return from_torch(small, *self.example)
        except FormatError as error:
            raise Mismatch(f"it does not run without these channels: {error}") from error


def _scaled(kept: Remains) -> set[str]:
    """Attentions whose scores are divided by the root of a depth that changes."""
    activations = kept.labelling.activations
    queries = [
        (operator.name, activations[str(operator.inputs[0])])
        for operator in kept.graph.operators
        if isinstance(operator.op, Attention) and operator.inputs[0] in activations
    ]
    return {
        name
        for name, labels in queries
        if kept.changes(labels) and kept.cut(labels).shape[-1] != labels.shape[-1]
    }


def _check_same_model(space: Space, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """The space has to be of this model.

    Raises:
        UsageError: It is not.
    """
    if space.graph.source.format != "torch":
        raise UsageError(f"the space is of a {space.graph.source.format} graph, not of a module")
    for name, _ in space.labelling.constants:
        tensor = space.graph.tensors[name]
        key = tensor.constant.key if tensor.constant is not None else None
        if key == name and shapes.get(name) != tensor.shape:
            raise UsageError(f"the space is not of this model: {name} has another shape there")
