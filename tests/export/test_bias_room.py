"""Channels whose weights are all zero keep their bias in an int8 file."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcugraph as mg

torch = pytest.importorskip("torch")
pytest.importorskip("litert_torch")
pytest.importorskip("ai_edge_quantizer")

from torch import nn  # noqa: E402

from mcugraph.export.tflite_objects import unpacked  # noqa: E402
from mcugraph.prune import export_tflite  # noqa: E402


def network() -> Any:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(2, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1, groups=8),
        nn.ReLU(),
        nn.ConvTranspose2d(8, 4, 2, stride=2),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16, 4),
    )
    with torch.no_grad():
        model[0].weight[3:] = 0
        model[2].weight[1:] = 0
        model[2].weight[5] = 1e-12  # next to zero: its step would be as fine
        model[4].weight[:, 2] = 0
        model[8].weight[1] = 0
        for layer in (model[0], model[2], model[4], model[8]):
            layer.bias.uniform_(0.1, 0.5)
    return model.eval()


@pytest.mark.parametrize("scheme", ["int8", "int8-per-tensor"])
def test_zero_rows(tmp_path: Path, scheme: str) -> None:
    """The export holds the file against the module; that it is written says that both agree."""
    path = tmp_path / "model.tflite"
    example = torch.zeros(1, 2, 8, 8)
    export_tflite(network(), example, path, [torch.randn(32, 2, 8, 8)], scheme=scheme)
    stored = mg.load(path).source.file
    biases = [t for t in stored.tensors if t.dtype.label == "int32" and t.scale_values is not None]
    assert len(biases) == 4
    for bias in biases:
        assert np.abs(np.frombuffer(bias.data, np.int32).astype(np.int64)).max() < 1.001 * (1 << 30)
    schema = importlib.import_module("ai_edge_litert.schema_py_generated")
    file = unpacked(path.read_bytes(), schema)
    held = sum(len(buffer.data) for buffer in file.buffers if buffer.data is not None)
    read = {tensor.buffer for tensor in file.subgraphs[0].tensors}
    read |= {entry.buffer for entry in file.metadata}
    assert held == sum(
        len(file.buffers[index].data) for index in read if file.buffers[index].data is not None
    )
