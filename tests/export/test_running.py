"""Exported files on both runtimes, from and to the layout of the module."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.export import running
from mcugraph.export.running import run_litert, run_tflm

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.oracle("litert_torch", "ai_edge_quantizer", "tflite_micro")


# A classifier; images as results; two inputs; several results.
@pytest.mark.parametrize("name", ["resnet", "unet", "siamese", "detector"])
def test_both_runtimes_agree_with_the_module(kit: Any, name: str) -> None:
    exported = kit.export(name)
    model, inputs = kit.network(name)
    drawn = kit.batches(inputs, 2, 3)
    samples = [
        tuple(x[i : i + 1] for x in batch[: len(inputs)]) for batch in drawn for i in range(3)
    ]
    lite, micro = run_litert(exported.path, samples), run_tflm(exported.path, samples)
    assert micro.head == exported.arena
    assert micro.tail > 0
    with torch.no_grad():
        wanted = [torch.utils._pytree.tree_leaves(model(*sample)) for sample in samples]
    for ours, theirs, expected in zip(lite, micro.results, wanted, strict=True):
        assert len(ours) == len(theirs) == len(expected)
        for a, b, c in zip(ours, theirs, expected, strict=True):
            assert a.shape == b.shape == tuple(c.shape)
            largest = np.abs(c.numpy()).max()
            assert np.abs(a - b).max() <= 0.03 * largest
            assert np.abs(a - c.numpy()).mean() <= 0.05 * largest


def test_a_file_that_does_not_run_is_one_line(tmp_path: Path, models: Path) -> None:
    path = tmp_path / "cut.tflite"
    path.write_bytes((models / "resnet_float.tflite").read_bytes())
    with pytest.raises(mg.FormatError, match=r"cut\.tflite: TensorFlow Lite Micro does not run"):
        run_tflm(path, [(torch.zeros(1, 5, 16, 16),)])


def test_a_run_that_takes_too_long_is_one_line(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_SECONDS", 0.01)
    with pytest.raises(mg.FormatError, match=r"does not run the file: no answer in 0\.01 s"):
        run_tflm(models / "resnet_int8.tflite", [(torch.zeros(1, 3, 16, 16),)])
