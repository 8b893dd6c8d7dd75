"""Which trials a study makes: all of a grid, or what a sampler of Optuna asks for."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from mcugraph.compress.study_ledger import StudyTrial
from mcugraph.compress.study_options import Options, as_given, combinations, completed, values_of
from mcugraph.errors import UsageError
from mcugraph.experiments.ledger import State
from mcugraph.records import dataclass

_DRAWS = 100  # of one proposal


class Proposals(ABC):
    """Says what is tried next.

    Attributes:
        learns: Whether that goes by what the trials before it came to.
    """

    learns: ClassVar[bool] = False

    @abstractmethod
    def next(self, trials: Sequence[StudyTrial]) -> Options | None:
        """What the next trial tries; None: there are no more.

        Args:
            trials: Those that were begun, in their order.
        """

    @abstractmethod
    def ended(self, trial: StudyTrial) -> None:
        """A trial has ended."""

    @abstractmethod
    def repeat(self, known: Sequence[StudyTrial]) -> None:
        """An earlier session has begun trials."""


class Grid(Proposals):
    """All combinations, one after the other.

    Args:
        grid: As of ``combinations``.
    """

    def __init__(self, grid: Any) -> None:
        self._all = combinations(grid)

    def next(self, trials: Sequence[StudyTrial]) -> Options | None:
        """The next combination."""
        return self._all[len(trials)] if len(trials) < len(self._all) else None

    def ended(self, trial: StudyTrial) -> None:
        """Nothing depends on it."""

    def repeat(self, known: Sequence[StudyTrial]) -> None:
        """Nothing depends on them."""


@dataclass(frozen=True, slots=True)
class _Draw:
    """What is tried.

    Attributes:
        asked: The trial of Optuna's.
        options: Its options.
        forced: Whether the sampler has drawn nothing that was not tried.
    """

    asked: Any
    options: Options
    forced: bool


class Sampled(Proposals):
    """What a sampler of Optuna draws, by error and flash of the trials before.

    Where it draws nothing but what was tried, of what was not that is taken which agrees with what
    it drew last in the most options.

    Args:
        grid: Name of an option -> what it may be.
        sampler: An ``optuna.samplers.BaseSampler``.
        count: How many trials there are.
        say: Takes a line where the sampler repeats itself, or the trials end before that count.

    Raises:
        UsageError: That is no sampler, or the grid is no mapping.
    """

    learns = True

    def __init__(self, grid: Any, sampler: Any, count: int, say: Callable[[str], None]) -> None:
        # Whoever has a sampler has imported Optuna.
        optuna = sys.modules.get("optuna")
        if optuna is None or not isinstance(sampler, optuna.samplers.BaseSampler):
            raise UsageError(f"sampler: one of optuna.samplers is needed, not {sampler!r}")
        if not isinstance(grid, Mapping):
            raise UsageError("a sampler takes a grid of options by name, not a list of trials")
        self._all = {values_of(each[1]): each for each in as_given(grid)}
        self._optuna, self._count, self._say = optuna, count, say
        self._axes: dict[str, Any] = {
            name: optuna.distributions.CategoricalDistribution(list(values))
            for name, values in grid.items()
        }
        logging = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        made = optuna.create_study(sampler=sampler, directions=["minimize", "minimize"])
        optuna.logging.set_verbosity(logging)
        self._study, self._exhausted, self._ended = made, False, False
        # Samplers that have tried all call it, which Optuna allows within a loop of its own alone.
        vars(made)["stop"] = self._stop
        self._asked: dict[int, Any] = {}

    def next(self, trials: Sequence[StudyTrial]) -> Options | None:
        """What the sampler draws, that was not tried."""
        if self._ended or len(trials) >= self._count:
            return None
        drawn = self._drawn(trials)
        if drawn is None:
            self._ended = True
            why = (
                "all"
                if len(trials) == len(self._all)
                else f"the sampler has no more; {len(trials)}"
            )
            self._say(
                f"the study ends after {len(trials)} of {self._count} trials: "
                f"{why} of {len(self._all)} combinations are tried"
            )
            return None
        if drawn.forced:
            self._say(
                f"#{len(trials)}: {_DRAWS} draws of the sampler give nothing new; the nearest that "
                f"was not tried is taken ({len(trials)} of {len(self._all)} combinations are tried)"
            )
        self._asked[len(trials)] = drawn.asked
        return drawn.options

    def ended(self, trial: StudyTrial) -> None:
        """Let the sampler know."""
        asked = self._asked.pop(trial.id, None)
        if asked is None:
            self._know(trial)
        elif (values := _values(trial)) is None:
            self._fail(asked)
        else:
            self._study.tell(asked, values)

    def _fail(self, asked: Any) -> None:
        self._study.tell(asked, state=self._optuna.trial.TrialState.FAIL)

    def _drawn(self, trials: Sequence[StudyTrial]) -> _Draw | None:
        """What was not tried; None: nothing is left, or the sampler has ended."""
        tried = {values_of(trial.options) for trial in trials}
        left = [each for values, each in self._all.items() if values not in tried]
        if not left:
            return None
        last: Mapping[str, Any] = {}
        for _ in range(_DRAWS):
            if self._exhausted:
                return None
            asked = self._study.ask(self._axes)
            options = completed(asked.params)
            if options is not None and values_of(options) not in tried:
                return _Draw(asked, options, forced=False)
            last = asked.params
            self._fail(asked)
        params, options = max(left, key=lambda each: sum(last[n] == each[0][n] for n in last))
        self._study.enqueue_trial(dict(params))
        return _Draw(self._study.ask(self._axes), options, forced=True)

    def repeat(self, known: Sequence[StudyTrial]) -> None:
        """Let the sampler know trials of an earlier session.

        It draws what it drew then, and stands where it stood; from where it does not, as without a
        seed, or where several workers ended in another order, it is told what was tried.
        """
        alike = True
        for number, trial in enumerate(known):
            if alike and (drawn := self._drawn(known[:number])) is not None:
                alike = drawn.options == trial.options
                if alike:
                    self._asked[number] = drawn.asked
                else:
                    self._fail(drawn.asked)
            if trial.state is not State.RUNNING:
                self.ended(trial)

    def _stop(self) -> None:
        self._exhausted = True

    def _know(self, trial: StudyTrial) -> None:
        values = _values(trial)
        if values is not None:
            params, _ = self._all[values_of(trial.options)]
            made = self._optuna.trial.create_trial(
                params=dict(params), distributions=self._axes, values=values
            )
            self._study.add_trial(made)


def _values(trial: StudyTrial) -> list[float] | None:
    if trial.state is not State.DONE or trial.figures["flash"] is None:
        return None
    return [1 - trial.score, float(trial.figures["flash"])]
