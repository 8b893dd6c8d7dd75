"""Models as they were in a commit of the git repository that they lie in."""

import subprocess
from pathlib import Path

from mcugraph.errors import ToolError, UsageError


def as_it_was(path: str, revision: str, folder: Path) -> Path | None:
    """A file of a commit, written to a folder under its own name; None: it was not there.

    Args:
        path: The file in the working tree.
        revision: The commit, as git names them: ``main``, ``HEAD~1``, a hash.
        folder: An empty one.

    Raises:
        UsageError: The file lies in no repository, or that has no such commit.
        ToolError: git is not installed.
    """
    place = Path(path)
    commit = _git(
        place, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )
    if commit is None:
        raise UsageError(f"{path}: no commit {revision!r} in a git repository that holds it")
    # The stored bytes themselves: filters and drivers that a repository configures do not run.
    stored = _git(place, "cat-file", "blob", f"{commit.decode().strip()}:./{place.name}")
    if stored is None:
        return None
    earlier = folder / place.name
    earlier.write_bytes(stored)
    return earlier


def _git(place: Path, *arguments: str) -> bytes | None:
    """What git says in the folder of a file; None: it fails."""
    command = ["git", "-C", str(place.parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        raise ToolError("git is not installed: --since needs it") from None
    return done.stdout if done.returncode == 0 else None
