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
        ([], "required"),
        (["nothing"], "invalid choice"),
        (["profile"], "MODEL"),
        (["profile", "missing.onnx"], "missing.onnx: no such file"),
        (["profile", "MODEL", "--limit", "0"], "'0' is no positive number"),
        (["profile", "MODEL", "--limit", "few"], "'few' is no positive number"),
        (["profile", "MODEL", "--json", "--csv"], "not allowed with"),
        (["profile", "MODEL", "--dim", "x:0=1", "--dim", "x:0=2"], "--dim gives x:0 two values, 1"),
        (["optimize", "MODEL", "-o", "n", "--dim", "x=1", "--dim", "x=2"], "--dim gives x two"),
        (["profile", "MODEL", "--wrong"], "unrecognized arguments: --wrong"),
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
    assert "this is a directory" in refused(capsys, "profile", tmp_path)
    # A name with a line break stays on one line.
    assert "no such file" in refused(capsys, "profile", tmp_path / "a\nb.onnx")


def test_help_and_version(capsys: Capture) -> None:
    for arguments in (["--help"], ["profile", "--help"], ["--version"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 0
    assert f"mcugraph {mcugraph.__version__}" in capsys.readouterr().out


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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_output_without_room_is_one_line(model: Path) -> None:
    code = f"import sys; from mcugraph.cli import main; sys.exit(main(['profile', {str(model)!r}]))"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert done.stderr == b"mcugraph: the output cannot be written: No space left on device\n"
