"""Budgets, and how far a network is beyond them: the resource loss."""

from collections.abc import Mapping

import numpy as np

from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.records import dataclass
from mcugraph.space.given_budgets import RESOURCES, check_reachable, checked_limits
from mcugraph.space.peak import METHODS
from mcugraph.space.resources import Resource
from mcugraph.space.space import Space
from mcugraph.space.utility import CONCAVITY

# Those for which a weight is drawn with or without a budget: a seed draws what it always drew.
_ALWAYS_DRAWN = ("peak", "arena", "size", "macs")
SCALARISATIONS = ("random", "sum")


@dataclass(frozen=True)
class Pull:
    """The resource loss at some widths.

    Attributes:
        loss: P_RES: by how much budgets are exceeded, as a fraction of them; 0 where they are met.
        gradient: By the width multipliers, shape (groups,).
        unmet: The budgets that are exceeded.
    """

    loss: float
    gradient: Array
    unmet: tuple[str, ...]


class Budgets:
    """What a network may cost, and what it costs at given widths.

    Args:
        space: The widths, counted as the budgets are.
        limits: ``"peak"``, ``"arena"``, ``"overlap_arena"`` and ``"size"`` in bytes, ``"macs"``;
            any of them.
        peak_by: ``"optimal"``: the peak of the best order. ``"operator_bound"``: what earlier work
            takes for the peak. None: no budget of the peak.

    Raises:
        UsageError: A name or a value is none, or a budget cannot be met by pruning.
    """

    def __init__(
        self, space: Space, limits: Mapping[str, float | str], peak_by: str | None = "optimal"
    ) -> None:
        if peak_by is not None and peak_by not in METHODS:
            raise UsageError(f"unknown peak {peak_by!r}; expected one of {', '.join(METHODS)}")
        self.space = space
        self.limits = checked_limits(limits)
        self.costs: dict[str, Resource] = {
            "peak": space.peak,
            "size": space.size,
            "macs": space.macs,
        }
        if "arena" in self.limits:
            self.costs["arena"] = space.arena
        if "overlap_arena" in self.limits:
            self.costs["overlap_arena"] = space.overlap_arena
        self.held = {name: self.costs[name] for name in self.limits}
        if "peak" in self.held:
            if peak_by is None:
                del self.held["peak"]
            elif peak_by != "optimal":
                self.held["peak"] = space.peak_by(peak_by)
        least = space.round(np.ones(len(space.full)))
        check_reachable(self.held, self.limits, least, "one channel a group")

    def at(self, widths: Array) -> dict[str, int]:
        """The costs at integer widths, shape (groups,): the peak is the true one.

        An arena is there if it has a budget.
        """
        return {name: round(cost(widths)) for name, cost in self.costs.items()}

    def unmet(self, widths: Array) -> tuple[str, ...]:
        """The budgets that integer widths exceed, by the peak that the budgets are held against."""
        return tuple(name for name, cost in self.held.items() if cost(widths) > self.limits[name])

    def use(self, widths: Array) -> dict[str, float]:
        """The share of each budget that integer widths take."""
        return {name: float(cost(widths)) / self.limits[name] for name, cost in self.held.items()}

    def text(self, widths: Array) -> str:
        """What integer widths cost, and how much of the budgets they take."""
        return ", ".join(f"{name} {cost}" for name, cost in self.facts(widths))

    def facts(self, widths: Array) -> list[tuple[str, str]]:
        """Name and cost of each resource at integer widths, with the share of its budget."""
        found = []
        for name, cost in self.at(widths).items():
            limit = self.limits.get(name)
            share = "" if limit is None else f" of {limit:,} ({cost / limit:.1%})"
            found.append((name, f"{cost:,}{share}"))
        return found

    def allocate(
        self, most: Array, utility: Array | None = None, concavity: float = CONCAVITY
    ) -> Array:
        """Widths within the budgets, as ``Space.allocate`` gives them.

        Args:
            most: Feasible widths above which no group goes, shape (groups,).
            utility: What each group is worth, shape (groups,).
            concavity: How even shares are to be.

        Raises:
            UsageError: The utility or the concavity is none.
        """
        limits = {name: self.limits[name] for name in self.held}
        return self.space.allocate(limits, utility, most=most, concavity=concavity, costs=self.held)

    def pull(self, widths: Array, random: np.random.Generator, scalarisation: str) -> Pull:
        """The resource loss at integer widths, and where it falls.

        Costs and gradients are those of the network as its masks leave it, at whole channels: what
        is met is then met by the network that comes out.

        Args:
            widths: One a group, shape (groups,).
            random: Where the weights of the scalarisation come from.
            scalarisation: ``"random"``: the one of the exceeded budgets that is the largest once
                multiplied by 1/uniform(0, 1), as Eq. 2 says; the factor only chooses. ``"sum"``:
                all exceeded ones together.
        """
        over = {n: float(cost(widths)) / self.limits[n] for n, cost in self.held.items()}
        over = {name: ratio for name, ratio in over.items() if ratio > 1}
        chosen = list(over)
        if scalarisation == "random" and over:
            drawn = [name for name in RESOURCES if name in self.held or name in _ALWAYS_DRAWN]
            draws = 1 / (1 - random.random(len(drawn)))  # of (0, 1]
            draw = dict(zip(drawn, draws.tolist(), strict=True))
            chosen = [max(over, key=lambda name: draw[name] * over[name])]
        gradient = np.zeros(len(self.space.full))
        for name in chosen:
            gradient += self.space.full * self.held[name].gradient(widths) / self.limits[name]
        return Pull(sum(over[name] - 1 for name in chosen), gradient, tuple(over))
