"""``mcugraph check`` and ``mcugraph boards``: exit codes, text and JSON that agree."""

import json
from pathlib import Path

import pytest
from support.commands import Capture, refused, run

from mcugraph.cli import main
from mcugraph.units import kib

OWN = """
[board.mine]
core = "Cortex-M4"
clock_hz = 100_000_000
sram = "SIZE"
flash = "1MiB"
"""


@pytest.fixture
def model(models: Path) -> Path:
    return models / "resnet_int8.tflite"


def needed(model: Path, capsys: Capture) -> int:
    found = json.loads(run(capsys, "check", model, "--sram", "1GiB", "--json"))
    (need,) = found["needs"]
    return int(need["needed"])


def test_the_exit_code_is_the_answer(model: Path, capsys: Capture) -> None:
    least = needed(model, capsys)
    text = run(capsys, "check", model, "--sram", least)
    assert text.startswith(f"{model}: fits (the budget)\n")
    assert "What would help" not in text
    assert main(["check", str(model), "--sram", str(least - 1)]) == 1
    text = capsys.readouterr().out
    assert text.startswith(f"{model}: does not fit (the budget)\n")
    assert f"{least:,} B" in text
    assert "To blame for SRAM: " in text
    assert "What would help:" in text


def test_a_limit_overrides_that_of_the_board(model: Path, capsys: Capture) -> None:
    assert "fits" in run(capsys, "check", model, "--board", "nucleo-f446re")
    assert main(["check", str(model), "--board", "nucleo-f446re", "--macs", "1"]) == 1
    assert "MACs" in capsys.readouterr().out


def test_a_lower_bound_never_passes(models: Path, capsys: Capture) -> None:
    """Of what is no file yet nobody knows how much flash it takes."""
    model = str(models / "ds_cnn.onnx")
    assert main(["check", model, "--flash", "1GiB", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "not known: only a lower bound"
    assert main(["check", model, "--flash", "1GiB"]) == 1
    assert ": not known: only a lower bound (the budget)\n" in capsys.readouterr().out


def test_room_for_firmware(model: Path, capsys: Capture) -> None:
    least = needed(model, capsys)
    assert "fits" in run(capsys, "check", model, "--sram", least + 100, "--reserve-sram", 100)
    assert main(["check", str(model), "--sram", str(least + 100), "--reserve-sram", "101"]) == 1
    capsys.readouterr()
    for option in ("--reserve-sram", "--reserve-flash"):
        said = refused(capsys, "check", model, "--macs", "1M", option, "1KiB")
        assert f"{option} is a part of something" in said
    said = refused(capsys, "check", model, "--sram", "1MiB", "--external-ram")
    assert "are of a board" in said
    assert main(["check", str(model), "--board", "uno r3"]) == 1
    said = capsys.readouterr().out
    assert ": does not run (Arduino Uno R3)\n" in said
    assert "The board is too small: it is an 8-bit AVR" in said


def test_a_latency_comes_with_a_board(model: Path, capsys: Capture) -> None:
    text = run(capsys, "check", model, "--board", "nucleo-f446re")
    found = json.loads(run(capsys, "check", model, "--board", "nucleo-f446re", "--json"))
    assert 0 < found["latency"]["fast_s"] < found["latency"]["slow_s"]
    assert "on its Cortex-M4 at 180 MHz" in text
    assert found["latency"]["source"] in text


def test_one_board_in_full(model: Path, tmp_path: Path, capsys: Capture) -> None:
    (data,) = json.loads(run(capsys, "boards", "microbit v2", "--json"))["boards"]
    text = run(capsys, "boards", "microbit v2")
    assert text.startswith(f"{data['name']} ({data['key']})\n")
    for field in ("mcu", "source", "usable_source"):
        assert data[field] in text
    assert f"for an arena     {data['usable_sram']:,} B" in text
    assert "Cortex-M4 at 64 MHz, with DSP, FPU" in text
    own = tmp_path / "own.toml"
    own.write_text(OWN.replace("SIZE", "64KiB"), encoding="utf-8")
    assert "none that says so" in run(capsys, "boards", "mine", "--boards", own)
    assert "mcugraph check" in refused(capsys, "boards", "mine", "--fit", model, "--boards", own)
    assert "give it with --fit" in refused(capsys, "boards", model)


def test_boards_of_ones_own(model: Path, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "boards.toml"
    least = needed(model, capsys)
    for size, answer in ((least, True), (least - 1, False)):
        path.write_text(OWN.replace('"SIZE"', str(size)))
        assert main(["check", str(model), "--board", "mine", "--boards", str(path)]) == (not answer)
        capsys.readouterr()
        arguments = ("boards", "--boards", path, "--fit", model)
        (mine,) = [
            board
            for board in json.loads(run(capsys, *arguments, "--json"))["boards"]
            if board["key"] == "mine"
        ]
        assert mine["fits"] is answer
        (row,) = [line for line in run(capsys, *arguments).splitlines() if line.startswith("mine ")]
        assert kib(size) in row
        assert row.endswith("tight: SRAM leaves 0 B" if answer else "does not fit: SRAM by 1 B")
        assert mine["verdict"] == ("tight" if answer else "does not fit")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to check against"),
        (["--sram", "64kilo"], "'64kilo' is not a size"),
        (["--sram", "1e400"], "'1e400' is not a size"),
        (["--flash", "5_000_000_000_000_000_000_000KiB"], "is more than 9,223,372,036"),
        (["--macs", "9999999999999999999G"], "is more than 9,223,372,036"),
        (["--board", "none of these"], "unknown board 'none of these'"),
        (["--board", "nucleo-f446re", "--boards", "absent.toml"], "absent.toml: No such file"),
    ],
)
def test_wrong_usage(model: Path, capsys: Capture, arguments: list[str], message: str) -> None:
    assert message in refused(capsys, "check", model, *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--kernels", "cmsis-nn"),
        ("--dim", "n=1"),
        ("--precision", "int8"),
        ("--runtime", "inplace"),
        ("--trust",),
    ],
)
def test_options_of_a_model_without_one(capsys: Capture, arguments: tuple[str, ...]) -> None:
    assert f"{arguments[0]} says how a model is counted" in refused(capsys, "boards", *arguments)


