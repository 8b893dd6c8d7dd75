"""Softmax and log-softmax along each axis: TFLite has them along the last one alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.foreseen import exported_as_foreseen, figures
from support.running import check_kernels_agree

import mcugraph as mg
from mcugraph.export.to_onnx import export_onnx

torch = pytest.importorskip("torch")
pytest.importorskip("litert_torch")
pytest.importorskip("ai_edge_quantizer")
nn = torch.nn
CASES = [("images", axis) for axis in (1, 2, 3)] + [("tokens", axis) for axis in (1, 2)]
FUNCTIONS = {"SOFTMAX": nn.Softmax, "LOG_SOFTMAX": nn.LogSoftmax}


def around(kind: str, function: Callable[[int], Any], axis: int) -> tuple[Any, Any]:
    """A function along an axis between two layers, and data for them."""
    torch.manual_seed(0)
    if kind == "images":
        layers = nn.Conv2d(3, 4, 3), function(axis), nn.Conv2d(4, 2, 1)
    else:
        layers = nn.Linear(6, 4), function(axis), nn.Linear(4, 2)
    data = torch.randn(32, 3, 8, 8) if kind == "images" else torch.randn(32, 5, 6)
    return nn.Sequential(*layers).eval(), data


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(("kind", "axis"), CASES)
def test_files_cost_what_their_module_foresees(
    kind: str, axis: int, name: str, tmp_path: Path
) -> None:
    model, data = around(kind, FUNCTIONS[name], axis)
    exported_as_foreseen(model, data, tmp_path / "net.tflite")
    check_kernels_agree(tmp_path / "net.tflite")
    native = [operator.native for operator in mg.load(tmp_path / "net.tflite").operators]
    last = axis == (1 if kind == "images" else 2)
    assert native[1:-1] == ([name] if last else ["TRANSPOSE", name, "TRANSPOSE"])
    export_onnx(model, data[:1], tmp_path / "net.onnx")
    module, file = mg.from_torch(model, data[:1]), mg.load(tmp_path / "net.onnx")
    for precision in (None, "int8"):
        assert figures(mg.profile(module, precision=precision)) == figures(
            mg.profile(file, precision=precision)
        )
