"""Which of some networks will err least, as far as those tell that were trained.

A Gaussian process over what networks are like (`traits_of`): the µNAS paper names such models
as what would guide its search (after BRP-NAS, Dudziak et al., 2020). What weights have behind them
is one of the numbers, so that heirs and beginners can be learnt from together.
"""

from collections.abc import Callable, Sequence
from math import log
from typing import Any

import numpy as np

from mcugraph.ir import Array
from mcugraph.nas.meter import Meter
from mcugraph.nas.search_space import SearchSpace
from mcugraph.nas.traits import traits_of
from mcugraph.nas.trials import Trial

_LEAST = 16  # trainings that something can be learnt from
_LEARNT = 400  # the youngest: solving for them takes some milliseconds
_NOISE = 0.1  # of the variance of what is learnt: trainings with other seeds differ
_SMALLEST = 1e-3  # errors below count as this


class Forecast:
    """Learns from the first trainings of candidates, those on the first rung.

    Args:
        space: That the architectures are of.
    """

    def __init__(self, space: SearchSpace[Any]) -> None:
        self._space = space
        self._known: dict[int, list[float]] = {}  # what candidates are like, by number

    def learnt(self, done: Sequence[Trial]) -> Callable[[Sequence[Meter]], list[float]] | None:
        """What results tell of other networks.

        Args:
            done: Results, in the order of the trials.

        Returns:
            From meters, each of which has heard a network, to the logarithms of the errors of
            these, were all to begin alike; None: too little is known.
        """
        first = [trial for trial in done if trial.proposal.rung == 0][-_LEARNT:]
        if len(first) < _LEAST:
            return None
        behind = _epochs_behind(done)
        rows = [[*self._row(trial), log(behind[trial.id])] for trial in first]
        usual = sum(row[-1] for row in rows[-_LEAST:]) / _LEAST
        values = np.array([log(max(trial.error, _SMALLEST)) for trial in first])
        expected = _process(np.array(rows), values)
        return lambda meters: expected(np.array([[*traits_of(each), usual] for each in meters]))

    def _row(self, trial: Trial) -> list[float]:
        if trial.id not in self._known:
            proposal, meter = trial.proposal, Meter()
            self._space.say(proposal.arch, meter, proposal.widths)
            self._known[trial.id] = traits_of(meter)
        return self._known[trial.id]


def _epochs_behind(done: Sequence[Trial]) -> dict[int, float]:
    """For each training the epochs of its weights, those that they were inherited with too."""
    behind: dict[int, float] = {}
    for trial in done:
        own = 0.0 if trial.outcome is None else trial.outcome.epochs
        follows = trial.proposal.follows
        behind[trial.id] = max(own, 1e-9) + (0.0 if follows is None else behind.get(follows, 0.0))
    return behind


def _process(rows: Array, values: Array) -> Callable[[Array], list[float]]:
    """The mean of a Gaussian process, given values at rows."""
    mean, deviation = rows.mean(0), rows.std(0)
    told = deviation > 1e-9  # what is the same of all tells nothing
    mean, deviation = mean[told], deviation[told]
    scaled = (rows[:, told] - mean) / deviation
    middle, spread = float(values.mean()), float(values.std()) or 1.0
    far = (scaled**2).sum(1)
    kernel = _alike(far[:, None] + far - 2 * scaled @ scaled.T, scaled.shape[1])
    weights = np.linalg.solve(kernel + _NOISE * np.eye(len(rows)), (values - middle) / spread)

    def expected(others: Array) -> list[float]:
        there = (others[:, told] - mean) / deviation
        apart = ((there[:, None] - scaled) ** 2).sum(2)
        found: list[float] = (middle + spread * (_alike(apart, scaled.shape[1]) @ weights)).tolist()
        return found

    return expected


def _alike(squares: Array, axes: int) -> Array:
    """How alike rows so far apart are: 1 the same, falling with their distance."""
    alike: Array = np.exp(-np.maximum(squares, 0) / (2 * max(axes, 1)))
    return alike
