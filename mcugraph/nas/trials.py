"""Plain data of a search: what is proposed, what is to be done, and what came of it."""

from typing import Any

from mcugraph.experiments.ledger import State
from mcugraph.nas.costs import Costs
from mcugraph.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one trial is to do.

    Attributes:
        arch: The architecture.
        candidate: Number of the trial that first proposed it; its own where it is the first.
        parent: Number of the candidate that it was made of; None: drawn, or given.
        morph: What was done to the parent; ``"drawn"``, ``"given"``.
        rung: How far it is trained: 0, 1, ... of the ladder.
        sparsity: The share of channels that are pruned meanwhile; 0: none.
        widths: What that leaves of its layers, by name; None: all.
        follows: Number of the trial whose weights it goes on from; None: new weights.
        final: It is trained from new weights, and tested.
        epochs: For how long, where the search decides; None: the recipe does.
        contends: It is trained from new weights for a part of the recipe's epochs, to see whether
            it is to be a finalist.
    """

    arch: Any
    candidate: int
    parent: int | None = None
    morph: str = "drawn"
    rung: int = 0
    sparsity: float = 0.0
    widths: dict[str, int] | None = None
    follows: int | None = None
    final: bool = False
    epochs: float | None = None
    contends: bool = False

    @property
    def searching(self) -> bool:
        """Whether it is a step of the search itself, and not of what comes behind it."""
        return not self.final and not self.contends


@dataclass(frozen=True, slots=True)
class Errors:
    """Shares of examples that are classified wrongly; None: not measured.

    Attributes:
        validation: Of the training data that are held back.
        test: Of the test data; of finalists alone.
        int8: Of the test data, by the int8 file, once there is one (`SearchResult.export_tflite`).
    """

    validation: float
    test: float | None = None
    int8: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a worker makes of a trial.

    Attributes:
        errors: Of the trained network.
        epochs: That it was trained.
        seconds: That this took.
        worker: Who did it.
        weights: The network's, as the bytes of a file; empty: they are not kept.
    """

    errors: Errors
    epochs: float
    seconds: float
    worker: str
    weights: bytes = b""


@dataclass(frozen=True, slots=True)
class Trial:
    """One training of a search: a row of its store.

    Attributes:
        id: Its number; trials are proposed in this order.
        key: Names the network: two architectures of one network have one key.
        proposal: What was to be done.
        costs: Of the network, exact.
        seed: Of everything random in it.
        state: How it stands.
        attempts: How often it was begun.
        error_text: Why it failed.
        outcome: What came of it; None: nothing yet.
    """

    id: int
    key: str
    proposal: Proposal
    costs: Costs
    seed: int
    state: State
    attempts: int = 0
    error_text: str = ""
    outcome: Outcome | None = None

    @property
    def error(self) -> float:
        """The validation error of a trial that is done."""
        assert self.outcome is not None, "only trials that are done have errors"
        return self.outcome.errors.validation


def with_int8(trial: Trial, error: float) -> Trial:
    """A trial that is done, with the error of its int8 file."""
    outcome = trial.outcome
    assert outcome is not None, "only what is trained is exported"
    return replace(trial, outcome=replace(outcome, errors=replace(outcome.errors, int8=error)))
