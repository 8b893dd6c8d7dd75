"""What a study has found: a table, a front, a plot, a page."""

import csv
import math
from collections.abc import Mapping, Sequence
from io import StringIO
from os import PathLike
from pathlib import Path
from typing import Any

from mcugraph import files
from mcugraph.compress.study_ledger import StudyTrial
from mcugraph.compress.study_page import page
from mcugraph.errors import UsageError
from mcugraph.experiments.fronts import front_of
from mcugraph.experiments.ledger import State
from mcugraph.report.table import table
from mcugraph.shown import finished, new_figure
from mcugraph.units import decimal, exact

_STAGES = ("float", "pruned", "quantised")
_OPTIONS = ("method", "heuristic", "sparsity", "schedule", "scope", "scheme", "qat_epochs")
_FIGURES = ("parameters", "share", "flash", "sram", "macs", "seconds")


class StudyResult:
    """The trials of a study. Prints as a table, with a star at those of the front.

    Attributes:
        trials: All of them, in their order.
        folder: Where it is kept.
        interrupted: Whether some are still to be made: the same call goes on.
        settings: What it was begun with: ``data``, ``recipe``, ``seed`` and so on.
    """

    def __init__(
        self,
        trials: Sequence[StudyTrial],
        folder: Path,
        interrupted: bool = False,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.trials, self.folder, self.interrupted = tuple(trials), folder, interrupted
        self.settings = dict(settings or {})

    @property
    def done(self) -> list[StudyTrial]:
        """Those that have ended well."""
        return [trial for trial in self.trials if trial.state is State.DONE]

    @property
    def front(self) -> list[StudyTrial]:
        """Those that no other is as good as in score, flash, SRAM and instructions at once."""
        known = [trial for trial in self.done if trial.figures["flash"] is not None]
        points = [
            [
                -trial.score,
                trial.figures["flash"],
                trial.figures["sram"],
                *(_or_most(count) for count in trial.figures["instructions"].values()),
            ]
            for trial in known
        ]
        return [known[i] for i in front_of(points)]

    def to_dict(self) -> dict[str, Any]:
        """All trials, as what JSON can hold."""
        front = {trial.id for trial in self.front}
        return {
            "folder": str(self.folder),
            "interrupted": self.interrupted,
            "trials": [
                {
                    "id": trial.id,
                    "options": trial.options,
                    "state": trial.state.value,
                    "error": trial.error_text or None,
                    "front": trial.id in front,
                    "figures": dict(trial.figures),
                }
                for trial in self.trials
            ],
        }

    def to_csv(self, path: str | PathLike[str] | None = None) -> str:
        """The trials that are done as CSV, and written to a file where one is named."""
        stream, front = StringIO(), {trial.id for trial in self.front}
        cores = self._cores()
        stages = [*_STAGES[:2], "rounded", _STAGES[2]]
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(
            ["id", *_OPTIONS, *stages, *_FIGURES, *(f"instructions {c}" for c in cores), "front"]
        )
        for trial in self.done:
            figures, scores = trial.figures, trial.figures["scores"]
            rows.writerow(
                [
                    trial.id,
                    *(trial.options[name] for name in _OPTIONS),
                    *(scores.get(stage) for stage in stages),
                    *(figures[name] for name in _FIGURES),
                    *(figures["instructions"].get(core) for core in cores),
                    int(trial.id in front),
                ]
            )
        if path is not None:
            files.write(path, stream.getvalue().encode())
        return stream.getvalue()

    def plot(self, path: Any = None) -> Any:
        """Draw score against flash, one mark a trial, the front connected.

        Args:
            path: Where to save the figure, in a format that matplotlib tells by its ending.

        Returns:
            The ``matplotlib.figure.Figure``.

        Raises:
            UsageError: matplotlib is not installed, or nothing is done yet, or the figure cannot be
                saved there.
        """
        figure = new_figure(8, 5)
        known = [trial for trial in self.done if trial.figures["flash"] is not None]
        if not known:
            raise UsageError("there is no trial to draw yet")
        axes = figure.subplots()
        kinds: dict[str, list[StudyTrial]] = {}
        for trial in known:
            kind = f"{trial.options['method']}, {trial.options['scheme'] or 'float'}"
            kinds.setdefault(kind, []).append(trial)
        for kind, trials in kinds.items():
            x, y = zip(*((t.figures["flash"], t.score) for t in trials), strict=True)
            axes.scatter(x, y, label=kind, s=18)
        points = [(-t.score, t.figures["flash"]) for t in known]
        best = sorted((points[i][1], -points[i][0]) for i in front_of(points))
        axes.plot(*zip(*best, strict=True), color="black", linewidth=0.8)
        axes.set(xscale="log", xlabel="flash of tables, bytes", ylabel="score")
        axes.legend()
        return finished(figure, path)

    def report(self, path: str | PathLike[str]) -> None:
        """Write the study as an HTML page: what was assumed, a plot and a table, in one file.

        Args:
            path: Of the page.

        Raises:
            UsageError: It cannot be written there.
        """
        drawn = page(self.done, self.front, *self._rows(), self._failures(), self.settings)
        files.write(path, drawn.encode())

    def _cores(self) -> list[str]:
        return list(dict.fromkeys(c for t in self.done for c in t.figures["instructions"]))

    def _rows(self) -> tuple[list[str], list[list[str]]]:
        """The table: its titles, and a row for each trial that is done."""
        front, cores = {trial.id for trial in self.front}, self._cores()
        head = ["", "#", "method", "heuristic", "sparsity", "schedule", "scheme", "QAT"]
        head += [*_STAGES, "left", "flash", "sram", "MACs", *cores]
        rows = []
        for trial in self.done:
            options, figures, scores = trial.options, trial.figures, trial.figures["scores"]
            rows.append(
                [
                    "*" if trial.id in front else "",
                    str(trial.id),
                    options["method"],
                    options["heuristic"],
                    f"{options['sparsity']:.1%}",
                    options["schedule"],
                    options["scheme"] or "float",
                    str(options["qat_epochs"] or ""),
                    *(f"{scores[s]:.2%}" if s in scores else "" for s in _STAGES),
                    f"{figures['share']:.2%}",
                    *("" if figures[n] is None else exact(figures[n]) for n in ("flash", "sram")),
                    "" if figures["macs"] is None else decimal(figures["macs"]),
                    *(_counted(figures["instructions"].get(core)) for core in cores),
                ]
            )
        return head, rows

    def _failures(self) -> list[str]:
        failed = [trial for trial in self.trials if trial.state is State.FAILED]
        return [f"#{trial.id} failed: {' '.join(trial.error_text.split())}" for trial in failed]

    def __str__(self) -> str:
        head, rows = self._rows()
        lines = table(head, rows, right=(1, 4, *range(7, len(head)))) if rows else []
        trained = sum(t.state is State.RUNNING and bool(t.figures) for t in self.trials)
        waits = [f"{trained} trained and not measured yet"] if trained else []
        return "\n".join([*lines, *self._failures(), *waits] or ["nothing is done yet"])

    def __repr__(self) -> str:
        return f"<StudyResult of {len(self.done)} trials, {len(self.front)} on the front>"


def _or_most(count: int | None) -> float:
    return math.inf if count is None else count


def _counted(count: int | None) -> str:
    return "" if count is None else decimal(count)
