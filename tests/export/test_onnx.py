"""ONNX files: what they cost and what they compute."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.export.to_onnx import export_onnx

NAMES = ["ds_cnn", "resnet", "mobilenet_v2", "efficientnet", "densenet", "shufflenet", "siamese"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("precision", [None, "int8"])
def test_figures_are_those_predicted(
    kit: Any, tmp_path: Path, name: str, precision: str | None
) -> None:
    model, inputs = kit.network(name)
    exported = export_onnx(model, inputs, tmp_path / "m.onnx", precision=precision)
    wanted = mg.profile(mg.from_torch(model, inputs), precision=precision)
    assert exported.differences == {}
    assert exported.figures == {
        "peak": wanted.memory.peak,
        "size": wanted.flash.weights + wanted.flash.biases,
        "macs": wanted.macs,
    }
    assert not any(exported.unexplained.values())


def test_results_names_and_mode(
    kit: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import onnx
    import onnxruntime

    model, inputs = kit.network("resnet")
    wanted = model(*inputs).detach().numpy()
    model.train()
    exported = export_onnx(model, inputs, tmp_path / "m.onnx")
    assert model.training
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]
    names = {tensor.name for tensor in onnx.load(exported.path).graph.initializer}
    assert "blocks.0.first.0.weight" in names
    session = onnxruntime.InferenceSession(exported.path, providers=["CPUExecutionProvider"])
    (got,) = session.run(None, {session.get_inputs()[0].name: inputs[0].numpy()})
    np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-4)


class Gate(pytest.importorskip("torch").nn.Module):
    def forward(self, x: Any, gate: Any = None) -> Any:
        return x if gate is None else x * gate


def test_inputs_by_keyword(tmp_path: Path) -> None:
    import torch

    x = torch.randn(2, 3)
    exported = export_onnx(Gate(), x, tmp_path / "m.onnx", kwargs={"gate": torch.randn(2, 3)})
    assert len(mg.load(exported.path).inputs) == 2
    assert exported.differences == {}
