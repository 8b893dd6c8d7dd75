"""A model with masks on its channels, and without some of its structures."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from mcugraph.formats.torch.importer import from_torch
from mcugraph.prune.masks import Masks
from mcugraph.prune.new_models import fit_weights
from mcugraph.prune.numbered_classes import Classes
from mcugraph.prune.placement import maskable
from mcugraph.prune.ranking import Ranking
from mcugraph.prune.salience import Salience
from mcugraph.slimming.bypass import Bypass
from mcugraph.slimming.call_sites import Sites
from mcugraph.slimming.cutting import Cuts, shapes_of
from mcugraph.slimming.dropping import drop
from mcugraph.slimming.slimmer import slim
from mcugraph.space.space import widths


class MaskedModel:
    """A model that computes what it would without structures and channels, once it is attached.

    Args:
        model: Its parameters, optimizer and checkpoints know nothing of it.
        example: What one inference takes: by position, and by name.
        counted: Accounting and precision of costs.
        sites: Where its structures are; None: they are looked for if some go.
        dropped: Names of the structures that go.

    Attributes:
        space: Of what is left.
        classes: Of that.
        masks: On the classes.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        example: tuple[Any, Mapping[str, Any]],
        counted: tuple[str, str | None],
        sites: Sites | None,
        dropped: Sequence[str],
    ) -> None:
        self.model, self.example, self.dropped = model, example, tuple(dropped)
        self._bypass, self._cuts = None, Cuts()
        if dropped:
            self._bypass = Bypass(model, sites or Sites.of(model, *example), dropped)
            self._cuts = self._bypass.cuts
        graph = from_torch(model, *example) if self._bypass is None else self._bypass.graph
        self.space = maskable(widths(graph, *counted), self._cuts.shapes(shapes_of(model)))
        self.classes = Classes(self.space)

    def prepare(self, rule: Salience) -> Ranking:
        """Make the masks; what the classes are ranked by.

        Args:
            rule: What ranks the channels of a layer.

        Raises:
            GraphError: There are channels that cannot be masked.
            UsageError: A group has no layer with weights, or the rule needs a module that is none.
        """
        self.masks = Masks(self.model, self.classes, self._cuts)
        return Ranking(self.model, self.masks, self.classes, rule, self._cuts)

    def attach(self) -> None:
        """Mask the model from now on, and go by what is dropped."""
        self.masks.attach()
        if self._bypass is not None:
            self._bypass.attach()

    def detach(self) -> None:
        """Leave the model as it was before."""
        self.masks.detach()
        if self._bypass is not None:
            self._bypass.detach()

    def fit_weights(self) -> None:
        """Make weights of a new model as large as if drawn for the inputs that are not masked."""
        fit_weights(self.model, self.classes, self._cuts, self.masks.hard)

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Meanwhile the model is as it was before."""
        attached = self.masks.attached
        self.detach()
        try:
            yield
        finally:
            if attached:
                self.attach()

    def slim(self, keep: Mapping[str, Any]) -> torch.nn.Module:
        """The model without them.

        Args:
            keep: Of each group, the classes that stay.

        Raises:
            GraphError: It cannot run without them.
        """
        with self.lifted():
            if self._bypass is None:
                small: torch.nn.Module = slim(self.model, keep, *self.example, self.space)
                return small
            left = drop(self.model, self.dropped, *self.example, self._bypass.sites)
            small = slim(left, keep, *self.example)
            return small
