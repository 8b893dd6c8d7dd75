"""The loop of a search: propose, hand out, write down.

Trial i is proposed from the results of the trials up to i - window, in the order of their numbers
and not of their ends, with random numbers that follow from the seed and i. So a search is the same
on any engine with any number of workers, and goes on after an interruption as if there had been
none.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from typing import Any

from mcugraph.errors import UsageError
from mcugraph.experiments.engines import Engine, Run
from mcugraph.experiments.ledger import State
from mcugraph.nas.finals import (
    LEAST,
    affordable,
    contending,
    in_time,
    reserved,
    seconds_an_epoch,
    seconds_of_one,
    trainable,
)
from mcugraph.nas.proposing import Idea, Proposer, furthest, gone_on_with
from mcugraph.nas.search_plan import SearchPlan
from mcugraph.nas.store import Store, read_weights, weights_path
from mcugraph.nas.tasks import TrialTask
from mcugraph.nas.trials import Outcome, Trial
from mcugraph.records import replace

_HOPELESS = 8  # trials that fail before any is done
_PATIENCE = 1.0  # seconds between two looks at the clock


class Driver:
    """Runs a plan to its end, or to an interruption.

    Args:
        plan: What is searched, and how.
        store: Where all is kept.
        engine: Who trains.
        run: Trains: from a task to an outcome.
        choose: From results, so many candidates at most that are trained again in the end, the
            most important ones first.
        report: Called after each trial that ends, and now and then while none does.

    Attributes:
        waiting: Candidates that are to be trained again, once a worker is free.
    """

    def __init__(
        self,
        plan: SearchPlan,
        store: Store,
        engine: Engine,
        run: Run,
        choose: Callable[[Sequence[Trial], int], Sequence[Trial]],
        report: Callable[["Driver"], None],
    ) -> None:
        self.plan, self.store = plan, store
        self._engine, self._run, self._choose, self._report = engine, run, choose, report
        self.trials = list(store.trials())
        # Trials but those of finalists, and of contenders.
        self._candidates = sum(trial.proposal.searching for trial in self.trials)
        self.waiting: list[Trial] = []
        self._proposer = Proposer(plan, self.trials, self._has_more)
        self._under_way: dict[int, Future[Any]] = {}
        self._since: dict[int, float] = {}  # when trials were begun, in seconds of the search
        self._before, self._clock = store.seconds(), time.monotonic()

    @property
    def seconds(self) -> float:
        """How long the search has run, all sessions together."""
        return self._before + time.monotonic() - self._clock

    def run(self) -> None:
        """Search until time or candidates are used up, then train the finalists.

        Where all trainings have failed, they are tried once more: something else was mended.

        Raises:
            UsageError: Nothing is within the bounds, or all trainings fail.
        """
        again = {State.RUNNING}
        if not any(trial.state is State.DONE for trial in self.trials):
            again.add(State.FAILED)
        try:
            for trial in self.trials:
                if trial.state in again:
                    self._put(replace(trial, state=State.RUNNING, error_text=""))
            for trial in self.trials:
                if trial.state is State.RUNNING:
                    self._begin(trial)
            self._search()
            self._finish()
        finally:
            self.store.ran(self.seconds)

    def _search(self) -> None:
        limits = [self.plan.candidates, self.plan.seconds]
        ended = self.store.ended() == limits
        while not ended or self._under_way:
            while not ended and self._may_propose():
                idea = self._proposer.next()
                ended = idea is None
                if idea is not None:
                    self._add(idea)
            ended = ended or not self._has_more()
            if self._under_way:
                self._wait()
        self.store.end(limits)

    def _finish(self) -> None:
        """Train the best from new weights; only what comes of that is told."""
        self._see_hope(1)
        for trial in self._contenders():
            epochs = contending(self.plan.recipe)
            self._add(gone_on_with(trial, contends=True, follows=None, epochs=epochs))
        while self._under_way:
            self._wait()
        self.waiting = self._finalists()
        while self.waiting or self._under_way:
            free = self.plan.seconds is None or len(self._under_way) < self.plan.workers
            if self.waiting and free:
                self._begin_finalist()
            else:
                self._wait()

    def _contenders(self) -> list[Trial]:
        """The candidates that are to show what they come to by themselves, and did not so far."""
        plan = self.plan
        if plan.contenders == 1:
            return []
        begun = {trial.proposal.candidate for trial in self.trials if trial.proposal.contends}
        chosen = self._choose(furthest(self.trials), plan.finalists * plan.contenders)
        left = [trial for trial in chosen if trial.proposal.candidate not in begun]
        if plan.seconds is None:
            return left
        return in_time(left, plan, plan.seconds - self.seconds)

    def _finalists(self) -> list[Trial]:
        """The candidates that are to be trained again, and were not so far."""
        begun = {trial.proposal.candidate for trial in self.trials if trial.proposal.final}
        done = [trial for trial in self.trials if trial.state is State.DONE]
        contended = [trial for trial in done if trial.proposal.contends]
        known: Sequence[Trial] = contended or furthest(self.trials)
        if self.plan.seconds is not None:
            known = trainable(known, self.plan.recipe.epochs, self.plan.seconds - self.seconds)
        chosen = self._choose(known, self.plan.finalists)
        return [trial for trial in chosen if trial.proposal.candidate not in begun]

    def _begin_finalist(self) -> None:
        """Begin the first that waits, for as many epochs as the others leave time for.

        Where there is no time for a third of the epochs, none of them is begun; but if it is the
        first finalist at all, for as many as there is time for: those figures are better than none.
        """
        plan, line, epochs = self.plan, self.waiting, None
        if plan.seconds is not None:
            costs, left = [seconds_an_epoch(trial) for trial in line], plan.seconds - self.seconds
            wanted, first = plan.recipe.epochs, not any(t.proposal.final for t in self.trials)
            epochs = affordable(costs, self._busy(), plan.workers, left, wanted)
            if epochs < LEAST * wanted and not first:
                self.waiting = []
                return
            epochs = max(epochs, plan.ladder.epochs_of(0))
        self.waiting = line[1:]
        self._add(gone_on_with(line[0], final=True, contends=False, follows=None, epochs=epochs))

    def _busy(self) -> list[float]:
        """Seconds until each finalist that is under way ends."""
        known = {trial.proposal.candidate: trial for trial in furthest(self.trials)}
        ends = []
        for number in self._under_way:
            proposal = self.trials[number].proposal
            whole = self._epochs(self.trials[number]) * seconds_an_epoch(known[proposal.candidate])
            ends.append(max(0.0, self._since[number] + whole - self.seconds))
        return ends

    def _see_hope(self, tried: int) -> None:
        """See that not all trainings fail.

        Raises:
            UsageError: So many have failed, and none is done.
        """
        failed = [trial for trial in self.trials if trial.state is State.FAILED]
        done = any(trial.state is State.DONE for trial in self.trials)
        if len(failed) >= tried and not done:
            raise UsageError(
                f"{self.store.folder}: all trainings fail ({len(failed)} so far); the last: "
                f"{' '.join(failed[-1].error_text.split())}; mend that, and the same call goes on"
            )

    def _has_more(self) -> bool:
        """Whether candidates and time are left."""
        plan = self.plan
        if plan.candidates is not None and self._candidates >= plan.candidates:
            return False
        if plan.seconds is None:
            return True
        ahead = seconds_of_one(self.trials) * (len(self._under_way) + 1) / plan.workers
        return self.seconds + ahead + reserved(plan, self.trials) < plan.seconds

    def _may_propose(self) -> bool:
        """Whether all that the next proposal is to know has ended."""
        if not self._has_more():
            return False
        known = any(trial.state is State.DONE for trial in self.trials)
        if self.plan.seconds and not known and len(self._under_way) >= self.plan.workers:
            return False  # how much of the time these take is not known yet
        needed = len(self.trials) + 1 - self.plan.window
        return not any(number < needed for number in self._under_way)

    def _add(self, idea: Idea) -> None:
        number = len(self.trials)
        trial = Trial(
            number,
            idea.key,
            idea.proposal,
            idea.costs,
            self.plan.seed * 1_000_003 + number,
            State.RUNNING,
        )
        self.trials.append(trial)
        self._candidates += trial.proposal.searching
        self._begin(trial)

    def _begin(self, trial: Trial) -> None:
        trial = self._put(replace(trial, attempts=trial.attempts + 1))
        self.store.add(trial)
        self._since[trial.id] = self.seconds
        self._under_way[trial.id] = self._engine.submit(self._run, self._task(trial))

    def _task(self, trial: Trial) -> TrialTask:
        plan, proposal = self.plan, trial.proposal
        follows = proposal.follows
        start = None
        if follows is not None:
            start = read_weights(weights_path(self.store.folder, follows))
        space = plan.admission.space
        return TrialTask(
            space,
            proposal.arch,
            plan.data,
            plan.recipe,
            self._epochs(trial),
            trial.seed,
            start,
            proposal.sparsity,
            proposal.widths,
            proposal.final,
        )

    def _epochs(self, trial: Trial) -> float:
        """For how long a trial is trained."""
        proposal = trial.proposal
        if proposal.epochs is not None:
            return proposal.epochs
        return (
            self.plan.recipe.epochs if proposal.final else self.plan.ladder.epochs_of(proposal.rung)
        )

    def _put(self, trial: Trial) -> Trial:
        self.trials[trial.id] = trial
        return trial

    def _wait(self) -> None:
        """Until a trial ends, or for a moment."""
        done, _ = wait(self._under_way.values(), _PATIENCE, FIRST_COMPLETED)
        if not done:
            self._report(self)
        for number in sorted(n for n, future in self._under_way.items() if future in done):
            self._end(number, self._under_way.pop(number))

    def _end(self, number: int, future: "Future[Any]") -> None:
        trial = self.trials[number]
        try:
            outcome: Outcome = future.result()
        except CancelledError:
            return
        except Exception as error:
            trial = replace(trial, state=State.FAILED, error_text=str(error) or repr(error))
        else:
            flaw = _flaw(outcome)
            if flaw:
                trial = replace(trial, state=State.FAILED, error_text=flaw)
            else:
                trial = replace(trial, state=State.DONE, outcome=outcome)
        self.store.finish(self._put(trial))
        self._put(_without_weights(trial))
        self.store.ran(self.seconds)
        self._report(self)
        self._see_hope(_HOPELESS)


def _flaw(outcome: object) -> str:
    """Why what a worker returned is no outcome; empty: it is one."""
    if not isinstance(outcome, Outcome):
        return f"the training returned {outcome!r}, and no Outcome"
    told = (outcome.errors.validation, outcome.errors.test)
    wrong = [error for error in told if error is not None and not 0 <= error <= 1]
    return f"the training tells an error of {wrong[0]}, not one from 0 to 1" if wrong else ""


def _without_weights(trial: Trial) -> Trial:
    """They are in their file: thousands of them would fill the memory."""
    outcome = trial.outcome
    return trial if outcome is None else replace(trial, outcome=replace(outcome, weights=b""))
