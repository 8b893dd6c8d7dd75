"""A proof that no order keeps a budget, by trying both orders of a few operators.

Where all that follows from a budget (see ``precedence``) leaves it open whether some order keeps
it, two operators are taken that both had better be the first of the two, as far as the downsets
with which they can run are known, or both the second. Either way round much more follows. If both
ways lead to contradictions, no order keeps the budget; what every order needs at the least is then
the least of what any of the contradictions took.

This is branching on disjunctions, as in scheduling of machines: J. Carlier and E. Pinson, "An
algorithm for solving the job-shop problem" (1989).
"""

from collections.abc import Iterator
from itertools import chain

from mcugraph.scheduling.solving.cut_graph import CutFlow
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.precedence import Precedence, Supports


class Disputes:
    """The proof for one budget.

    Attributes:
        budget: Bytes.
        refuted: Whether no order keeps the budget.
        least: If so, what every order needs at the least.
        settled: Whether nothing is left to try: the budget is refuted, or nothing tells that it is
            not kept by some order.
        flows: How many flows that took so far, about.
    """

    __slots__ = ("_open", "_supports", "budget", "flows", "least", "refuted", "settled")

    def __init__(self, supports: Supports, budget: int) -> None:
        self.budget = budget
        self._supports = supports
        first = Precedence(supports, budget)
        self._open = [first]
        self.least = first.least
        self.refuted = self.settled = False
        self.flows = 0

    def run(self, most: int, limits: Limits) -> "Disputes":
        """Go on, until flows walked about so many nodes.

        Raises:
            LimitReached: A limit was reached first.
        """
        last = self._supports.walked + most
        while self._supports.walked < last and not self.settled:
            known = self._open[-1]
            before = known.flows
            known.infer(last - self._supports.walked, limits)
            self.flows += known.flows - before + 1
            if known.contradicted:
                self.least = min(self.least, known.least)
                self._open.pop()
                self.refuted = self.settled = not self._open
            elif known.complete:
                self._split(known)
        return self

    def held(self) -> Iterator[CutFlow]:
        """What flows, as far as it is kept; others may keep some of it as well."""
        return chain.from_iterable(known.held() for known in self._open)

    def _split(self, known: Precedence) -> None:
        """Try both orders of two operators; the one from which more follows first."""
        pair = known.disputed()
        if pair is None:
            self.settled = True
            return
        self._open.pop()
        for before, after in (pair[::-1], pair):
            assumed = known.copy()
            assumed.assume(before, after)
            self._open.append(assumed)