def test_why_a_model_only_may_fit(models: Path, capsys: Capture) -> None:
    model = models / "ds_cnn.onnx"
    assert main(["boards", "--fit", str(model), "--json"]) == 0
    boards = json.loads(capsys.readouterr().out)["boards"]
    assert main(["boards", "--fit", str(model)]) == 0
    rows = capsys.readouterr().out.splitlines()[4:]
    assert None in {board["fits"] for board in boards}
    for board, row in zip(boards, rows, strict=True):
        if board["fits"] is None:
            (need,) = (need for need in board["needs"] if need["met"] is None)
            assert need["resource"] == "flash"
            assert row.endswith(f"not known: flash about {need['estimate']:,} B")


def test_what_is_assumed_is_about_what_is_shown(models: Path, capsys: Capture) -> None:
    model = str(models / "ds_cnn.onnx")
    for budget, shown in (("--macs", False), ("--flash", False), ("--sram", True)):
        main(["check", model, budget, "1"])
        assert ("TFLM's figures are modelled" in capsys.readouterr().out) is shown
        main(["check", model, budget, "1", "--json"])
        assert bool(json.loads(capsys.readouterr().out)["assumptions"]) is shown


def test_several_models_are_checked_one_by_one(models: Path, capsys: Capture) -> None:
    """As a hook for commits hands them over: the code is 1 if one of them does not fit."""
    small, large = (str(models / name) for name in ("ds_cnn_int8.tflite", "resnet_float.tflite"))
    assert main(["check", small, small, "--sram", "8KiB"]) == 0
    capsys.readouterr()
    assert main(["check", small, large, "--sram", "8KiB"]) == 1
    text = capsys.readouterr().out
    assert main(["check", small, large, "--sram", "8KiB", "--json"]) == 1
    answers = json.loads(capsys.readouterr().out)
    assert [each["verdict"] for each in answers] == ["fits", "does not fit"]
    for model in (small, large):
        main(["check", model, "--sram", "8KiB"])
        assert capsys.readouterr().out.strip() in text
    assert "--built is of one model" in refused(
        capsys, "check", small, large, "--sram", "1", "--runtime", "deploy", "--built", "x"
    )
