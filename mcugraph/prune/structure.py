"""Which structures go before widths shrink: less of them, and more width for what stays.

A budget can be met by narrow layers or by fewer of them. For sets of structures, the widths that
the budgets leave to the network without them are found by ``Space.allocate``, and valued with what
those that go would have been worth.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

from mcugraph.checks import check_number
from mcugraph.errors import GraphError, UsageError
from mcugraph.formats.torch.given import inputs_of, plain_module
from mcugraph.ir import Array, Graph
from mcugraph.ops.base import Weighted
from mcugraph.prune.losses import undisturbed
from mcugraph.prune.masks import check_unmasked
from mcugraph.records import dataclass
from mcugraph.slimming.bypass import Bypass
from mcugraph.slimming.call_sites import Sites
from mcugraph.slimming.vanishing import HEAD
from mcugraph.space.budgets import Budgets
from mcugraph.space.given_budgets import checked_limits
from mcugraph.space.space import Space, widths
from mcugraph.space.utility import Utility

_SETS = 200  # that are tried in all
_WORTH = 1e-9
_PATIENCE = 2  # sets in a row that may be worth less than the best one before the search ends


@dataclass(frozen=True, slots=True)
class StructureChoice:
    """Structures that are to go, and what is left then.

    Attributes:
        dropped: Their names, in the order in which they run; ``drop`` takes them out.
        worth: What widths and structures that stay are worth, less than 0; the whole network: 0.
        worth_of_widths: The same with all structures, narrower; None: no widths meet the budgets.
        widths: Name of a group of the network without them -> its width within the budgets.
        costs: What that costs, by budget.
        costs_before: What the whole network costs.
        rises: Name of a structure -> by how much the loss rises without it; empty: no loss was
            given.
    """

    dropped: tuple[str, ...]
    worth: float
    worth_of_widths: float | None
    widths: Mapping[str, int]
    costs: Mapping[str, int]
    costs_before: Mapping[str, int]
    rises: Mapping[str, float]


def choose_structures(
    model: torch.nn.Module,
    example_inputs: Any,
    budgets: Mapping[str, float | str],
    loss: Callable[[], Any] | None = None,
    *,
    kwargs: Mapping[str, Any] | None = None,
    price: float = 2.0,
    concavity: float = 1.0,
    precision: str | None = "int8",
    accounting: str = "deployed",
    sites: Sites | None = None,
) -> StructureChoice:
    """The structures without which the budgets leave most to a network.

    What is maximised is the sum of S_g (1 - (full_g / w_g)^p) / p over the width groups, where S_g
    is how many layers make the channels of a group; depth is one more group: how many layers are
    left, S being ``price`` times how many there are. So the first layers that go cost little more
    than ``price`` each, as much as halving them, and the last ones most. A head counts as its share
    of the layers that make its attention's channels. With a loss, the layers of all structures are
    shared out to them by how much that rises without each one alone.

    Each structure is tried alone, at first; then they go one after the other, the one with which
    most was gained first, until nothing is gained any more; then they are exchanged.

    Args:
        model: A ``torch.nn.Module``; it stays as it is.
        example_inputs: As for ``Pruner``.
        budgets: As for ``Pruner``.
        loss: Computes the task loss of the model on a validation batch. It is called once, and
            once for each structure. None: all layers are worth the same, as they are to a model
            that is not trained yet.
        kwargs: Inputs by keyword.
        price: What a layer is worth against one that is halved, from 0 on. The higher, the fewer
            structures go.
        concavity: p, as for ``Space.allocate``.
        precision: The types with which costs are counted, as for ``widths``.
        accounting: How they are counted, as for ``widths``.
        sites: Where the structures are, to save the time of finding them.

    Raises:
        UsageError: An argument is none, the model has a pruner, or the budgets cannot be met
            whichever structures go.
        FormatError: ``torch.export`` rejects the model.
    """
    model = plain_module(model, "choose_structures")
    check_unmasked(model)
    inputs_of(example_inputs, kwargs)
    budgets = checked_limits(budgets)
    check_number("price", price)
    check_number("concavity", concavity)
    if sites is None:
        sites = Sites.of(model, example_inputs, kwargs or {})
    rises = {} if loss is None else _rises(model, sites, loss)
    depth = _Depth.of(sites, rises, price, concavity)
    search = _StructureSearch(sites, budgets, depth, (accounting, precision))
    best = search.run()
    whole = search.found[frozenset()]
    costs = Budgets(best.space, budgets).at(best.widths)
    space = search.space(frozenset())
    return StructureChoice(
        dropped=tuple(name for name in sites.structures if name in best.names),
        worth=best.worth,
        worth_of_widths=None if whole is None else whole.worth,
        widths={g.name: int(w) for g, w in zip(best.space.groups, best.widths, strict=True)},
        costs=costs,
        costs_before={name: round(getattr(space, name)(space.full)) for name in costs},
        rises=rises,
    )


def chosen_structures(
    structure: Any,
    model: torch.nn.Module,
    example: tuple[Any, Mapping[str, Any]],
    budgets: Mapping[str, float],
    sites: Sites,
    counted: tuple[str, str | None],
    options: Mapping[str, Any],
) -> StructureChoice:
    """What a pruner's option ``structure`` asks for.

    Args:
        structure: ``"layers"``, or a function that computes the loss.
        model: To be pruned.
        example: What one inference takes: by position, and by name.
        budgets: Of the pruner.
        sites: Where the structures are.
        counted: Accounting and precision of costs.
        options: Of the pruner's method.

    Raises:
        UsageError: It is neither, there are no budgets, or they cannot be met.
    """
    if structure != "layers" and not callable(structure):
        raise UsageError(
            f"structure: 'layers' or a function that computes the loss, not {structure!r}"
        )
    if not budgets:
        raise UsageError("structure: it takes budgets to choose what goes")
    if options.get("utility") is not None:
        raise UsageError("structure and utility: which groups there are is not known before")
    shared = {name: options[name] for name in ("concavity",) if name in options}
    accounting, precision = counted
    inputs, kwargs = example
    return choose_structures(
        model,
        inputs,
        budgets,
        structure if callable(structure) else None,
        kwargs=kwargs,
        precision=precision,
        accounting=accounting,
        sites=sites,
        **shared,
    )


def _rises(model: Any, sites: Sites, loss: Callable[[], Any]) -> dict[str, float]:
    """By how much the loss rises without each structure."""
    with undisturbed(model), torch.no_grad():
        before, found = _number(loss), {}
        for name in sites.structures:
            with Bypass(model, sites, [name]).applied():
                found[name] = _number(loss) - before
    return found


def _number(loss: Callable[[], Any]) -> float:
    if not callable(loss):
        raise UsageError(f"loss: a function is needed, not {type(loss).__name__}")
    value = loss()
    if not isinstance(value, torch.Tensor | float | int) or not np.isfinite(float(value)):
        raise UsageError(f"loss() has to give a finite number, not {value!r}")
    return float(value)


@dataclass(frozen=True, slots=True)
class _Depth:
    """What the layers of a network are worth, by how many are left.

    Attributes:
        layers: How many there are.
        lost: Name of a structure -> how many go with it, or count as gone by how the loss rises.
        price: What they are worth, against widths.
        concavity: As for ``Space.allocate``.
    """

    layers: int
    lost: Mapping[str, float]
    price: float
    concavity: float

    @classmethod
    def of(
        cls, sites: Sites, rises: Mapping[str, float], price: float, concavity: float
    ) -> "_Depth":
        operators = sites.whole.graph.operators
        made = {o.name for o in operators if isinstance(o.op, Weighted) and o.op.mixes}
        heads = Counter(s.ends for s in sites.structures.values() if s.kind == HEAD)
        lost = {
            name: len(s.channels) / heads[s.ends]
            if s.kind == HEAD
            else float(sum(operator in made for operator in s.operators))
            for name, s in sites.structures.items()
        }
        risen = {name: max(rise, 0.0) for name, rise in rises.items()}
        if total := sum(risen.values()):
            whole = sum(lost.values())
            lost = {name: whole * risen[name] / total for name in lost}
        return cls(len(made), lost, price, concavity)

    def worth(self, names: Iterable[str]) -> float:
        """What is left without some structures, 0 if none goes; below all widths if nothing."""
        left = self.layers - sum(self.lost[name] for name in names)
        if left <= 0:
            return -np.inf
        worth, full = np.array([self.price * self.layers]), np.array([self.layers])
        return float(Utility(worth, full, self.concavity).of(np.array([left])))


@dataclass(frozen=True, slots=True)
class _Tried:
    """A set of structures without which the budgets can be met."""

    names: frozenset[str]
    worth: float
    space: Space
    widths: Array


class _StructureSearch:
    """A search for the set of structures without which most is left.

    Args:
        sites: Where the structures are.
        budgets: What may be spent.
        depth: What structures are worth.
        counted: Accounting and precision of costs.

    Attributes:
        found: Sets that were tried; None: the budgets cannot be met without them.
    """

    def __init__(
        self,
        sites: Sites,
        budgets: Mapping[str, int],
        depth: _Depth,
        counted: tuple[str, str | None],
    ) -> None:
        self._sites, self._budgets = sites, budgets
        self._depth, self._counted = depth, counted
        self.found: dict[frozenset[str], _Tried | None] = {}
        self._graphs: dict[frozenset[str], Graph] = {}
        every = sites.structures.items()
        self._heads = {name: s.ends for name, s in every if s.kind == HEAD}

    def run(self) -> _Tried:
        """The best set that was tried.

        Raises:
            UsageError: The budgets cannot be met without any of them.
        """
        self._try(frozenset())
        names = sorted(self._sites.structures, key=self._rank, reverse=True)
        taken, worse = frozenset[str](), 0
        for name in names:
            if self._left_without(taken, name):
                before = self._best()
                taken |= {name}
                self._try(taken)
                worse = 0 if self._best() is not before else worse + 1
                if worse > _PATIENCE and before is not None:
                    break
        best = self._best()
        if best is None:
            Budgets(self.space(taken), self._budgets)  # says which, and what it takes
            raise UsageError("the budgets cannot be met with any of the structures")
        while (better := self._better(best)) is not None:
            best = better
        return best

    def _better(self, best: _Tried) -> _Tried | None:
        """A set that one more, or less, or another one makes better; None: there is none."""
        for names in self._beside(best.names):
            if self._least(names) not in self.found and len(self.found) >= _SETS:
                return None
            tried = self._try(names)
            if tried is not None and tried.worth > best.worth + _WORTH:
                return tried
        return None

    def _beside(self, names: frozenset[str]) -> Iterator[frozenset[str]]:
        others = [name for name in self._sites.structures if name not in names]
        for out in sorted(names):
            yield names - {out}
        for left in (names, *(names - {out} for out in sorted(names))):
            yield from (left | {name} for name in others if self._left_without(left, name))

    def _rank(self, name: str) -> tuple[bool, float]:
        """The larger, the earlier it goes; by its price where it alone meets no budgets."""
        tried = self._try(frozenset([name]))
        return tried is not None, self._depth.worth([name]) if tried is None else tried.worth

    def _best(self) -> _Tried | None:
        held = [tried for tried in self.found.values() if tried is not None]
        return max(held, key=lambda tried: tried.worth, default=None)

    def _left_without(self, taken: frozenset[str], name: str) -> bool:
        """Whether another structure can go, too: something of what it ends in is left."""
        try:
            self._graph(self._least(taken | {name}))
        except (GraphError, UsageError):
            return False
        return True

    def _graph(self, names: frozenset[str]) -> Graph:
        """The network without some structures.

        Raises:
            GraphError, UsageError: There is none.
        """
        if names not in self._graphs:
            self._graphs[names] = self._sites.without(names).graph
        return self._graphs[names]

    def space(self, names: frozenset[str]) -> Space:
        """The widths of the network without some structures."""
        return widths(self._graph(names), *self._counted)

    def _try(self, names: frozenset[str]) -> _Tried | None:
        names = self._least(names)
        if names not in self.found:
            self.found[names] = self._tried(names)
        return self.found[names]

    def _least(self, names: frozenset[str]) -> frozenset[str]:
        """Of heads of one attention, those that lose least: they all cost the same."""
        count = Counter(self._heads[name] for name in names if name in self._heads)
        found = {name for name in names if name not in self._heads}
        for ends, number in count.items():
            heads = [name for name, other in self._heads.items() if other == ends]
            found.update(sorted(heads, key=self._depth.lost.__getitem__)[:number])
        return frozenset(found)

    def _tried(self, names: frozenset[str]) -> _Tried | None:
        try:
            space = self.space(names)
            Budgets(space, self._budgets)
        except (GraphError, UsageError):  # the limits themselves were looked at before
            return None
        best = space.full
        if space.groups:
            best = space.allocate(self._budgets, space.makers, concavity=self._depth.concavity)
        worth = float(Utility(space.makers, space.full, self._depth.concavity).of(best))
        return _Tried(names, worth + self._depth.worth(names), space, best)
