"""Where a search is kept: one SQLite file that only the driver writes, and weights beside it.

Write-ahead logging: a row that was committed survives whatever happens to the process. One driver
at a time: it holds a lock, which goes with the process.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from mcugraph import files
from mcugraph.errors import FormatError, UsageError
from mcugraph.nas.costs import Costs
from mcugraph.nas.search_space import SearchSpace
from mcugraph.nas.trials import Errors, Outcome, Proposal, State, Trial

WEIGHTS = "weights"
_DATABASE = "search.sqlite"
_VERSION = 1
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


class Store:
    """The trials of one search, in a folder.

    Args:
        folder: Where it is, or is to be.
        space: That the architectures are of.
        drive: Whether it is to be written, and begun where there is none; only one does at a time.

    Raises:
        UsageError: There is none, and none may be begun; or it cannot be written there; or another
            process does.
        FormatError: What is there is no search, or one of another version.
    """

    def __init__(self, folder: Path, space: SearchSpace[Any], *, drive: bool) -> None:
        self.folder, self._space = folder, space
        self._lock = _locked(folder) if drive else None
        try:
            self._connection = _connected(folder, drive=drive)
        except BaseException:
            self._unlock()
            raise

    def close(self) -> None:
        """Let go of the file, and of the lock."""
        self._connection.close()
        self._unlock()

    def settings(self) -> dict[str, Any]:
        """What the search was begun with; empty: it is a new one."""
        return _settings_of(self._connection, self.folder)

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Write down what the search is begun with."""
        self._note("settings", settings)

    def ended(self) -> Any:
        """With which limits finalists were last chosen; None: they were not."""
        return self._noted("ended")

    def end(self, limits: Any) -> None:
        """Write down with which limits finalists are chosen."""
        self._note("ended", limits)

    def seconds(self) -> float:
        """How long the search has run so far, all sessions together."""
        found = self._noted("seconds")
        return 0.0 if found is None else float(found)

    def ran(self, seconds: float) -> None:
        """Write down how long it has run."""
        self._note("seconds", seconds)

    def add(self, trial: Trial) -> None:
        """A trial that is begun; one that was begun already counts an attempt more."""
        row = self._row(trial)
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        with _writing(self._connection, self.folder) as db:
            db.execute(f"INSERT OR REPLACE INTO trials ({names}) VALUES ({marks})", [*row.values()])

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
        number = 0
        try:
            rows = self._connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM trials ORDER BY id")
            for number, values in enumerate(rows):
                trial = self._trial(dict(zip(_COLUMNS, values, strict=True)))
                if trial.id != number:
                    raise ValueError("it is missing")
                yield trial
        except (sqlite3.Error, ValueError, TypeError, UsageError) as error:
            raise FormatError(f"{self.folder}: trial {number} cannot be read: {error}") from error

    def _note(self, name: str, value: Any) -> None:
        with _writing(self._connection, self.folder) as db:
            db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, json.dumps(value)))

    def _noted(self, name: str) -> Any:
        return _noted(self._connection, name)

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()

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
    with (
        closing(sqlite3.connect(folder / _DATABASE)) as connection,
        _writing(connection, folder) as db,
    ):
        db.execute("UPDATE trials SET error_int8 = ? WHERE id = ?", (error, number))


def settings_in(folder: Path) -> dict[str, Any]:
    """What the search in a folder was begun with.

    Raises:
        UsageError: There is none.
        FormatError: The folder cannot be read.
    """
    db = _connected(folder, drive=False)
    try:
        settings = _settings_of(db, folder)
    finally:
        db.close()
    if not settings:
        raise UsageError(f"{folder}: no search was begun here")
    return settings


@contextmanager
def _writing(connection: sqlite3.Connection, folder: Path) -> Iterator[sqlite3.Connection]:
    """A transaction.

    Raises:
        UsageError: It cannot be written: a full disk, for example.
    """
    try:
        with connection:
            yield connection
    except sqlite3.Error as error:
        raise UsageError(f"{folder}: the search cannot be written: {error}") from error


def _locked(folder: Path) -> sqlite3.Connection:
    """A lock on a folder, which is made if there is none; it goes with the process that holds it.

    Raises:
        UsageError: Another process holds it, or there can be no such folder.
    """
    try:
        (folder / WEIGHTS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: no search can be kept here: {error.strerror}") from error
    try:
        # SQLite knows how to lock a file on every system.
        lock = sqlite3.connect(folder / "lock.sqlite", timeout=0, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        busy = "another process is at work on this search"
        why = busy if "locked" in str(error) else f"no search can be kept here: {error}"
        raise UsageError(f"{folder}: {why}") from error
    return lock


def _connected(folder: Path, *, drive: bool) -> sqlite3.Connection:
    """The database of a search.

    Raises:
        UsageError: There is none, and none may be begun, or it cannot be written.
        FormatError: What is there is no search, or one of another version.
    """
    path = folder / _DATABASE
    if not drive and not path.is_file():
        raise UsageError(f"{folder}: no search is kept here (there is no {path.name})")
    try:
        db = sqlite3.connect(path) if drive else _opened(path)
        if drive:
            db.execute("PRAGMA journal_mode=WAL")
            with db:
                db.execute("CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT)")
                columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
                db.execute(f"CREATE TABLE IF NOT EXISTS trials ({columns})")
                db.execute("INSERT OR IGNORE INTO notes VALUES ('version', ?)", (str(_VERSION),))
        version = _noted(db, "version")
    except (sqlite3.Error, ValueError) as error:
        if drive and isinstance(error, sqlite3.OperationalError):
            raise UsageError(f"{folder}: the search cannot be written: {error}") from error
        raise FormatError(f"{path}: this is no search: {error}") from error
    if version != _VERSION:
        raise FormatError(f"{path}: a search of version {version}, and this reads {_VERSION}")
    return db


def _opened(path: Path) -> sqlite3.Connection:
    """A database to read; where nothing may be written, SQLite has to be told so."""
    still = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    options = "mode=ro&immutable=1" if still else "mode=ro"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{options}", uri=True)


def _noted(db: sqlite3.Connection, name: str) -> Any:
    """What a search has noted under a name; None: nothing."""
    found = db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
    return None if found is None else json.loads(found[0])


def _settings_of(db: sqlite3.Connection, folder: Path) -> dict[str, Any]:
    """What a search was begun with; empty: nothing yet.

    Raises:
        FormatError: It cannot be read.
    """
    try:
        found = _noted(db, "settings") or {}
        if isinstance(found, dict):
            return found
        why = "they are no dictionary"
    except (sqlite3.Error, ValueError) as error:
        why = str(error)
    raise FormatError(f"{folder}: the settings cannot be read: {why}")
