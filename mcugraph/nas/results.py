"""The result of a search: shown, exported, handed on."""

import os
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcugraph import files
from mcugraph.checks import check_kind, path_text
from mcugraph.experiments.ledger import State
from mcugraph.formats.loader import load
from mcugraph.nas.findings import Findings
from mcugraph.nas.store import note_int8, read_weights, weights_path
from mcugraph.nas.trials import Trial, with_int8
from mcugraph.nas.upright import Upright
from mcugraph.report.table import table
from mcugraph.shown import Facts, Shown, frame
from mcugraph.units import decimal, exact, percent, size

if TYPE_CHECKING:
    from torch import nn

    from mcugraph.export.exported import Exported
    from mcugraph.nas.inheritance import Weights

_CALIBRATED = 500  # training examples that the ranges of int8 are measured on
_HELD = ("peak", "arena", "size", "macs")  # bounds that a file is held against


class SearchResult(Findings, Shown):
    """What a search has found, and what to do with it. Prints as a table of its front."""

    @property
    def standard(self) -> tuple[float, float]:
        """Mean and deviation of the training data: networks read ``(example - mean) / deviation``.

        Raises:
            FormatError, UsageError: The data cannot be read any more.
        """
        parts = self.data.load()
        return parts.mean, parts.deviation

    def module(self, trial: Trial | None = None) -> "nn.Module":
        """The trained network of a candidate, in evaluation mode.

        Args:
            trial: The candidate; None: the `best`.

        Raises:
            UsageError: Nothing was trained, or it is no candidate.
            FormatError: Its weights are gone.
        """
        from mcugraph.nas.inheritance import restore

        check_kind("trial", trial, Trial | None)
        chosen = trial or self.best()
        module = self.space.module(chosen.proposal.arch, chosen.proposal.widths)
        restore(module, self._weights(chosen))
        return module.eval()

    def _weights(self, trial: Trial) -> "Weights":
        from mcugraph.nas.inheritance import from_bytes

        return from_bytes(read_weights(weights_path(self.folder, trial.id)))

    def export_tflite(self, path: str | PathLike[str], trial: Trial | None = None) -> "Exported":
        """Write a candidate as an int8 file, its ranges measured on the training data.

        What convolves along one axis reads (1, 1, length, channels) there: as an image of one row
        nothing has to be transposed. The file is tested, too: its error becomes ``errors.int8`` of
        the trial, here and, where that can be written, in the folder of the search.

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

        where = Path(path_text(path, "export_tflite: a path is needed"))
        examples = torch.from_numpy(self.data.load().train.drawn(_CALIBRATED))
        hard = {name: n for name, n in self.bounds.hard.items() if name in _HELD}
        chosen = trial or self.best()
        module = self.module(chosen)
        if any(value.ndim == 3 for value in module.state_dict().values()):
            module, examples = self._of_images(chosen), examples.unsqueeze(2)
        # Small networks lose more by what averaged ranges cut off than by coarser steps.
        exported = export_tflite(
            *(module, examples[:1], where, [examples], _CALIBRATED), budgets=hard, ranges="whole"
        )
        self._note_int8(chosen, self.int8_error(where))
        return exported

    def _of_images(self, trial: Trial) -> "nn.Module":
        """The network of a candidate that convolves along one axis, for images of one row."""
        from mcugraph.nas.inheritance import restore
        from mcugraph.nas.module_builder import ModuleBuilder

        builder = ModuleBuilder()
        self.space.say(trial.proposal.arch, Upright(builder), trial.proposal.widths)
        module, weights = builder.module(), self._weights(trial)
        shapes = {name: tuple(value.shape) for name, value in module.state_dict().items()}
        restore(module, {name: weights[name].reshape(shapes[name]) for name in weights})
        return module.eval()

    def _note_int8(self, trial: Trial, error: float) -> None:
        """What the file of a trial was judged by the test data."""
        if os.access(self.folder, os.W_OK):
            note_int8(self.folder, trial.id, error)
        self.trials = tuple(
            with_int8(known, error) if known.id == trial.id else known for known in self.trials
        )

    def int8_error(self, path: str | PathLike[str]) -> float:
        """The share of the test examples that a file of `export_tflite` classifies wrongly.

        Raises:
            FormatError: LiteRT does not run it.
        """
        import numpy as np
        import torch

        from mcugraph.export.running import run_litert

        test = self.data.load().test
        examples, graph = torch.from_numpy(test.examples), load(path)
        read = graph.tensors[graph.inputs[0]].shape or ()
        if len(read) > examples.ndim:  # series as images of one row
            examples = examples.unsqueeze(2)
        samples = [(example[None],) for example in examples]
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
            "board": self._board(),
            "space": self.space.describe(),
            "data": self.data.spec,
            "front": [self._row(trial) for trial in self.front],
        }

    def _board(self) -> dict[str, Any] | None:
        room = self.room
        if room is None:
            return None
        return {
            "key": room.board.key,
            "name": room.board.name,
            "sram": room.sram,
            "flash": room.flash,
            "reserve_sram": room.reserve_sram,
            "reserve_flash": room.reserve_flash,
        }

    def _row(self, trial: Trial) -> dict[str, Any]:
        assert trial.outcome is not None, "what is judged has an outcome"
        needs = self.on_board(trial)
        on_board = None if needs is None else dict(zip(("sram", "flash"), needs, strict=True))
        return {
            "id": trial.id,
            "final": trial.proposal.final,
            "contends": trial.proposal.contends,
            "errors": asdict(trial.outcome.errors),
            "costs": asdict(trial.costs),
            "on_board": on_board,
            "epochs": trial.outcome.epochs,
            "architecture": self.space.to_plain(trial.proposal.arch),
            "widths": trial.proposal.widths,
        }

    def __str__(self) -> str:
        return "\n".join(front_table(self))

    def _title(self) -> str:
        return f"in {self.folder}"

    def _facts(self) -> Facts:
        named = [
            (
                f"#{trial.id}",
                f"error {percent(trial.error)}, {size(trial.costs.size)}, "
                f"peak {size(trial.costs.peak)}, {decimal(trial.costs.macs)} MACs",
            )
            for trial in (self.front if self.judged else ())
        ]
        return [("trials", f"{len(self.trials):,}"), *named]

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame`` with a row for each trained candidate: errors and all costs.

        Raises:
            UsageError: pandas is not installed.
        """
        front = {trial.id for trial in self.front} if self.judged else set()
        return frame(
            {
                "id": trial.id,
                "final": trial.proposal.final,
                "contends": trial.proposal.contends,
                "front": trial.id in front,
                **asdict(trial.outcome.errors),
                **asdict(trial.costs),
                "epochs": trial.outcome.epochs,
            }
            for trial in self.trials
            if trial.outcome is not None
        )

    def __repr__(self) -> str:
        done = sum(trial.state is State.DONE for trial in self.trials)
        front = len(self.front) if done else 0
        return f"<SearchResult of {done} trials, {front} on the front>"


