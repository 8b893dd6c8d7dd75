"""Models as they were in a commit of the git repository that they lie in."""

import subprocess
from pathlib import Path

from mcugraph.errors import ToolError, UsageError

_FILES = ("100644", "100755")  # modes, as git writes them
_POINTER = b"version https://git-lfs.github.com/spec/"


def as_it_was(path: str, revision: str, folder: Path) -> Path | None:
    """A file of a commit, written to a folder under its own name; None: it was not there.

    Args:
        path: The file in the working tree; where it is a link, the one that is linked to counts.
        revision: The commit, as git names them: ``main``, ``HEAD~1``, a hash.
        folder: An empty one.

    Raises:
        UsageError: The file lies in no repository, or that has no such commit, or has something
            else than the file's contents there.
        ToolError: git is not installed.
    """
    place = Path(path).resolve()
    named = (f"{path}: no commit {revision!r} in a git repository that holds it", place)
    commit = _git(
        *named, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )
    named = (f"{path}: cannot be read in {revision}", place)
    entry = _git(
        *named, "--literal-pathspecs", "ls-tree", "-z", commit.decode().strip(), f"./{place.name}"
    )
    if not entry:
        return None
    mode, _, key = entry.partition(b"\t")[0].decode().split()
    # The stored bytes themselves: filters and drivers that a repository configures do not run.
    stored = _git(*named, "cat-file", "blob", key) if mode in _FILES else b""
    if mode not in _FILES or stored.startswith(_POINTER):
        kind = "a Git LFS pointer" if stored else "no file"
        raise UsageError(
            f"{path}: is {kind} in {revision}; check that commit out elsewhere (git worktree add) "
            "and give both files to diff"
        )
    earlier = folder / place.name
    earlier.write_bytes(stored)
    return earlier


def _git(failure: str, place: Path, *arguments: str) -> bytes:
    """What git says in the folder of a file.

    Raises:
        UsageError: It fails; the message is ``failure``, and what git gives as the reason.
    """
    command = ["git", "-C", str(place.parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        raise ToolError("git is not installed: --since needs it") from None
    except ValueError as error:  # an argument that no command can have
        raise UsageError(f"{failure}: {error}") from None
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise UsageError(f"{failure}{': ' if reason else ''}{reason}")
    return done.stdout
