"""Files are written whole or not at all, whatever stands where they go and whatever fails."""

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcugraph import UsageError, files
from mcugraph.cli import main

OLD, NEW = b"what was there", b"what comes" * 100_000


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def nothing_stays_behind(tmp_path: Path) -> Iterator[None]:
    yield
    left = [path for path in tmp_path.rglob("*") if path.name.startswith(".")]
    assert not left


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def test_new_and_old(tmp_path: Path) -> None:
    path = tmp_path / "out"
    for data in (OLD, NEW, b""):
        files.write(path, data)
        assert path.read_bytes() == data
    assert os.listdir(tmp_path) == ["out"]


def test_a_path_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files.write("out", NEW)
    assert (tmp_path / "out").read_bytes() == NEW


@pytest.mark.usefixtures("umask")
def test_a_new_file_follows_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "out"
    files.write(path, NEW)
    assert mode(path) == 0o600
    os.umask(0o022)
    files.write(tmp_path / "other", NEW)
    assert mode(tmp_path / "other") == 0o644


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("bits", [0o600, 0o644, 0o664, 0o755, 0o400, 0o040])
def test_a_file_keeps_its_permissions(tmp_path: Path, bits: int) -> None:
    path = tmp_path / "out"
    path.write_bytes(OLD)
    path.chmod(bits)
    with files.replacing(path) as temporary:
        # What is private stays so while it is being written.
        assert not mode(temporary) & ~(bits | 0o600)
        temporary.write_bytes(NEW)
    assert mode(path) == bits
    path.chmod(0o600)
    assert path.read_bytes() == NEW


def test_a_check_leaves_everything_as_it_is(tmp_path: Path) -> None:
    path, pipe = tmp_path / "out", tmp_path / "pipe"
    os.mkfifo(pipe)
    for target in (path, pipe, "/dev/null"):
        files.check(target)  # of a pipe that nobody reads, too
    assert os.listdir(tmp_path) == ["pipe"]
    path.write_bytes(OLD)
    files.check(path)
    assert path.read_bytes() == OLD


def test_links_are_followed(tmp_path: Path) -> None:
    """Over two links, into another folder; the temporary lies beside the file itself."""
    there = tmp_path / "there"
    there.mkdir()
    (there / "file").write_bytes(OLD)
    (there / "second").symlink_to("file")
    link = tmp_path / "link"
    link.symlink_to(there / "second")
    with files.replacing(link) as temporary:
        assert temporary.parent == there
        temporary.write_bytes(NEW)
    assert link.is_symlink()
    assert (there / "second").is_symlink()
    assert not (there / "file").is_symlink()
    assert (there / "file").read_bytes() == NEW


