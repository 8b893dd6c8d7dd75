"""One question, asked with growing effort: does a problem fit into an arena of so many units?"""

from collections.abc import Callable
from random import Random

from mcugraph.planning.arena import ArenaProblem
from mcugraph.planning.choices import Shares
from mcugraph.planning.exact import Fitting
from mcugraph.planning.items import Items, items_of
from mcugraph.planning.placing import ranks

_QUOTA = 1000  # placements of an attempt
_PATIENCE = 24  # rounds after which attempts become twice as long


class Goal:
    """An arena that is aimed at, over all choices of what takes over what.

    Attributes:
        capacity: Units of the arena.
        impossible: Whether it is proven that nothing fits into it.
    """

    def __init__(self, problem: ArenaProblem, shares: Shares, items: Items, capacity: int) -> None:
        """The items are those of one of the choices."""
        self.capacity = capacity
        self.impossible = False
        self._problem = problem
        self._items = items
        # Where nothing can take over anything, there is one choice.
        some = shares.free or shares.forced
        self._choices = shares.within(capacity * items.unit) if some else iter([items.choice])
        self._exhausted = False
        self._open: list[tuple[Items, Fitting]] = []
        self._round = 0

    def attempt(
        self, random: Random, keep_on: Callable[[], None]
    ) -> tuple[Items, list[int]] | None:
        """Try the choice that saves most, and one of the others; a plan, if one was found."""
        self._open_another(keep_on)
        tried = self._open[:1]
        if len(self._open) > 1:
            tried.append(self._open[random.randrange(1, len(self._open))])
        quota = _QUOTA << self._round // _PATIENCE
        for entry in tried:
            items, fitting = entry
            rank = ranks(items, self._round, random)
            if not fitting.attempt(rank, random.choice((quota, quota, 4 * quota)), keep_on):
                continue
            if fitting.offsets is not None:
                return items, fitting.offsets
            self._open.remove(entry)
        self._round += 1
        self.impossible = self._exhausted and not self._open
        return None

    def _open_another(self, keep_on: Callable[[], None]) -> None:
        """Open the next choice, unless there is none; one whose fixed blocks clash is none."""
        for choice in self._choices:
            items = self._items
            if items.choice != choice:
                items = items_of(self._problem, choice)
            if not items.clash():
                self._open.append((items, Fitting(items, self.capacity, keep_on)))
                return
        self._exhausted = True
