"""What a search has found."""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcugraph import files
from mcugraph.errors import UsageError
from mcugraph.nas.bounds import Bounds
from mcugraph.nas.costs import Costs
from mcugraph.nas.data import DataSource
from mcugraph.nas.fronts import crowding, front_of, hypervolume
from mcugraph.nas.methods import objectives_of, point_of
from mcugraph.nas.search_space import SearchSpace
from mcugraph.nas.store import read_weights, weights_path
from mcugraph.nas.trials import State, Trial
from mcugraph.report.table import table
from mcugraph.units import exact

if TYPE_CHECKING:
    from torch import nn

    from mcugraph.export.exported import Exported

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_CALIBRATED = 200  # training examples that the ranges of int8 are measured on
_HELD = ("peak", "arena", "size", "macs")  # bounds that a file is held against
_TERM = re.compile(r"\s*([a-z_0-9]+)\s*(<=|>=|<|>)\s*([0-9.eE+_]+)\s*")


def choose_finalists(known: Sequence[Trial], count: int, bounds: Bounds) -> list[Trial]:
    """Of the front the best candidate, and those that lie farthest from their neighbours.

    Args:
        known: For each candidate its furthest result.
        count: How many are chosen at most.
        bounds: Of the search: what is traded against the error.
    """
    if not known or count < 1:
        return []
    points = [point_of(trial, objectives_of(bounds)) for trial in known]
    front = front_of(points)
    far = crowding([points[i] for i in front])
    best = min(range(len(front)), key=lambda i: known[front[i]].error)
    order = sorted(range(len(front)), key=lambda i: (i != best, -far[i], known[front[i]].error))
    return [known[front[i]] for i in order[:count]]


