"""The loop of a search: propose, hand out, write down.

Trial i is proposed from the results of the trials up to i - window, in the order of their numbers
and not of their ends, with random numbers that follow from the seed and i. So a search is the same
on any engine with any number of workers, and goes on after an interruption as if there had been
none.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from random import Random
from typing import Any

from mcugraph.errors import GraphError, UsageError
from mcugraph.experiments.data import DataSource
from mcugraph.experiments.engines import Engine, Run
from mcugraph.nas.admission import Admission
from mcugraph.nas.evolution import Method
from mcugraph.nas.halving import Ladder
from mcugraph.nas.recipe import Recipe
from mcugraph.nas.store import Store, read_weights, weights_path
from mcugraph.nas.tasks import TrialTask
from mcugraph.nas.trials import Outcome, Proposal, State, Trial
from mcugraph.records import dataclass, replace

_DRAWS = 200_000  # of one proposal; some thousand a second are looked at
_FIRST_DRAWS = 50_000  # of the first: where nothing fits, that is to be said soon
_GLANCED = 1_000  # drawn to say what is the least that networks cost
_HOPELESS = 8  # trials that fail before any is done
_OF_ONE_PARENT = 20
_SPARSITY_MOVES = 0.05  # of a child, as the paper's code has it
_PATIENCE = 1.0  # seconds between two looks at the clock


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What a search is, without who does it.

    Attributes:
        admission: Which architectures may be trained.
        method: Chooses parents.
        ladder: How far candidates are trained.
        recipe: How they are trained.
        data: On what.
        templates: Architectures that are tried first.
        window: How many trials are under way at most.
        workers: How many of them are trained at once.
        seed: Of everything random.
        candidates: How many trials there are at most, finalists not among them; None: no limit.
        seconds: How long the search may run, all sessions together; None: no limit.
        finalists: How many are trained again in the end.
    """

    admission: Admission
    method: Method
    ladder: Ladder
    recipe: Recipe
    data: DataSource
    templates: tuple[Any, ...]
    window: int
    workers: int
    seed: int
    candidates: int | None
    seconds: float | None
    finalists: int


