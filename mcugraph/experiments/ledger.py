"""Where trials are kept: one SQLite file that only the driver writes.

Write-ahead logging: a row that was committed survives whatever happens to the process. One driver
at a time: it holds a lock, which goes with the process.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import Enum
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from mcugraph.errors import FormatError, McuGraphError, UsageError


class State(Enum):
    """How a trial stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Ledger:
    """A table of trials and some notes, in a folder.

    A child says what it is of and which columns its trials have.

    Args:
        folder: Where it is, or is to be.
        drive: Whether it is to be written, and begun where there is none; only one does at a time.

    Attributes:
        kind: What is kept, in one word, which names the file, too.
        version: Of its columns.
        columns: Name of a column of the trials -> its type.
        folders: Those inside that files are kept in.

    Raises:
        UsageError: There is none, and none may be begun; or it cannot be written there; or another
            process does.
        FormatError: What is there is something else, or of another version.
    """

    kind: str
    version: int
    columns: Mapping[str, str]
    folders: tuple[str, ...] = ()

    def __init__(self, folder: Path, *, drive: bool) -> None:
        self.folder = folder
        self._new = [path for path in (folder, *folder.parents) if not path.exists()]
        self._lock = self._locked() if drive else None
        try:
            self._connection = self._connected(drive)
        except BaseException:
            self._unlock()
            raise

    def close(self) -> None:
        """Let go of the file, and of the lock."""
        self._connection.close()
        self._unlock()

    @contextmanager
    def kept_if_begun(self) -> Iterator[None]:
        """Where something is refused before any trial was begun, nothing of this stays behind."""
        try:
            yield
        except McuGraphError:
            if next(self.rows(), None) is None:
                self._discard()
            raise

    def _discard(self) -> None:
        """Remove the files, and the folders that were made for them; what else is there stays."""
        self.close()
        for name in (f"{self.kind}.sqlite", "lock.sqlite"):
            for suffix in ("", "-wal", "-shm"):
                (self.folder / f"{name}{suffix}").unlink(missing_ok=True)
        for path in (*(self.folder / name for name in self.folders), *self._new):
            with suppress(OSError):  # something else is in it
                path.rmdir()

    def settings(self) -> dict[str, Any]:
        """What it was begun with; empty: it is a new one.

        Raises:
            FormatError: They cannot be read.
        """
        try:
            found = self.noted("settings") or {}
            if isinstance(found, dict):
                return found
            why = "they are no dictionary"
        except (sqlite3.Error, ValueError) as error:
            why = str(error)
        raise FormatError(f"{self.folder}: the settings cannot be read: {why}")

    def hold(self, settings: Mapping[str, Any]) -> None:
        """Begin with these settings, or see that they are those that it was begun with.

        Others may follow where no trial was begun: when nothing was within the bounds, for example.

        Raises:
            UsageError: Another one was begun in this folder.
        """
        begun = self.settings()
        if not begun or next(self.rows(), None) is None:
            self.note("settings", settings)
            return
        had, wanted = _flat(begun), _flat(settings)
        other = [
            f"its {name} is {had.get(name)}, and not {wanted.get(name)}"
            for name in dict.fromkeys([*wanted, *had])
            if had.get(name) != wanted.get(name)
        ]
        if other:
            raise UsageError(
                f"{self.folder}: another {self.kind} was begun here: {'; '.join(other)}; take "
                "another folder, or the same arguments"
            )

    def note(self, name: str, value: Any) -> None:
        """Write something down that JSON can hold, in place of what bears the name."""
        with self.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO notes VALUES (?, ?)",
                (name, json.dumps(value, default=_number)),
            )

    def noted(self, name: str) -> Any:
        """What was written down under a name; None: nothing."""
        return _noted(self._connection, name)

    def put(self, row: Mapping[str, Any]) -> None:
        """A trial, in place of the one of its number."""
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        # SQLite would keep the bytes of other libraries' numbers.
        values = [_number(value) if isinstance(value, Real) else value for value in row.values()]
        with self.writing() as db:
            db.execute(f"INSERT OR REPLACE INTO trials ({names}) VALUES ({marks})", values)

    def rows(self) -> Iterator[dict[str, Any]]:
        """All trials, in the order of their numbers.

        Raises:
            FormatError: They are damaged.
        """
        number = 0
        try:
            found = self._connection.execute(
                f"SELECT {', '.join(self.columns)} FROM trials ORDER BY id"
            )
            for number, values in enumerate(found):
                row = dict(zip(self.columns, values, strict=True))
                if row["id"] != number:
                    raise ValueError("it is missing")
                yield row
        except (sqlite3.Error, ValueError) as error:
            raise FormatError(f"{self.folder}: trial {number} cannot be read: {error}") from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction.

        Raises:
            UsageError: It cannot be written: a full disk, for example.
        """
        try:
            with self._connection:
                yield self._connection
        except sqlite3.Error as error:
            raise UsageError(
                f"{self.folder}: the {self.kind} cannot be written: {error}"
            ) from error

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()

    def _locked(self) -> sqlite3.Connection:
        """A lock on the folder, which is made if there is none; it goes with the process."""
        folder = self.folder
        try:
            for path in (folder, *(folder / name for name in self.folders)):
                path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"{folder}: no {self.kind} can be kept here: {error.strerror}"
            ) from error
        try:
            # SQLite knows how to lock a file on every system.
            lock = sqlite3.connect(folder / "lock.sqlite", timeout=0, isolation_level=None)
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            busy = f"another process is at work on this {self.kind}"
            none = f"no {self.kind} can be kept here: {error}"
            why = busy if "locked" in str(error) else none
            raise UsageError(f"{folder}: {why}") from error
        return lock

    def _connected(self, drive: bool) -> sqlite3.Connection:
        """The database."""
        folder, kind = self.folder, self.kind
        path = folder / f"{kind}.sqlite"
        if not drive and not path.is_file():
            raise UsageError(f"{folder}: no {kind} is kept here (there is no {path.name})")
        try:
            db = sqlite3.connect(path) if drive else _opened(path)
            if drive:
                db.execute("PRAGMA journal_mode=WAL")
                with db:
                    db.execute(
                        "CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT)"
                    )
                    columns = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
                    db.execute(f"CREATE TABLE IF NOT EXISTS trials ({columns})")
                    noted = ("version", str(self.version))
                    db.execute("INSERT OR IGNORE INTO notes VALUES (?, ?)", noted)
            version = _noted(db, "version")
        except (sqlite3.Error, ValueError) as error:
            if drive and isinstance(error, sqlite3.OperationalError):
                raise UsageError(f"{folder}: the {kind} cannot be written: {error}") from error
            raise FormatError(f"{path}: this is no {kind}: {error}") from error
        if version != self.version:
            raise FormatError(
                f"{path}: a {kind} of version {version}, and this reads {self.version}"
            )
        return db


def _opened(path: Path) -> sqlite3.Connection:
    """A database to read; where nothing may be written, SQLite has to be told so."""
    still = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    options = "mode=ro&immutable=1" if still else "mode=ro"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{options}", uri=True)


def _noted(db: sqlite3.Connection, name: str) -> Any:
    found = db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
    return None if found is None else json.loads(found[0])


def _number(value: Any) -> int | float:
    """A number of another library, as NumPy has them, as JSON can hold it."""
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise TypeError(f"JSON has nothing like {value!r}")


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by names of one or two words: what differs is told field by field."""
    made: dict[str, Any] = {}
    for name, value in settings.items():
        fields = value.items() if isinstance(value, dict) else ()
        made |= {f"{name} {field}": each for field, each in fields} or {name: value}
    return made
