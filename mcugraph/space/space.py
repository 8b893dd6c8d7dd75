"""The space of widths of a network: what can be pruned, and in which steps."""

from collections.abc import Mapping
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np

from mcugraph.checks import check_number
from mcugraph.coupling.groups import EqualWidths, Grouping, WidthGroup, group
from mcugraph.coupling.labelling import Labelling
from mcugraph.coupling.propagate import label
from mcugraph.errors import UsageError
from mcugraph.formats.loader import graph_of
from mcugraph.ir import Array, Graph
from mcugraph.ops.labels import FIXED, core
from mcugraph.records import dataclass
from mcugraph.rewrite.accounting import check_forms, counted_forms, find_accounting
from mcugraph.shown import Facts, Shown
from mcugraph.space.allocation import Allocation
from mcugraph.space.given_budgets import check_reachable, checked_limits
from mcugraph.space.lattice import Lattice
from mcugraph.space.overlap_arena import OverlapArenaResource
from mcugraph.space.peak import PeakResource
from mcugraph.space.resources import PolynomialResource, Resource, checked_widths
from mcugraph.space.rounding import nearest
from mcugraph.space.symbolic import Shapes, macs_of, size_of
from mcugraph.space.tflm_arena import ArenaResource
from mcugraph.space.utility import CONCAVITY, Utility

_LISTED = 24  # groups that a table of a space lists


