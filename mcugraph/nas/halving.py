"""Successive halving: most candidates are trained a little, the best of them further.

"A System for Massively Parallel Hyperparameter Tuning" (Li et al., 2020) promotes as results come;
so does this, but by the order of the trials and not of their ends, so that a search can be
repeated.
"""

from collections.abc import Sequence

from mcugraph.checks import check_whole
from mcugraph.nas.evolution import excess_over
from mcugraph.nas.search_bounds import Bounds
from mcugraph.nas.trials import Proposal, Trial
from mcugraph.records import dataclass

# On one rung, the youngest: what counts as good rises as the search goes on.
_COMPARED = 300


@dataclass(frozen=True, slots=True)
class Ladder:
    """How far candidates are trained, rung by rung.

    Attributes:
        epochs: Of the recipe: the last rung ends there.
        rungs: How many there are; 1: every candidate is trained to the end.
        eta: Of the candidates on a rung, one in so many goes on to the next, which is so many times
            as long.

    Raises:
        UsageError: A number is too small.
    """

    epochs: float
    rungs: int = 1
    eta: int = 3

    def __post_init__(self) -> None:
        check_whole("rungs", self.rungs, 1)
        check_whole("eta", self.eta, 2)

    def epochs_of(self, rung: int) -> float:
        """How many epochs a candidate is trained on a rung, what it has behind it not counted."""
        until = [self.epochs / float(self.eta ** (self.rungs - 1 - r)) for r in range(rung + 1)]
        return until[rung] - (until[rung - 1] if rung else 0.0)

    def promoted(
        self, done: Sequence[Trial], begun: Sequence[Proposal], bounds: Bounds
    ) -> Trial | None:
        """The candidate that goes on next; None: none does.

        Args:
            done: Results, in the order of the trials.
            begun: All that was proposed so far: what has gone on already does so once.
            bounds: That are aimed at: the least error within them goes on.
        """
        excess = excess_over(bounds)
        for rung in reversed(range(self.rungs - 1)):
            on_rung = [trial for trial in done if trial.proposal.rung == rung]
            gone = {p.candidate for p in begun if p.rung == rung + 1}
            left = [t for t in on_rung[-_COMPARED:] if t.proposal.candidate not in gone]
            if len(gone) >= len(on_rung) // self.eta or not left:
                continue
            return min(left, key=lambda trial: (excess(trial), trial.error))
        return None
