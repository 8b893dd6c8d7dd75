"""What is no model, or not at hand: one line that says so. Content counts, not the suffix."""

import shutil
from pathlib import Path

import pytest

import mcugraph as mg


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("empty.tflite", b"", "the file is empty"),
        ("empty.onnx", b"", "the file is empty"),
        (
            "lfs.onnx",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n",
            "Git LFS pointer, not the model; run `git lfs pull`",
        ),
        ("zip.onnx", b"PK\x03\x04rest", "archive"),
        ("text.txt", b"hello, world", "not a model that can be read"),
        ("text.onnx", b"hello, world", "truncated or damaged ONNX file"),
        ("text.tflite", b"hello, world", "identifier TFL3 is missing"),
        ("head.tflite", b"\x1c\0\0\0TFL3", "damaged TFLite file"),
        ("page.onnx", b"<!DOCTYPE html><html>", "truncated or damaged ONNX file"),
    ],
)
def test_refused(name: str, data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(mg.FormatError) as caught:
        mg.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_and_directories(tmp_path: Path) -> None:
    with pytest.raises(mg.FormatError, match=r"nothing\.onnx: no such file"):
        mg.load(tmp_path / "nothing.onnx")
    with pytest.raises(mg.FormatError, match="this is a directory"):
        mg.load(tmp_path)
    with pytest.raises(mg.FormatError, match="cannot be read"):
        mg.load(tmp_path / ("long" * 200))


@pytest.mark.parametrize(
    ("name", "form"), [("siamese.onnx", "onnx"), ("siamese_int8.tflite", "tflite")]
)
@pytest.mark.parametrize("suffix", [".onnx", ".tflite", ".bin", ""])
def test_wrong_suffixes(name: str, form: str, suffix: str, models: Path, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    shutil.copy(models / name, path)
    graph = mg.load(path)
    assert graph.source.format == form
    assert graph.source.path == str(path)
    assert mg.profile(graph).macs == mg.profile(models / name).macs


def test_paths_as_text(models: Path) -> None:
    assert mg.load(str(models / "siamese.onnx")).operators
    assert mg.profile(str(models / "siamese.onnx")).macs == 46_624
