"""PyTorch modules in C: of floats, and of 8-bit integers by way of the exporter."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.deployed import compiled, needs_compiler, outputs

import mcugraph as mg
from mcugraph.codegen.building import build
from mcugraph.deployment.sources import graph_to_deploy

torch = pytest.importorskip("torch")


def network() -> Any:
    """Layers that keep an image, and a dense one that reads its rows and columns too."""
    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1),
        torch.nn.BatchNorm2d(8),
        torch.nn.LeakyReLU(0.2),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False),
        torch.nn.Hardswish(),
        torch.nn.Flatten(),
        torch.nn.Linear(8 * 4 * 4, 5),
        torch.nn.Softmax(1),
    )
    module[1].running_mean.uniform_(-1, 1)
    module[1].running_var.uniform_(0.5, 2)
    return module.eval()


@needs_compiler
def test_a_module_of_floats(tmp_path: Path) -> None:
    module, image = network(), torch.randn(1, 3, 8, 8)
    program = build(graph_to_deploy(module, image), "tflm", 2.0)
    assert program.values[program.inputs[0]].shape == (1, 8, 8, 3)
    host = compiled([program], tmp_path)["portable"]
    made = outputs(host, image.permute(0, 2, 3, 1).contiguous().numpy().tobytes())
    with torch.no_grad():
        wanted = module(image).numpy().ravel()
    np.testing.assert_allclose(np.frombuffer(made, np.float32), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.oracle("litert_torch")
def test_a_module_with_calibration_is_of_8_bit_integers(tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(2))
    data = torch.randn(8, 3, 8, 8)
    project = mg.deploy(module, tmp_path / "c", example_inputs=data[:1], calibration=[data])
    assert "runtime/mg_conv_s8.c" in project.files
    assert "int8_t *const model_input_0" in (tmp_path / "c" / "model.c").read_text()


def test_what_only_modules_take(tmp_path: Path) -> None:
    with pytest.raises(mg.UsageError, match="example_inputs with a module only"):
        mg.deploy("model.onnx", tmp_path / "c", example_inputs=1)
    with pytest.raises(mg.UsageError, match="calibration with a module"):
        mg.deploy("model.onnx", tmp_path / "c", calibration=[])
    with pytest.raises(mg.UsageError, match="or a module with example_inputs"):
        mg.deploy(network(), tmp_path / "c")