@dataclass(frozen=True, repr=False)
class Space(Shown):
    """The widths that a network can have.

    Several threads may ask one space at once.

    Attributes:
        graph: The network at full width.
        labelling: The channel that each element of each tensor belongs to.
        grouping: The classes of channels as width groups.
        accounting, precision: How costs are counted, as for ``profile``.
    """

    graph: Graph
    labelling: Labelling
    grouping: Grouping
    accounting: str = "deployed"
    precision: str | None = None

    def _title(self) -> str:
        return f"of {self.graph.name}" if self.graph.name else ""

    def _facts(self) -> Facts:
        classes = sum(group.width for group in self.groups)
        found = [
            ("groups", f"{len(self.groups):,}"),
            ("channel classes", f"{classes:,}"),
            ("constraints", f"{len(self.equal):,}"),
            ("accounting", f"{self.accounting}, as {self.precision or 'it is stored'}"),
        ]
        found += [(f"width of {group.name}", f"{group.width:,}") for group in self.groups[:_LISTED]]
        if self.groups[_LISTED:]:
            found.append(("further groups", f"{len(self.groups) - _LISTED:,}"))
        return found

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

    @cached_property
    def averaged(self) -> dict[str, tuple[str, ...]]:
        """Operators that average over channels that can go, and the groups of these channels.

        Such are layer, group and RMS norms. They tell a channel that is 0 from one that is gone,
        so a slimmed network does not compute what it does with the same channels masked.
        """
        found = {}
        for name, labels in self.labelling.averaged.items():
            roots = np.unique(self.labelling.unions.roots(core(labels))).tolist()
            numbers = {
                self.grouping.of_root[root] for root in roots if root in self.grouping.of_root
            }
            if numbers:
                found[name] = tuple(self.groups[number].name for number in sorted(numbers))
        return found

    @cached_property
    def macs(self) -> Resource:
        """Multiply-accumulates of one inference."""
        runs, _ = self._counted
        by = find_accounting(self.accounting)
        return PolynomialResource(self._names, macs_of(runs, by.pools_and_sums))

    @cached_property
    def size(self) -> Resource:
        """Bytes of weights and biases (accounting "paper": the number of parameters).

        Of a norm with one channel left, the scale is one number, which folds into the layer that
        reads it where that is a dense layer or a convolution: the slimmed model is smaller by it.
        """
        _, stores = self._counted
        by = find_accounting(self.accounting)
        return PolynomialResource(self._names, size_of(stores, by.bytes_per_parameter))

    @cached_property
    def peak(self) -> PeakResource:
        """Peak memory in bytes, of the best order at each w."""
        return self.peak_by("optimal")

    @cached_property
    def arena(self) -> ArenaResource:
        """Bytes of the arena that TFLM plans for activations, of the model's own order.

        Raises:
            UsageError: It is not known; the message says why.
        """
        return ArenaResource(self._names, self._counted[0], self.peak)

    @cached_property
    def overlap_arena(self) -> OverlapArenaResource:
        """Bytes of TFLM's head by our plan, outputs over inputs as its reference kernels allow.

        Raises:
            UsageError: It is not known; the message says why.
        """
        return self.overlap_arena_with("reference")

    def overlap_arena_with(self, kernels: str) -> OverlapArenaResource:
        """The same with other kernels, like ``"cmsis-nn"``.

        Raises:
            UsageError: It is not known, or the kernels are not.
        """
        return OverlapArenaResource(self._names, self._counted[0], kernels)

    def peak_by(self, method: str) -> PeakResource:
        """Peak memory by another method: ``"file_order"`` or ``"operator_bound"``."""
        return PeakResource(self._names, self._counted[0], method)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.groups)

    @cached_property
    def _counted(self) -> tuple[Shapes, Shapes]:
        """The network as it runs, and as it is stored."""
        forms = counted_forms(self.graph, self.accounting, self.precision)
        runs = Shapes.of(forms.runs, self.labelling, self.grouping)
        if forms.stores is forms.runs:
            return runs, runs
        return runs, Shapes.of(forms.stores, self.labelling, self.grouping)

    def fractions(self, w: Array) -> Array:
        """Widths as fractions of the full ones, shape (groups,)."""
        return checked_widths(w, len(self.groups)) / self.full

    def from_fractions(self, fractions: Array) -> Array:
        """Fractions of the full widths as widths, shape (groups,)."""
        return checked_widths(fractions, len(self.groups)) * self.full

    def round(self, w: Array) -> Array:
        """The nearest feasible integer widths: at least one class a group, equal where needed.

        Nearest by Euclidean distance, to the given widths clipped to what the network has.

        Args:
            w: One width a group, shape (groups,).

        Raises:
            UsageError: There is not one finite width a group.
        """
        return nearest(self._vector(w), self.full, self._constraints)

    def allocate(
        self,
        budgets: Mapping[str, float | str],
        utility: Any = None,
        least: Any = None,
        most: Any = None,
        *,
        concavity: float = CONCAVITY,
        costs: Mapping[str, Resource] | None = None,
    ) -> Array:
        """Whole widths that make the most of all budgets at once.

        Of the feasible widths that meet the budgets, those are looked for that maximise the sum of
        S_g (1 - (full_g / w_g)^p) / p over the groups; for p = 0 that of S_g log(w_g / full_g). No
        group can be raised by a step within the budgets. Of arenas only what holds them up at the
        widths that were tried is known, so there a step may be missed.

        Args:
            budgets: ``"peak"``, ``"arena"``, ``"overlap_arena"`` and ``"size"`` in bytes,
                ``"macs"``; any of them, as numbers or as text like ``"64KiB"``.
            utility: S, what each group is worth, shape (groups,); None: ``worth``, by its part of
                the network's size and MACs.
            least: No group becomes narrower, shape (groups,); None: one class a group.
            most: None becomes wider: feasible widths, shape (groups,); None: the full ones.
            concavity: p, from 0 on: the larger, the more even are the shares that are kept.
            costs: Name -> what the budget of this name is held against; None: the space's own.

        Returns:
            Integers, shape (groups,).

        Raises:
            UsageError: A budget is none, or exceeded even by the least widths; or another argument
                is none.
        """
        limits = checked_limits(budgets)
        check_number("concavity", concavity)
        held = costs or {name: getattr(self, name) for name in limits}
        worth = self.worth if utility is None else self._vector(utility)
        if (worth < 0).any() or not worth.any():
            raise UsageError("utility: numbers from 0 on are needed, and one above 0")
        high = self.full if most is None else self._vector(most)
        if not self.feasible(high):
            raise UsageError("most: feasible widths are needed, as space.round gives them")
        low = np.ones(len(worth)) if least is None else np.maximum(np.ceil(self._vector(least)), 1)
        if (low > high).any():
            raise UsageError("least: a group would be wider than the network or most allows")
        lattice = Lattice(low.astype(np.int64), high.astype(np.int64), self._constraints)
        at = "one channel a group" if least is None else "the least widths"
        check_reachable(held, limits, lattice.least, at)
        wanted = Utility(worth / worth.max(), self.full, float(concavity))
        return Allocation(held, limits, lattice, wanted).solve()

    def feasible(self, w: Array) -> bool:
        """Whether the network can be slimmed to these widths, shape (groups,).

        They are integers from 1 to the full width, and what has to stay equal is.

        Raises:
            UsageError: There is not one finite width a group.
        """
        given = self._vector(w)
        whole = (given == np.rint(given)) & (given >= 1) & (given <= self.full)
        return bool(whole.all() and not (self._constraints @ (given - self.full)).any())

    @cached_property
    def makers(self) -> Array:
        """How many layers make the channels of each group, shape (groups,)."""
        made = [{m.layer for m in entry.members if m.use == "makes"} for entry in self.groups]
        return np.array([max(len(layers), 1) for layers in made], np.float64)

    @cached_property
    def shares(self) -> Array:
        """What part of the network's weights and work each group decides, shape (groups,).

        The mean of two elasticities at full width: by how many per cent size and MACs change with
        one per cent of the group's channels.
        """
        full = self.full.astype(np.float64)
        costs = [cost for cost in (self.size, self.macs) if cost(full)]
        parts = [full * cost.gradient(full) / cost(full) for cost in costs]
        return np.asarray(np.mean(parts, axis=0))

    @cached_property
    def worth(self) -> Array:
        """S of ``allocate``, if nobody says: shares by the root of full widths, shape (groups,)."""
        return np.asarray(self.shares / np.sqrt(self.full))

    @cached_property
    def _constraints(self) -> Array:
        """A of the constraints A (w - full) = 0, shape (constraints, groups)."""
        rows = [constraint.matrix(len(self.groups)) for constraint in self.equal]
        return np.concatenate([np.zeros((0, len(self.groups)), np.int64), *rows])

    def _vector(self, w: Array) -> Array:
        given = checked_widths(w, len(self.groups))
        if given.ndim != 1:
            raise UsageError(f"one vector of widths is needed, not shape {given.shape}")
        return given


def widths(
    graph: Graph | str | PathLike[str], accounting: str = "deployed", precision: str | None = None
) -> Space:
    """The widths that a network can have, and its costs as functions of them.

    Args:
        graph: The model, or the path of its file.
        accounting: ``"deployed"`` or ``"paper"``, as for ``profile``.
        precision: None: the model's own element types. ``"int8"``: once it is quantised.

    Raises:
        McuGraphError: The file cannot be read, or an argument is unknown.
    """
    graph = graph_of(graph, "widths")
    check_forms(accounting, precision)
    labelling = label(graph)
    return Space(graph, labelling, group(graph, labelling), accounting, precision)
