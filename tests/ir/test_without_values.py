"""Graphs that hold no weights are the same in all that does not ask for these."""

from pathlib import Path

import pytest

import mcugraph as mg

MODELS = Path(__file__).resolve().parents[2] / "fixtures" / "models"


@pytest.mark.parametrize("name", ["branching.onnx", "branching_int8.tflite"])
def test_only_values_are_gone(name: str) -> None:
    graph = mg.load(MODELS / name)
    bare = graph.without_values()
    assert bare == graph  # values do not count
    assert any(tensor.constant for tensor in bare.tensors.values())
    for tensor in bare.tensors.values():
        if tensor.constant is not None:
            with pytest.raises(mg.FormatError, match="no longer at hand"):
                tensor.constant.array()
        known = tensor.quantization
        assert known is None or not known.is_known