class Driver:
    """Runs a plan to its end, or to an interruption.

    Args:
        plan: What is searched, and how.
        store: Where all is kept.
        engine: Who trains.
        run: Trains: from a task to an outcome.
        choose: From the results, the candidates that are trained again in the end.
        report: Called after each trial that ends.
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
        self._keys = {trial.key for trial in self.trials}
        self._under_way: dict[int, Future[Any]] = {}
        self._before, self._begun = store.seconds(), time.monotonic()

    @property
    def seconds(self) -> float:
        """How long the search has run, all sessions together."""
        return self._before + time.monotonic() - self._begun

    def run(self) -> None:
        """Search until time or candidates are used up, then train the finalists.

        Raises:
            UsageError: Nothing is within the bounds, or all trainings fail.
        """
        try:
            for trial in self.trials:
                if trial.state is State.RUNNING:
                    self._begin(trial)
            self._search()
            self._finish()
        finally:
            self.store.ran(self.seconds)

    @property
    def _candidates(self) -> list[Trial]:
        """All trials but those of finalists."""
        return [trial for trial in self.trials if not trial.proposal.final]

    def _search(self) -> None:
        limits = [self.plan.candidates, self.plan.seconds]
        ended = self.store.ended() == limits
        while not ended or self._under_way:
            while not ended and self._may_propose():
                proposal = self._proposal(len(self.trials))
                ended = proposal is None
                if proposal is not None:
                    self._add(proposal)
            ended = ended or not self._has_more()
            if self._under_way:
                self._wait()
        self.store.end(limits)

    def _finish(self) -> None:
        """Train the best from new weights; only what comes of that is told."""
        self._see_hope(1)
        finals = {trial.proposal.candidate for trial in self.trials if trial.proposal.final}
        for trial in self._choose(_furthest(self.trials), self.plan.finalists):
            if trial.proposal.candidate not in finals:
                self._add(replace(trial.proposal, final=True, follows=None))
        while self._under_way:
            self._wait()

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
                f"{' '.join(failed[-1].error_text.split())}; mend that, and take another folder"
            )

    def _has_more(self) -> bool:
        """Whether candidates and time are left."""
        most, seconds = self.plan.candidates, self.plan.seconds
        if most is not None and len(self._candidates) >= most:
            return False
        return seconds is None or self.seconds + self._last_seconds() < seconds

    def _may_propose(self) -> bool:
        """Whether all that the next proposal is to know has ended."""
        if not self._has_more():
            return False
        needed = len(self.trials) + 1 - self.plan.window
        return not any(number < needed for number in self._under_way)

    def _last_seconds(self) -> float:
        """How long the finalists will take, from what an epoch has taken so far."""
        done = [trial.outcome for trial in self.trials if trial.outcome is not None]
        epochs = sum(outcome.epochs for outcome in done)
        if not epochs:
            return 0.0
        each = sum(outcome.seconds for outcome in done) / epochs * self.plan.recipe.epochs
        return each * -(-self.plan.finalists // self.plan.workers)

    def _proposal(self, number: int) -> Proposal | None:
        """What trial ``number`` is to do; None: no further candidate is found."""
        plan = self.plan
        rng = Random(f"{plan.seed}/{number}")
        ended = [t for t in self._candidates if t.id < number + 1 - plan.window]
        done = [trial for trial in ended if trial.state is State.DONE]
        begun = [trial.proposal for trial in self._candidates]
        better = plan.ladder.promoted(done, begun, plan.admission.bounds)
        if better is not None:
            rung = better.proposal.rung + 1
            return replace(better.proposal, rung=rung, follows=better.id)
        for arch in plan.templates[len({p.candidate for p in begun}) :]:
            fitting = self._fitting(arch, rng, None)
            if fitting is not None:
                return Proposal(arch, number, None, "given", 0, *fitting)
        known, space, parent = _furthest(done), plan.admission.space, None
        draw = 0
        for draw in range(_DRAWS if begun else _FIRST_DRAWS):
            if draw % _OF_ONE_PARENT == 0:
                if not self._has_more():
                    break
                parent = plan.method.parent(known, plan.admission.bounds, rng)
            if parent is None:
                arch, morph = space.sample(rng), "drawn"
            else:
                arch, morph = space.mutate(parent.proposal.arch, rng)
            fitting = self._fitting(arch, rng, parent)
            if fitting is None:
                continue
            if parent is None:
                return Proposal(arch, number, None, morph, 0, *fitting)
            follows = parent.id if plan.recipe.inherit else None
            origin = parent.proposal.candidate
            return Proposal(arch, number, origin, morph, 0, *fitting, follows=follows)
        if not begun:
            raise UsageError(_nothing_fits(plan.admission, draw, rng))
        return None

    def _fitting(
        self, arch: Any, rng: Random, parent: Trial | None
    ) -> tuple[float, dict[str, int] | None] | None:
        """How much of a new network is pruned, and what is left; None: known, or too large."""
        admission = self.plan.admission
        sparsities, sparsity = admission.sparsities, 0.0
        if sparsities is not None and parent is None:
            sparsity = rng.uniform(sparsities.low, sparsities.high)
        elif sparsities is not None and parent is not None:
            moved = parent.proposal.sparsity + rng.gauss(0.0, _SPARSITY_MOVES)
            sparsity = min(max(moved, sparsities.low), sparsities.high)
        found = admission.fitting(arch, sparsity)
        if found is None or admission.space.key(arch, found[1]) in self._keys:
            return None
        return found[0], dict(found[1]) or None

    def _add(self, proposal: Proposal) -> None:
        number = len(self.trials)
        space = self.plan.admission.space
        trial = Trial(
            number,
            space.key(proposal.arch, proposal.widths),
            proposal,
            self.plan.admission.costs(proposal.arch, proposal.widths),
            self.plan.seed * 1_000_003 + number,
            State.RUNNING,
        )
        self.trials.append(trial)
        self._keys.add(trial.key)
        self._begin(trial)

    def _begin(self, trial: Trial) -> None:
        trial = self._put(replace(trial, attempts=trial.attempts + 1))
        self.store.add(trial)
        self._under_way[trial.id] = self._engine.submit(self._run, self._task(trial))

    def _task(self, trial: Trial) -> TrialTask:
        plan, proposal = self.plan, trial.proposal
        follows = proposal.follows
        start = None
        if follows is not None:
            start = read_weights(weights_path(self.store.folder, follows))
        epochs = plan.recipe.epochs if proposal.final else plan.ladder.epochs_of(proposal.rung)
        space = plan.admission.space
        return TrialTask(
            space,
            proposal.arch,
            plan.data,
            plan.recipe,
            epochs,
            trial.seed,
            start,
            proposal.sparsity,
            proposal.widths,
            proposal.final,
        )

    def _put(self, trial: Trial) -> Trial:
        self.trials[trial.id] = trial
        return trial

    def _wait(self) -> None:
        """Until a trial ends, or for a moment."""
        done, _ = wait(self._under_way.values(), _PATIENCE, FIRST_COMPLETED)
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


def _nothing_fits(admission: Admission, drawn: int, rng: Random) -> str:
    """That no network is within the bounds, and what networks cost at the least."""
    space, meters = admission.space, []
    for _ in range(_GLANCED):
        try:
            meters.append(space.meter(space.sample(rng)))
        except GraphError:
            continue
    if not meters:
        return f"none of {_GLANCED:,} architectures of the space has a network for its input"
    least = (
        f"size {min(meter.size for meter in meters):,} B, "
        f"peak {min(meter.operator_bound for meter in meters):,} B, "
        f"{min(meter.macs for meter in meters):,} MACs"
    )
    return (
        f"none of {drawn + 1:,} networks is within the bounds; the least of {_GLANCED:,} others: "
        f"{least}"
    )


def _without_weights(trial: Trial) -> Trial:
    """They are in their file: thousands of them would fill the memory."""
    outcome = trial.outcome
    return trial if outcome is None else replace(trial, outcome=replace(outcome, weights=b""))


def _furthest(trials: Sequence[Trial]) -> list[Trial]:
    """For each candidate its furthest result, in the order of the candidates."""
    best: dict[int, Trial] = {}
    for trial in trials:
        if trial.state is State.DONE and not trial.proposal.final:
            held = best.get(trial.proposal.candidate)
            if held is None or trial.proposal.rung > held.proposal.rung:
                best[trial.proposal.candidate] = trial
    return [best[candidate] for candidate in sorted(best)]
