"""Files are written whole or not at all: by a temporary beside the target, and a rename.

- A symbolic link is followed: what it points to is replaced, and the link stays.
- A file that is there keeps its permissions; a new one gets what the umask leaves. Other hard links
  to the old file keep the old contents.
- Devices and pipes are written to and never replaced.
- Nothing stays behind when anything fails, an interrupt included.
- A folder is written the same way: beside the target, then renamed to it.
"""

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from mcugraph.checks import path_text
from mcugraph.errors import UsageError
from mcugraph.records import dataclass

_NEW = 0o666  # what the umask takes its bits from
_OWN = stat.S_IRUSR | stat.S_IWUSR  # a temporary is written and read back by its owner


def write(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        UsageError: It cannot be written there.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def check(path: str | os.PathLike[str], read: Iterable[str | os.PathLike[str]] = ()) -> None:
    """Find out whether a file can be written, before long work that is to end in it.

    Args:
        path: The file to write.
        read: Files that it must not replace.

    Raises:
        UsageError: It cannot be written there, or is one of those.
    """
    with _one_line(path), _temporary(_target(path)):
        for other in read:
            with suppress(FileNotFoundError):
                if os.path.samefile(path, other):
                    raise UsageError(f"{path}: would replace what is read; give another path")


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary file, empty at first, that becomes the file once the block is left without error.

    It lies in the folder of the file that is replaced, so that what stands beside that file is
    found; for a device or a pipe it lies in the folder for temporary files. What kills the process
    in the block leaves it there, so keep the block short.

    Raises:
        UsageError: It cannot be written there, or the block raised an ``OSError``: a full disk.
    """
    with _one_line(path):
        target = _target(path)
        with _temporary(target) as temporary:
            yield temporary
            if target.replaced:
                _settle(temporary, target.mode)
                os.replace(temporary, target.path)
            else:
                with temporary.open("rb") as source, open(target.path, "wb") as sink:
                    shutil.copyfileobj(source, sink)


def write_folder(
    path: str | os.PathLike[str], contents: Mapping[str, bytes], replaces: Callable[[Path], bool]
) -> None:
    """Write a folder of files whole or not at all.

    Args:
        path: The folder. A symbolic link is followed.
        contents: Path within the folder, with ``/``, -> bytes.
        replaces: Whether what is at a path within the folder, from an earlier time, may go. All
            that is there has to be such: otherwise nothing is written.

    Raises:
        UsageError: It cannot be written there, or something is there that may not go.
    """
    name = path_text(path, "the folder to write is given by its path")
    if not name or "\0" in name:
        raise UsageError(f"{name!r}: no folder has this path")
    with _one_line(name):
        target = Path(os.path.realpath(name))
        _check_replaceable(name, target, replaces)
        beside = Path(target.parent, f".mcugraph-{secrets.token_hex(8)}")
        old = Path(f"{beside}-old")
        try:
            beside.mkdir()
            for inner, data in contents.items():
                Path(beside, inner).parent.mkdir(parents=True, exist_ok=True)
                Path(beside, inner).write_bytes(data)
            if target.exists():
                os.replace(target, old)
            try:
                os.replace(beside, target)
            except OSError:
                if old.exists():
                    os.replace(old, target)
                raise
        finally:
            shutil.rmtree(beside, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)


def _check_replaceable(name: str, target: Path, replaces: Callable[[Path], bool]) -> None:
    if not target.parent.is_dir():
        raise UsageError(f"{name}: there is no such folder: {target.parent}")
    if target.exists() and not target.is_dir():
        raise UsageError(f"{name}: is no folder; give the path of a folder")
    for inner in sorted(target.rglob("*")) if target.exists() else ():
        part = inner.relative_to(target)
        if not inner.is_dir() and not replaces(part):
            raise UsageError(
                f"{name}: holds {part}, which would be lost; give an empty folder or a new one"
            )


@dataclass(frozen=True, slots=True)
class _Target:
    """What is written to in the end.

    Attributes:
        path: Of the file, all links followed; of a device or a pipe as it was given.
        replaced: Whether it is a file, or nothing yet; else it is written to.
        mode: The permissions that it has; None: there is no file yet.
    """

    path: str
    replaced: bool
    mode: int | None


def _target(path: str | os.PathLike[str]) -> _Target:
    status = _checked(path)
    if status is None:
        return _Target(os.path.realpath(path), True, None)
    if stat.S_ISREG(status.st_mode):
        return _Target(os.path.realpath(path), True, stat.S_IMODE(status.st_mode))
    return _Target(os.fspath(path), False, None)


@contextmanager
def _temporary(target: _Target) -> Iterator[Path]:
    """An empty file that is gone at the end of the block, unless it was renamed."""
    folder = os.path.dirname(target.path) if target.replaced else tempfile.gettempdir()
    path = Path(folder, f".mcugraph-{secrets.token_hex(8)}")
    try:
        _create(path, _NEW if target.mode is None else target.mode | _OWN)
        yield path
    finally:
        with suppress(FileNotFoundError):
            path.unlink()


@contextmanager
def _one_line(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
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
