"""A search as a study of Optuna."""

import warnings
from typing import Any

from mcugraph.errors import UsageError
from mcugraph.experiments.ledger import State
from mcugraph.nas.evolution import objectives_of, point_of
from mcugraph.nas.findings import Findings


def to_study(result: Findings, storage: Any, name: str) -> Any:
    """The candidates that were trained, as trials that are complete.

    Raises:
        UsageError: Optuna is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise UsageError("optuna is not installed: pip install 'mcugraph[optuna]'") from None
    names = objectives_of(result.bounds)
    study = optuna.create_study(
        storage=storage, study_name=name, directions=["minimize"] * (1 + len(names))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names(["error", *names])
    for trial in result.trials:
        if trial.state is not State.DONE:
            continue
        made = optuna.trial.create_trial(
            values=list(point_of(trial, names)),
            user_attrs={
                "id": trial.id,
                "parent": trial.proposal.parent,
                "morph": trial.proposal.morph,
                "final": trial.proposal.final,
                "contends": trial.proposal.contends,
                "architecture": result.space.to_plain(trial.proposal.arch),
            },
        )
        study.add_trial(made)
    return study