class SearchResult:
    """The trials of a search, and its finalists. Prints as a table of its front.

    Attributes:
        trials: All that were begun, in their order.
        space: That the architectures are of.
        bounds: Of the search.
        data: What was trained on.
        folder: Where the search is kept.
        seconds: How long it has run, all sessions together.
        interrupted: Whether it was ended before its time.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        space: SearchSpace[Any],
        bounds: Bounds,
        data: DataSource,
        folder: Path,
        seconds: float = 0.0,
        interrupted: bool = False,
    ) -> None:
        self.trials = tuple(trials)
        self.space, self.bounds, self.data = space, bounds, data
        self.folder, self.seconds, self.interrupted = folder, seconds, interrupted

    @property
    def finalists(self) -> tuple[Trial, ...]:
        """Candidates that were trained again from new weights and tested."""
        return tuple(t for t in self.trials if t.proposal.final and t.state is State.DONE)

    @property
    def judged(self) -> tuple[Trial, ...]:
        """The finalists; before there are any, all that was trained."""
        return self.finalists or tuple(t for t in self.trials if t.state is State.DONE)

    @property
    def front(self) -> tuple[Trial, ...]:
        """The Pareto front of the judged: validation error, and the costs that are bounded."""
        judged = self.judged
        points = [point_of(trial, objectives_of(self.bounds)) for trial in judged]
        chosen = [judged[i] for i in front_of(points)]
        return tuple(sorted(chosen, key=lambda trial: trial.error))

    def best(self, where: str = "") -> Trial:
        """The judged candidate with the least validation error.

        Args:
            where: What it has to be within besides the bounds, like ``"size <= 1000"`` or
                ``"peak < 2e3 and macs <= 100000"``; names are those of `Costs`.

        Raises:
            UsageError: The condition cannot be read, or nothing meets it.
        """
        tests = [_test(term) for term in re.split(r"\band\b", where)] if where.strip() else []
        fitting = [t for t in self.judged if all(test(t) for test in tests)]
        if not fitting:
            raise UsageError(f"no candidate has {where}" if where else "no candidate was trained")
        return min(fitting, key=lambda trial: trial.error)

    def hypervolume(self, reference: Sequence[float] | None = None) -> float:
        """What the front dominates, in shares of the bounds: from 0 to 1, the larger the better.

        Args:
            reference: Error, and the costs that are bounded, up to which it is measured; None: the
                bounds themselves, and an error of 1 where that is not bounded.

        Raises:
            UsageError: Nothing is bounded, and no reference was given.
        """
        names = objectives_of(self.bounds)
        hard = self.bounds.hard
        if reference is None and any(name not in hard for name in names):
            raise UsageError("hypervolume: without bounds, a reference is needed")
        error = 1.0 if self.bounds.error is None else self.bounds.error
        ends = [error, *(hard[name] for name in names)] if reference is None else list(reference)
        points = [
            [value / end for value, end in zip(point_of(t, names), ends, strict=True)]
            for t in self.front
        ]
        return hypervolume(points, [1.0] * len(ends))

    def module(self, trial: Trial | None = None) -> "nn.Module":
        """The trained network of a candidate, in evaluation mode.

        Args:
            trial: The candidate; None: the `best`.

        Raises:
            UsageError: Nothing was trained.
            FormatError: Its weights are gone.
        """
        from mcugraph.nas.inheritance import from_bytes, restore

        chosen = trial or self.best()
        module = self.space.module(chosen.proposal.arch, chosen.proposal.widths)
        path = weights_path(self.folder, chosen.id)
        restore(module, from_bytes(read_weights(path)))
        return module.eval()

    def export_tflite(self, path: str | PathLike[str], trial: Trial | None = None) -> "Exported":
        """Write a candidate as an int8 file, its ranges measured on the training data.

        Args:
            path: The file to write.
            trial: The candidate; None: the `best`.

        Returns:
            The file's profile beside the predicted one.

        Raises:
            UsageError: Nothing was trained, or the ``export`` extra is not installed.
            FormatError: The weights are gone, or the network cannot be exported.
        """
        import torch

        from mcugraph.export.to_tflite import export_tflite

        examples = torch.from_numpy(self.data.load().train.examples[:_CALIBRATED])
        hard = {name: n for name, n in self.bounds.hard.items() if name in _HELD}
        where = Path(path)
        return export_tflite(self.module(trial), examples[:1], where, [examples], budgets=hard)

    def int8_error(self, path: str | PathLike[str]) -> float:
        """The share of the test examples that a file of `export_tflite` classifies wrongly.

        Raises:
            FormatError: LiteRT does not run it.
        """
        import numpy as np
        import torch

        from mcugraph.export.running import run_litert

        test = self.data.load().test
        samples = [(example[None],) for example in torch.from_numpy(test.examples)]
        found = np.concatenate([results[0] for results in run_litert(Path(path), samples)])
        return float(np.mean(found.argmax(1) != test.classes))

    def report(self, path: str | PathLike[str]) -> None:
        """Write the front as an HTML page: a plot and a table, nothing from elsewhere."""
        from mcugraph.nas.front_page import page

        files.write(path, page(self).encode())

    def to_optuna(self, storage: Any, name: str = "mcugraph") -> Any:
        """The candidates as a study of Optuna, for its dashboard.

        Args:
            storage: As of ``optuna.create_study``: an URL, or a storage.
            name: Of the study.

        Returns:
            The study: objectives are the error and the costs that are bounded.

        Raises:
            UsageError: Optuna is not installed.
        """
        from mcugraph.nas.to_optuna import to_study

        return to_study(self, storage, name)

    def to_dict(self) -> dict[str, Any]:
        """What was found, as what JSON can hold."""
        return {
            "folder": str(self.folder),
            "seconds": round(self.seconds, 1),
            "interrupted": self.interrupted,
            "trials": len(self.trials),
            "bounds": asdict(self.bounds),
            "front": [self._row(trial) for trial in self.front],
        }

    def _row(self, trial: Trial) -> dict[str, Any]:
        assert trial.outcome is not None, "what is judged has an outcome"
        return {
            "id": trial.id,
            "final": trial.proposal.final,
            "errors": asdict(trial.outcome.errors),
            "costs": asdict(trial.costs),
            "epochs": trial.outcome.epochs,
            "architecture": self.space.to_plain(trial.proposal.arch),
            "widths": trial.proposal.widths,
        }

    def __str__(self) -> str:
        return "\n".join(front_table(self))

    def __repr__(self) -> str:
        done = sum(trial.state is State.DONE for trial in self.trials)
        front = len(self.front) if done else 0
        return f"<SearchResult of {done} trials, {front} on the front>"


def front_table(result: SearchResult) -> list[str]:
    """The front as lines: errors, then costs by our accounting and by the paper's."""
    if not result.judged:
        return ["nothing was trained"]
    head = ["#", "validation", "test", "size", "peak", "arena", "MACs", "paper: size", "peak"]
    rows = []
    for trial in result.front:
        costs, outcome = trial.costs, trial.outcome
        assert outcome is not None, "what is judged has an outcome"
        test = outcome.errors.test
        counts = (costs.size, costs.peak, costs.arena, costs.macs)
        paper = (costs.paper_size, costs.paper_peak)
        shown = [f"{trial.error:.2%}", "" if test is None else f"{test:.2%}"]
        rows.append([str(trial.id), *shown, *(exact(n) for n in (*counts, *paper))])
    lines = table(head, rows, right=range(len(head)))
    if not result.finalists:
        lines.append("none of these was trained from new weights for all epochs, or tested")
    return lines


def _test(term: str) -> Callable[[Trial], bool]:
    """One comparison of a condition."""
    found = _TERM.fullmatch(term)
    if found is None:
        raise UsageError(f"{term.strip()!r} is no condition like 'size <= 1000'")
    name, sign, number = found.groups()
    if name not in ("error", *(field.name for field in fields(Costs))):
        raise UsageError(f"{name!r} is no cost; there are error and the fields of Costs")
    try:
        limit = float(number)
    except ValueError:
        raise UsageError(f"{number!r} is no number") from None

    def test(trial: Trial) -> bool:
        return _COMPARISONS[sign](
            trial.error if name == "error" else getattr(trial.costs, name), limit
        )

    return test
