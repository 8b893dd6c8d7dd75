"""The loop of a study: propose, hand out the next step of a trial, write down."""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from typing import Any

from mcugraph.compress.kept_models import KeptModel
from mcugraph.compress.study_ledger import StudyLedger, StudyTrial
from mcugraph.compress.study_options import StudyStep, trainings
from mcugraph.compress.study_proposals import Proposals
from mcugraph.compress.study_trial import StudyTask, run_step
from mcugraph.errors import UsageError
from mcugraph.experiments.engines import Engine
from mcugraph.experiments.ledger import State
from mcugraph.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class _StepJob:
    """A step that is under way.

    Attributes:
        trial: The number of the trial that it was begun for.
        name: Of what it trains; None: it measures.
    """

    trial: int
    name: str | None


class StudyDriver:
    """One session of a study.

    Args:
        task: All of a trial but its options.
        proposals: What is tried.
        ledger: Where it is kept.
        engine: It runs the steps.
        workers: How many at once.
        measure: Whether trained models are measured; if not, their trials stay under way.
        say: Takes lines of progress.

    Attributes:
        trials: Those that were begun, in their order.
    """

    def __init__(
        self,
        task: StudyTask,
        proposals: Proposals,
        ledger: StudyLedger,
        engine: Engine,
        workers: int,
        measure: bool,
        say: Callable[[str], None],
    ) -> None:
        self._task, self._proposals, self._ledger = task, proposals, ledger
        self._engine, self._workers, self._measure, self._say = engine, workers, measure, say
        self.trials = list(ledger.trials())
        self._under_way: dict[Future[Any], _StepJob] = {}
        self._waiting: dict[str, list[int]] = {}  # for what is trained under a name

    def run(self) -> None:
        """Until there are no more trials.

        Raises:
            UsageError: All of them fail.
        """
        for trial in self.trials:
            if trial.state is State.RUNNING:
                self._go_on(trial)
        while True:
            while self._busy < self._workers and self._propose():
                pass
            if not self._under_way:
                break
            done, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
            for future in [each for each in self._under_way if each in done]:
                self._end(self._under_way.pop(future), future)
        failed = [trial for trial in self.trials if trial.state is State.FAILED]
        if failed and len(failed) == len(self.trials):
            raise UsageError(
                f"{self._ledger.folder}: all trials fail ({len(failed)}); the last: "
                f"{' '.join(failed[-1].error_text.split())}; mend that, and take another folder"
            )

    @property
    def _busy(self) -> int:
        """Steps that are under way; where proposals learn from trials, those that have not ended.

        One that waits for what another trains has no step of its own.
        """
        if self._proposals.learns:
            return sum(trial.state is State.RUNNING for trial in self.trials)
        return len(self._under_way)

    def _propose(self) -> bool:
        """Begin another trial, if there is one."""
        options = self._proposals.next(self.trials)
        if options is None:
            return False
        self.trials.append(StudyTrial(len(self.trials), options, State.RUNNING, "", {}))
        self._ledger.keep(self.trials[-1])
        self._go_on(self.trials[-1])
        return True

    def _go_on(self, trial: StudyTrial) -> None:
        """Hand out the next step of a trial, unless another trial has begun it already."""
        kept = b""
        for step, name in trainings(trial.options):
            found = self._ledger.kept_model(name)
            if found is None:
                if name in self._waiting:
                    self._waiting[name].append(trial.id)
                else:
                    self._waiting[name] = [trial.id]
                    self._begin(trial, step, kept, name)
                return
            kept = found
        if self._measure:
            self._begin(trial, StudyStep.MEASURE, kept, None)
        else:
            self._trained(trial, kept)

    def _begin(self, trial: StudyTrial, step: StudyStep, kept: bytes, name: str | None) -> None:
        task = replace(self._task, options=trial.options, step=step, kept=kept)
        self._under_way[self._engine.submit(run_step, task)] = _StepJob(trial.id, name)

    def _end(self, job: _StepJob, future: "Future[Any]") -> None:
        """Write down what a step has given, and go on with what waits for it."""
        ids = [job.trial] if job.name is None else self._waiting.pop(job.name)
        try:
            found = future.result()
        except CancelledError:
            return
        except Exception as error:
            said = " ".join(str(error).split()) or repr(error)
            for number in ids:
                self._close(replace(self.trials[number], state=State.FAILED, error_text=said), said)
            return
        if job.name is None:
            done = replace(self.trials[job.trial], state=State.DONE, figures=found)
            self._close(done, f"{done.score:.2%}")
            return
        self._ledger.keep_model(job.name, found)
        for number in ids:
            self._go_on(self.trials[number])

    def _close(self, trial: StudyTrial, said: str) -> None:
        """A trial has ended."""
        self._note(trial, said)
        self._proposals.ended(trial)

    def _trained(self, trial: StudyTrial, kept: bytes) -> None:
        """All that a trial trains is there; what it comes to is left to a later session."""
        if not trial.figures:
            scores = dict(KeptModel.from_bytes(kept, self._ledger.folder).scores)
            trial = replace(trial, figures={"scores": scores})
            self._note(trial, f"trained, {trial.score:.2%}")

    def _note(self, trial: StudyTrial, said: str) -> None:
        self.trials[trial.id] = trial
        self._ledger.keep(trial)
        tried = ", ".join(f"{name} {value}" for name, value in trial.options.items())
        self._say(f"#{trial.id} ({tried}): {said}")
