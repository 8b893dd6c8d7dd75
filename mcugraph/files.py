"""Files are written whole or not at all: by a temporary beside the target, and a rename.

- A symbolic link is followed: what it points to is replaced, and the link stays.
- A file that is there keeps its permissions; a new one gets what the umask leaves. Other hard links
  to the old file keep the old contents.
- Devices and pipes are written to and never replaced.
- Nothing stays behind when anything fails, an interrupt included.
"""

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mcugraph.checks import path_text
from mcugraph.errors import UsageError

_NEW = 0o666  # what the umask takes its bits from
_OWN = stat.S_IRUSR | stat.S_IWUSR  # a temporary is written and read back by its owner


def write(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        UsageError: It cannot be written there.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary file, empty at first, that becomes the file once the block is left without error.

    Whether the file can be written at all is found out before the block is entered. The temporary
    lies in the folder of the file that is replaced, so that what stands beside that file is found;
    for a device or a pipe it lies in the folder for temporary files.

    Raises:
        UsageError: It cannot be written there, or the block raised an ``OSError``: a full disk.
    """
    try:
        status = _checked(path)
        replaced = status is None or stat.S_ISREG(status.st_mode)
        # All links are followed, so that the rename replaces what they point to.
        target = os.path.realpath(path) if replaced else os.fspath(path)
        folder = os.path.dirname(target) if replaced else tempfile.gettempdir()
        mode = stat.S_IMODE(status.st_mode) if status is not None and replaced else None
        temporary = Path(folder, f".mcugraph-{secrets.token_hex(8)}")
        try:
            _create(temporary, _NEW if mode is None else mode | _OWN)
            yield temporary
            if replaced:
                _settle(temporary, mode)
                os.replace(temporary, target)
            else:
                with temporary.open("rb") as source, open(target, "wb") as sink:
                    shutil.copyfileobj(source, sink)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error


def _checked(path: str | os.PathLike[str]) -> os.stat_result | None:
    """What is there, links followed; None: nothing yet.

    Raises:
        UsageError: It is no path of a file, or of one in a folder that does not exist.
    """
    name = path_text(path, "the file to write is given by its path")
    if not name:
        raise UsageError("the path of the file to write is empty")
    if "\0" in name:
        raise UsageError(f"{name!r}: no path has a zero character in it")
    try:
        status = os.stat(name)
    except FileNotFoundError:
        status = None
    if name.endswith(os.sep) or (status is not None and stat.S_ISDIR(status.st_mode)):
        raise UsageError(f"{name}: is a folder; give the path of a file")
    if status is None:
        folder = os.path.dirname(os.path.realpath(name))
        if not os.path.isdir(folder):
            raise UsageError(f"{name}: there is no such folder: {folder}")
    return status


def _create(path: Path, mode: int) -> None:
    """A new, empty file with what the umask leaves of a mode."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))


def _settle(path: Path, mode: int | None) -> None:
    """Everything on the disk, with the permissions that the file is to have; None: as it is."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)  # a disk that is full may say so only now
    finally:
        os.close(handle)
    if mode is not None:
        os.chmod(path, mode)
