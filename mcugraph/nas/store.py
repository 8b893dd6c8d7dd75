"""Where a search is kept: its trials in a table, and weights beside it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from mcugraph import files
from mcugraph.errors import FormatError, UsageError
from mcugraph.experiments.ledger import Ledger, State
from mcugraph.fit.boards import Board
from mcugraph.fit.room import Room
from mcugraph.nas.costs import Costs
from mcugraph.nas.search_space import SearchSpace
from mcugraph.nas.trials import Errors, Outcome, Proposal, Trial

WEIGHTS = "weights"
_COSTS = tuple(field.name for field in fields(Costs))
# Column -> its type; the costs are columns of their own, so that they can be asked for.
_COLUMNS = {
    "id": "INTEGER PRIMARY KEY",
    "key": "TEXT NOT NULL",
    "architecture": "TEXT NOT NULL",
    "candidate": "INTEGER NOT NULL",
    "parent": "INTEGER",
    "morphism": "TEXT NOT NULL",
    "rung": "INTEGER NOT NULL",
    "sparsity": "REAL NOT NULL",
    "widths": "TEXT",
    "follows": "INTEGER",
    "final": "INTEGER NOT NULL",
    "wanted_epochs": "REAL",
    "contends": "INTEGER NOT NULL",
    "seed": "INTEGER NOT NULL",
    "state": "TEXT NOT NULL",
    "attempts": "INTEGER NOT NULL",
    "error_text": "TEXT NOT NULL",
    **dict.fromkeys(_COSTS, "INTEGER NOT NULL"),
    "error_validation": "REAL",
    "error_test": "REAL",
    "error_int8": "REAL",
    "epochs": "REAL",
    "seconds": "REAL",
    "worker": "TEXT",
}


class SearchLedger(Ledger):
    """What a search keeps, whatever its space is."""

    kind = "search"
    version = 3
    columns = _COLUMNS
    folders = (WEIGHTS,)


class Store(SearchLedger):
    """The trials of one search, in a folder.

    Args:
        folder: As for ``Ledger``.
        space: That the architectures are of.
        drive: As for ``Ledger``.

    Raises:
        UsageError, FormatError: As of ``Ledger``.
    """

    def __init__(self, folder: Path, space: SearchSpace[Any], *, drive: bool) -> None:
        super().__init__(folder, drive=drive)
        self._space = space

    def ended(self) -> Any:
        """With which limits finalists were last chosen; None: they were not."""
        return self.noted("ended")

    def end(self, limits: Any) -> None:
        """Write down with which limits finalists are chosen."""
        self.note("ended", limits)

    def seconds(self) -> float:
        """How long the search has run so far, all sessions together."""
        found = self.noted("seconds")
        return 0.0 if found is None else float(found)

    def ran(self, seconds: float) -> None:
        """Write down how long it has run."""
        self.note("seconds", seconds)

    def hold_room(self, room: Room | None) -> None:
        """Write down what there is of a board: it need not be one that the library knows."""
        self.note("room", None if room is None else asdict(room))

    def room(self) -> Room | None:
        """What there is of the board that networks are for; None: they are for none.

        Raises:
            FormatError: It cannot be read.
        """
        try:
            noted = self.noted("room")
            if noted is None:
                return None
            board = noted.pop("board")
            return Room(Board(**board | {"features": tuple(board["features"])}), **noted)
        except (ValueError, TypeError, KeyError, AttributeError, UsageError) as error:
            raise FormatError(f"{self.folder}: the board cannot be read: {error!r}") from error

    def add(self, trial: Trial) -> None:
        """A trial that is begun; one that was begun already counts an attempt more."""
        self.put(self._row(trial))

    def finish(self, trial: Trial) -> None:
        """A trial that has ended, with its weights."""
        if trial.outcome is not None and trial.outcome.weights:
            files.write(weights_path(self.folder, trial.id), trial.outcome.weights)
        self.add(trial)

    def trials(self) -> Iterator[Trial]:
        """All trials in their order, without weights.

        Raises:
            FormatError: They are damaged, or of another space.
        """
        for row in self.rows():
            try:
                trial = self._trial(row)
            except (ValueError, TypeError, UsageError) as error:
                raise FormatError(
                    f"{self.folder}: trial {row['id']} cannot be read: {error}"
                ) from error
            yield trial

    def _row(self, trial: Trial) -> dict[str, Any]:
        proposal, outcome = trial.proposal, trial.outcome
        errors = None if outcome is None else outcome.errors
        widths = proposal.widths
        return {
            "id": trial.id,
            "key": trial.key,
            "architecture": json.dumps(self._space.to_plain(proposal.arch)),
            "candidate": proposal.candidate,
            "parent": proposal.parent,
            "morphism": proposal.morph,
            "rung": proposal.rung,
            "sparsity": proposal.sparsity,
            "follows": proposal.follows,
            "final": int(proposal.final),
            "wanted_epochs": proposal.epochs,
            "contends": int(proposal.contends),
            "seed": trial.seed,
            "state": trial.state.value,
            "attempts": trial.attempts,
            "error_text": trial.error_text,
            **{name: getattr(trial.costs, name) for name in _COSTS},
            "error_validation": None if errors is None else errors.validation,
            "error_test": None if errors is None else errors.test,
            "error_int8": None if errors is None else errors.int8,
            "epochs": None if outcome is None else outcome.epochs,
            "seconds": None if outcome is None else outcome.seconds,
            "worker": None if outcome is None else outcome.worker,
            "widths": None if widths is None else json.dumps(widths),
        }

    def _trial(self, row: dict[str, Any]) -> Trial:
        proposal = Proposal(
            self._space.from_plain(json.loads(row["architecture"])),
            row["candidate"],
            row["parent"],
            row["morphism"],
            row["rung"],
            row["sparsity"],
            None if row["widths"] is None else json.loads(row["widths"]),
            row["follows"],
            bool(row["final"]),
            row["wanted_epochs"],
            bool(row["contends"]),
        )
        outcome = None
        if row["error_validation"] is not None:
            errors = Errors(row["error_validation"], row["error_test"], row["error_int8"])
            outcome = Outcome(errors, row["epochs"], row["seconds"], row["worker"])
        state = State(row["state"])
        if (outcome is None) is (state is State.DONE):
            raise ValueError(
                f"it is {state.value}, and has {'no' if outcome is None else 'an'} error"
            )
        return Trial(
            row["id"],
            row["key"],
            proposal,
            Costs(**{name: row[name] for name in _COSTS}),
            row["seed"],
            state,
            row["attempts"],
            row["error_text"],
            outcome,
        )


def weights_path(folder: Path, number: int) -> Path:
    """The file of a trial's weights."""
    return folder / WEIGHTS / f"{number:06d}.npz"


def read_weights(path: Path) -> bytes:
    """The bytes of a file of weights.

    Raises:
        FormatError: It is gone.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise FormatError(f"{path}: the weights are gone") from error


def note_int8(folder: Path, number: int, error: float) -> None:
    """Write down the error of the int8 file of a trial that is done: no driver writes it again.

    Raises:
        UsageError: It cannot be written.
    """
    path = folder / f"{SearchLedger.kind}.sqlite"
    try:
        with closing(sqlite3.connect(path)) as connection, connection as db:
            db.execute("UPDATE trials SET error_int8 = ? WHERE id = ?", (error, number))
    except sqlite3.Error as failure:
        raise UsageError(f"{folder}: the search cannot be written: {failure}") from failure


def settings_in(folder: Path) -> dict[str, Any]:
    """What the search in a folder was begun with.

    Raises:
        UsageError: There is none.
        FormatError: The folder cannot be read.
    """
    with closing(SearchLedger(folder, drive=False)) as kept:
        settings = kept.settings()
    if not settings:
        raise UsageError(f"{folder}: no search was begun here")
    return settings
