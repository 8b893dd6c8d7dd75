"""Folders that something is kept in, while it is not sure yet that there will be anything."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike, fsdecode
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from mcugraph.checks import path_text
from mcugraph.errors import McuGraphError
from mcugraph.experiments.data import KEPT, keep


@contextmanager
def place_for(folder: str | PathLike[str] | None, kind: str) -> Iterator[Path]:
    """Where something is kept: a folder of its own, if none is given.

    Args:
        folder: As somebody gives it; it need not be there.
        kind: What is kept, in a word.

    Raises:
        UsageError: It is no path.
    """
    if folder is not None:
        yield Path(path_text(folder, "folder: a path is needed"))
        return
    where = Path(mkdtemp(prefix=f"mcugraph-{kind}-"))
    try:
        yield where
    except McuGraphError:
        with suppress(OSError):  # something is kept there
            where.rmdir()
        raise


@contextmanager
def named_data(data: Any, folder: Path) -> Iterator[str]:
    """The name of data by which each worker reads them, as of ``DataSource``.

    What is no name is kept in the folder; where it is refused before any ledger is there that goes
    by it, it is taken away again.

    Args:
        data: A name, or what `keep` takes.
        folder: As of a ledger.

    Raises:
        UsageError: As of `keep`.
    """
    if isinstance(data, str | PathLike):
        yield fsdecode(data)
        return
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    made = not (folder / KEPT).exists()
    path = keep(data, folder)
    try:
        yield path
    except McuGraphError:
        if made and not any(folder.glob("*.sqlite")):
            (folder / KEPT).unlink()
            for path_made in new:
                with suppress(OSError):  # something else is in it
                    path_made.rmdir()
        raise