def test_a_link_to_nothing_yet(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "link"
    link.symlink_to("there/file")
    files.write(link, NEW)
    assert link.is_symlink()
    assert (tmp_path / "there" / "file").read_bytes() == NEW


def test_other_hard_links_keep_the_old_contents(tmp_path: Path) -> None:
    path, other = tmp_path / "out", tmp_path / "other"
    path.write_bytes(OLD)
    other.hardlink_to(path)
    files.write(path, NEW)
    assert (path.read_bytes(), other.read_bytes()) == (NEW, OLD)


@pytest.mark.parametrize("length", [240, 250, 255])
def test_long_names(tmp_path: Path, length: int) -> None:
    path = tmp_path / ("n" * length)
    files.write(path, OLD)
    files.write(path, NEW)
    assert path.read_bytes() == NEW


def test_a_pipe_is_written_through(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    files.write(pipe, NEW)
    reader.join()
    assert got == [NEW]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_to_a_pipe(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    files.write(link, NEW)
    reader.join()
    assert got == [NEW]
    assert link.is_symlink()
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_is_written_through() -> None:
    before = os.stat("/dev/null")
    files.write("/dev/null", NEW)
    after = os.stat("/dev/null")
    assert stat.S_ISCHR(after.st_mode)
    assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)
    assert not [name for name in os.listdir("/dev") if name.startswith(".mcugraph")]


def test_standard_output_is_written_through(tmp_path: Path) -> None:
    """``/dev/stdout`` of a pipe: its name leads nowhere once links are followed."""
    code = "from mcugraph import files; files.write('/dev/stdout', b'data')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"data"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_device_that_is_full() -> None:
    with pytest.raises(UsageError, match=r"^/dev/full: cannot be written: No space left"):
        files.write("/dev/full", NEW)


@pytest.mark.parametrize("place", ["write", "fsync", "replace"])
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    path = tmp_path / "out"
    path.write_bytes(OLD)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if place == "write":
        monkeypatch.setattr(Path, "write_bytes", full)
    else:
        monkeypatch.setattr(os, place, full)
    with pytest.raises(UsageError) as found:
        files.write(path, NEW)
    assert str(found.value) == f"{path}: cannot be written: No space left on device"
    assert path.read_bytes() == OLD


def test_a_file_that_grows_too_large(tmp_path: Path) -> None:
    """The system itself refuses the last bytes."""
    pytest.importorskip("resource")
    code = """
import resource, sys
from mcugraph import UsageError, files
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    files.write(sys.argv[1], bytes(2000))
except UsageError as error:
    print(error)
"""
    path = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{path}: cannot be written: File too large\n"
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["open", "replace", "chmod"])
def test_a_folder_that_is_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / "out"
    path.write_bytes(OLD)
    own = getattr(os, name)

    def refused(where: object, *more: object) -> object:
        if str(tmp_path) in str(where):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(where))
        return own(where, *more)

    monkeypatch.setattr(os, name, refused)
    with pytest.raises(UsageError) as found:
        files.write(path, NEW)
    monkeypatch.undo()
    assert str(found.value) == f"{path}: cannot be written: Permission denied"
    assert path.read_bytes() == OLD


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, RuntimeError("a bug")])
@pytest.mark.parametrize("there", [False, True])
def test_an_interrupt(tmp_path: Path, error: BaseException, there: bool) -> None:
    path = tmp_path / "out"
    if there:
        path.write_bytes(OLD)

    def interrupted() -> None:
        with files.replacing(path) as temporary:
            temporary.write_bytes(NEW)
            raise error

    with pytest.raises((KeyboardInterrupt, SystemExit, RuntimeError)):
        interrupted()
    assert os.listdir(tmp_path) == (["out"] if there else [])
    assert not there or path.read_bytes() == OLD


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "the path of the file to write is empty"),
        (".", "is a folder; give the path of a file"),
        ("folder", "is a folder; give the path of a file"),
        ("folder/", "is a folder; give the path of a file"),
        ("new/", "is a folder; give the path of a file"),
        ("missing/out", "there is no such folder"),
        ("dangling", "there is no such folder"),
        ("file/out", "Not a directory"),
        ("loop", "Too many levels of symbolic links"),
        ("n" * 300, "File name too long"),
        ("a\0b", "zero character"),
    ],
)
def test_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file").write_bytes(OLD)
    Path("loop").symlink_to("loop")
    Path("dangling").symlink_to("missing/out")
    entered = []
    with pytest.raises(UsageError) as checked:
        files.check(name)
    with pytest.raises(UsageError) as found, files.replacing(name):
        entered.append(name)
    assert str(checked.value) == str(found.value)
    assert said in str(found.value)
    assert "\n" not in str(found.value)
    assert not entered
    assert sorted(os.listdir(tmp_path)) == ["dangling", "file", "folder", "loop"]


def test_the_command(tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``optimize`` writes by the same rules."""
    source = str(models / "resnet_int8.tflite")
    assert main(["optimize", source, "-o", "/dev/null"]) == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    for target in ("", str(tmp_path), f"{tmp_path}/missing/out"):
        capsys.readouterr()
        assert main(["optimize", source, "-o", target]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
    there = tmp_path / "there.tflite"
    there.write_bytes(OLD)
    there.chmod(0o600)
    link = tmp_path / "link.tflite"
    link.symlink_to(there)
    assert main(["optimize", source, "-o", str(link)]) == 0
    assert link.is_symlink()
    assert mode(there) == 0o600
    assert there.read_bytes()[4:8] == b"TFL3"


@pytest.mark.parametrize(
    "command", [["report"], ["report", "--compare", "other.tflite"], ["deploy"]]
)
def test_what_is_read_is_not_replaced(
    command: list[str],
    tmp_path: Path,
    models: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    content = (models / "resnet_int8.tflite").read_bytes()
    for name in ("model.tflite", "other.tflite"):
        Path(name).write_bytes(content)
    os.link("model.tflite", "alias.bin")
    run = ["-o", "folder", "--run", "other.tflite"] if command == ["deploy"] else ["-o"]
    for target in ("other.tflite",) if "--compare" in command else ("model.tflite", "alias.bin"):
        assert main([*command, "model.tflite", *run, target]) == 2
        assert "would replace what is read" in capsys.readouterr().err
    assert Path("model.tflite").read_bytes() == Path("other.tflite").read_bytes() == content
    assert not Path("folder").exists()