def front_table(result: SearchResult) -> list[str]:
    """The front as lines: validation error, test error, costs by our accounting.

    Beside them stands what share of a board is taken, or, without one, costs by the paper's
    accounting.
    """
    if not result.judged:
        return ["nothing was trained"]
    room = result.room
    bounded = ["sram"] if result.bounds.sram is not None else []
    beside = ["paper: size", "peak"] if room is None else ["of board: SRAM", "flash"]
    head = ["#", "error", "test", "size", "peak", "arena", *bounded, "MACs", *beside]
    rows = []
    for trial in result.front:
        costs, outcome = trial.costs, trial.outcome
        assert outcome is not None, "what is judged has an outcome"
        errors = map(percent, (trial.error, outcome.errors.test))
        sizes = (costs.size, costs.peak, costs.arena, *(getattr(costs, name) for name in bounded))
        ours = [*map(exact, sizes), decimal(costs.macs)]
        paper = map(exact, (costs.paper_size, costs.paper_peak))
        others = paper if room is None else result.shares(trial)
        rows.append([str(trial.id), *errors, *ours, *others])
    lines = table(head, rows, right=range(len(head)))
    if room is not None:
        lines.append(f"of {room}")
    for trial in result.front:
        int8 = None if trial.outcome is None else trial.outcome.errors.int8
        if int8 is not None:
            lines.append(f"#{trial.id} as an int8 file: {percent(int8)} of the test data are wrong")
    if not result.finalists:
        lines.append("none of these was trained from new weights for all epochs, or tested")
    return lines
