"""The examples of the documentation run, here on data that they draw themselves."""

import importlib.util
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "docs" / "examples" / "prune_fashion_mnist.py"
SHORT = ("--width", "4", "--reserve-sram", "20KiB", "--epochs", "2", "--prune-epochs", "0.5")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "COLUMNS": "100"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def test_prunes_to_a_board(tmp_path: Path) -> None:
    done = run(tmp_path, "--no-export", *SHORT)
    assert (done.returncode, done.stderr) == (0, "")
    start, one, two, empty, header, *table = done.stdout.splitlines()
    assert start.startswith("before: peak ")
    assert start.endswith("; 100.0% of channels kept; budgets not met")
    assert one.startswith("epoch 1: fine-tuning, loss ")
    assert two.startswith("epoch 2: fine-tuning, loss ")
    assert (empty, header.split()) == ("", ["before", "after", "int8", "file", "budget", "used"])
    assert [line.split()[0] for line in table[:4]] == ["peak", "size", "macs", "arena"]
    assert table[5].startswith("accuracy: before ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.oracle("litert_torch")
@pytest.mark.parametrize("more", [(), ("--qat", "1", "--macs", "200k")])
def test_writes_a_file_that_fits(tmp_path: Path, more: tuple[str, ...]) -> None:
    done = run(tmp_path, *SHORT, *more, "--out", "small.tflite")
    assert (done.returncode, done.stderr) == (0, "")
    assert "small.tflite: fits (Arduino Uno R4 Minima)" in done.stdout
    assert (tmp_path / "small.tflite").stat().st_size > 1000
    drawn = importlib.util.find_spec("matplotlib") is not None
    assert (tmp_path / "small.png").exists() == drawn


@pytest.mark.slow
def test_goes_to_its_end_with_data_of_a_file(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (300, 28, 28), np.uint8)
    labels = random.integers(0, 10, 300).astype(np.uint8)
    np.savez(tmp_path / "data.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    done = run(tmp_path, "--data", "data.npz", "--no-export", *SHORT)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--data", "none.npz"), "error: none.npz: No such file or directory"),
        (("--data", "."), "error: .: Is a directory"),
        (("--data", "text"), "error: text: no .npz file with x_train, y_train, x_test, y_test"),
        (("--board", "none"), "error: unknown board 'none'; `mcugraph boards` lists them"),
        (
            ("--reserve-sram", "32KiB"),
            "error: Arduino Uno R4 Minima: 32,768 B of SRAM are reserved, and it has 32,768 B",
        ),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "text").write_text("no data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [SCRIPT.name, "--no-export", *arguments])
    with pytest.raises(SystemExit, match=f"^{re.escape(said)}$"):
        runpy.run_path(str(SCRIPT), run_name="__main__")
