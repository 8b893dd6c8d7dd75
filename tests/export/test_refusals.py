"""What cannot be exported is refused with one line, and leaves nothing behind."""

from pathlib import Path
from typing import Any

import pytest

import mcugraph as mg
from mcugraph.export import tools
from mcugraph.export.calibration import samples_of
from mcugraph.export.to_onnx import export_onnx
from mcugraph.export.to_tflite import export_tflite

torch = pytest.importorskip("torch")


def small() -> Any:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU())


X = torch.randn(2, 3, 8, 8)


@pytest.mark.parametrize(
    ("calibration", "said"),
    [
        ([], "calibration is empty"),
        ([torch.randn(4, 1, 8, 8)], r"input 0 has shape \(4, 1, 8, 8\), expected \(batch, 3, 8"),
        ([torch.full((1, 3, 8, 8), float("nan"))], "a NaN or an infinity"),
        ([{"x": X}], "batch 0 holds dict; expected to start with 1 tensor"),
        ({"x": X}, "an iterable of batches, not dict"),
        (3, "an iterable of batches, not int"),
    ],
)
def test_calibration_data(tmp_path: Path, calibration: Any, said: str) -> None:
    with pytest.raises(mg.UsageError, match=said) as error:
        export_tflite(small(), X, tmp_path / "m.tflite", calibration)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_samples_are_split_from_batches() -> None:
    one = (X[:1],)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(torch.arange(15.0).repeat_interleave(192).view(15, 3, 8, 8)),
        batch_size=4,
    )
    found = samples_of(loader, one, 10)
    assert [int(sample[0].flatten()[0]) for sample in found] == list(range(10))
    assert all(sample[0].shape == (1, 3, 8, 8) for sample in found)
    two = samples_of([(X, X, torch.arange(2))], (X[:1], X[:1]), 9)
    assert [len(sample) for sample in two] == [2, 2]
    with pytest.raises(mg.UsageError, match="samples has to be 1 or more"):
        samples_of([X], one, 0)


@pytest.mark.parametrize("export", [export_tflite, export_onnx])
def test_folder(tmp_path: Path, export: Any) -> None:
    more = ([X],) if export is export_tflite else ()
    with pytest.raises(mg.UsageError, match=r"there is no such folder"):
        export(small(), X, tmp_path / "no" / "model", *more)
    with pytest.raises(mg.UsageError, match="is a folder"):
        export(small(), X, tmp_path, *more)
    with pytest.raises(mg.UsageError, match="example_inputs are tensors of PyTorch, not str"):
        export(small(), ("x",), tmp_path / "model", *more)


def test_missing_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(tools, "import_module", absent)
    with pytest.raises(mg.UsageError, match=r"is not installed: pip install 'mcugraph\[export\]'"):
        export_tflite(small(), X, tmp_path / "m.tflite", [X])
    assert list(tmp_path.iterdir()) == []


class Sorted(torch.nn.Module):
    def forward(self, x: Any) -> Any:
        return torch.linalg.svdvals(x)


@pytest.mark.oracle("litert_torch")
def test_what_the_converter_says(tmp_path: Path) -> None:
    with pytest.raises(mg.FormatError, match="Sorted: litert-torch cannot convert it: ") as error:
        export_tflite(Sorted(), X, tmp_path / "m.tflite", [X])
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_what_pytorch_says(tmp_path: Path) -> None:
    with pytest.raises(mg.FormatError, match=r"Sorted: torch\.onnx cannot export it: ") as error:
        export_onnx(Sorted(), X, tmp_path / "m.onnx")
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.oracle("litert_torch")
def test_what_the_converter_makes_a_function_of(tmp_path: Path) -> None:
    pool = torch.nn.AvgPool2d(3, 2, 1, ceil_mode=True, divisor_override=5)
    with pytest.raises(mg.FormatError, match="as a function of its own") as error:
        export_tflite(pool, X, tmp_path / "m.tflite", [X])
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []
