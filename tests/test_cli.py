"""The command line as a whole: wrong usage is one line, and a closed pipe is no error."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import Capture, refused

import mcugraph
from mcugraph.cli import main


@pytest.fixture
def model(models: Path) -> Path:
    return models / "autoencoder_int8.tflite"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "unknown command 'nothing' (see `mcugraph --help`)"),
        (["profil", "MODEL"], "unknown command 'profil'; did you mean profile?"),
        (["profile", "MODEL", "--layer-s"], "; did you mean --layers? (see `mcugraph profile"),
        (["boards", "--board", "esp32"], "; did you mean --boards? (see `mcugraph boards"),
        (["profile", "MODEL", "MODEL", "--csv"], "--csv is of one model, and 2 are given"),
        (["--print-completion", "cmd"], "unknown shell 'cmd'; expected one of"),
        (["profile"], "MODEL"),
        (["profile", "missing.onnx"], "missing.onnx: no such file"),
        (["profile", "MODEL", "--limit", "0"], "'0' is no positive number"),
        (["profile", "MODEL", "--limit", "few"], "'few' is no positive number"),
        (["profile", "MODEL", "--json", "--csv"], "not allowed with"),
        (["profile", "MODEL", "--dim", "x:0=1", "--dim", "x:0=2"], "--dim gives x:0 two values, 1"),
        (["optimize", "MODEL", "-o", "n", "--dim", "x=1", "--dim", "x=2"], "--dim gives x two"),
        (["profile", "MODEL", "--wrong"], "arguments: --wrong (see `mcugraph profile --help`)"),
        (
            ["optimize", "MODEL", "-o", "n", "--precision", "int8"],
            "(see `mcugraph optimize --help`)",
        ),
        (["report", "MODEL", "-o", "-"], "-o/--output: standard output is for the answer; give a"),
        (["optimize", "MODEL", "-o", "-"], "-o/--output: standard output is for the answer"),
        (["deploy", "MODEL", "-o", "-"], "-o/--output: standard output is for the answer"),
        (["search", "FOLDER", "--html", "-"], "--html: standard output is for the answer"),
        (["search", "--time", "-5min"], "--time: '-5min' is below 0: a duration is needed like 30"),
        (["search", "--size", "-5KiB"], "--size: '-5KiB' is below 0: a size is needed like 64KiB"),
        (["search", "--error", "-5%"], "--error: '-5%' is below 0: a share is needed like 10%"),
        (["check", "MODEL", "--sram", "-.5K"], "--sram: '-.5K' is below 0: a size is needed"),
        (["check", "MODEL", "--macs", "-5M"], "--macs: '-5M' is below 0: a count is needed like"),
        (["check", "MODEL", "--sram", "--flash", "1"], "--sram: expected one argument"),
        (["check", "MODEL", "--board", "nukleo-f446re"], "; did you mean nucleo-f446re?"),
        (["boards", "esp32-s33"], "'esp32-s33'; did you mean esp32-s3, xiao-esp32s3?"),
        (["report", "MODEL", "-o", "x", "--board", "pico22"], "you mean raspberry-pi-pico-2, "),
        (["--wrong", "profile", "MODEL"], "(see `mcugraph --help`)"),
        (["profile", "MODEL", "--precision", "int3"], "unknown precision 'int3'; expected one of"),
        (["profile", "MODEL", "--accounting", "mine"], "unknown accounting 'mine'"),
        (["profile", "MODEL", "--runtime", "linux"], "unknown runtime 'linux'"),
        (["profile", "MODEL", "--layers", "--sort", "name"], "cannot sort by 'name'"),
        (["profile", "MODEL", "--csv", "--sort", "name"], "cannot sort by 'name'"),
        (["profile", "MODEL", "--sort", "name"], "cannot sort by 'name'"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str, model: Path, capsys: Capture) -> None:
    given = [str(model) if argument == "MODEL" else argument for argument in arguments]
    assert message in refused(capsys, *given)


def test_damaged_files(model: Path, tmp_path: Path, capsys: Capture) -> None:
    half = tmp_path / "half.tflite"
    half.write_bytes(model.read_bytes()[: model.stat().st_size // 2])
    assert "damaged TFLite file" in refused(capsys, "profile", half)
    (tmp_path / "empty").mkdir()
    assert "this is a directory" in refused(capsys, "profile", tmp_path / "empty")
    # A name with a line break stays on one line.
    assert "no such file" in refused(capsys, "profile", tmp_path / "a\nb.onnx")


def test_help_and_version(capsys: Capture) -> None:
    for arguments in (["--help"], ["profile", "--help"], ["--version"]):
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 0
        if arguments[0] == "profile":
            assert "a .tflite, .onnx or .pt2 file" in capsys.readouterr().out
    assert f"mcugraph {mcugraph.__version__}" in capsys.readouterr().out


def test_alone_it_prints_its_help(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("usage: mcugraph ")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_shells_complete_commands_and_options(shell: str, capsys: Capture) -> None:
    pytest.importorskip("shtab")
    with pytest.raises(SystemExit) as caught:
        main(["--print-completion", shell])
    assert caught.value.code == 0
    script = capsys.readouterr().out
    assert "--reserve-sram" in script
    assert "--full-names" in script


def test_a_closed_pipe_is_no_error(model: Path) -> None:
    code = (
        "import sys; from mcugraph.cli import main; "
        f"sys.exit(main(['profile', {str(model)!r}, '--json']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 0
    assert error == b""


def run_in_a_shell(line: str, *values: object) -> "subprocess.CompletedProcess[str]":
    """A line of a shell, in which MCUGRAPH is the command and $1, $2 are values."""
    line = "unset PYTHONUNBUFFERED; " + line.replace("MCUGRAPH", f"'{sys.executable}' -m mcugraph")
    return subprocess.run(
        ["sh", "-c", line, "sh", *map(str, values)], capture_output=True, text=True, check=False
    )


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
NO_ROOM = "mcugraph: the output cannot be written: No space left on device\n"


@FULL
@pytest.mark.parametrize(
    "given", ["profile $1", "plan $1 --csv", "groups $1 --json", "boards", "--help", "--version"]
)
def test_an_output_without_room_is_one_line(model: Path, given: str) -> None:
    for buffered in ("", "PYTHONUNBUFFERED=1"):
        done = run_in_a_shell(f"{buffered} MCUGRAPH {given} > /dev/full", model)
        assert (done.returncode, done.stderr) == (2, NO_ROOM)


@pytest.mark.skipif(sys.platform == "win32", reason="no shell that closes streams")
def test_an_output_that_is_closed(model: Path, tmp_path: Path) -> None:
    said = "mcugraph: the output cannot be written: standard output is closed\n"
    for given in ("profile $1", "profile $1 --json", "optimize $1 -o $2", "--help"):
        done = run_in_a_shell(f"MCUGRAPH {given} >&-", model, tmp_path / "new.tflite")
        assert (done.returncode, done.stderr) == (2, said)
    assert not list(tmp_path.iterdir())


@FULL
@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full"])
def test_errors_that_nobody_can_be_told_have_their_exit_code(
    model: Path, tmp_path: Path, where: str
) -> None:
    """And they do not turn up in the answer, nor in the file that is written."""
    done = run_in_a_shell(f"MCUGRAPH profile missing.onnx {where}")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")
    done = run_in_a_shell(f"MCUGRAPH profile $1 > /dev/full {where}", model)
    assert (done.returncode, done.stderr) == (2, "")
    new = tmp_path / "new.tflite"
    done = run_in_a_shell(f"MCUGRAPH optimize $1 -o $2 {where}", model, new)
    assert (done.returncode, done.stderr) == (0, "")
    assert mcugraph.load(new).operators
