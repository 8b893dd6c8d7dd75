"""LSTMs of ONNX in C against onnxruntime."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.deployed import as_bytes, compiled, needs_compiler, outputs

import mcugraph as mg
from mcugraph.codegen.building import build

onnx = pytest.importorskip("onnx")
_STEPS, _BATCHES, _INPUTS, _UNITS = 5, 2, 3, 4


def lstm(states: str, **attributes: Any) -> Any:
    """An LSTM whose states are left out, constant, or inputs and outputs of the model."""
    from onnx import TensorProto, helper

    random = np.random.default_rng(0)
    shapes = {"w": (1, 4 * _UNITS, _INPUTS), "r": (1, 4 * _UNITS, _UNITS), "b": (1, 8 * _UNITS)}
    kept = (1, _BATCHES, _UNITS)
    if states == "constant":
        shapes |= {"h": kept, "c": kept}
    stored = [
        onnx.numpy_helper.from_array(random.normal(size=shape).astype(np.float32), name)
        for name, shape in shapes.items()
    ]

    def value(name: str, shape: tuple[int, ...]) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    given = [value("x", (_STEPS, _BATCHES, _INPUTS))]
    made = [value("y", (_STEPS, 1, _BATCHES, _UNITS))]
    if states == "given":
        given += [value("h", kept), value("c", kept)]
        made += [value("hn", kept), value("cn", kept)]
    reads = ["x", "w", "r", "b", "", "h", "c"] if states else ["x", "w", "r", "b"]
    names = [each.name for each in made]
    node = helper.make_node("LSTM", reads, names, hidden_size=_UNITS, **attributes)
    graph = helper.make_graph([node], "lstm", given, made, stored)
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9)


@needs_compiler
@pytest.mark.oracle("onnxruntime")
@pytest.mark.parametrize("states", ["", "constant", "given"])
def test_lstm(states: str, tmp_path: Path) -> None:
    import onnxruntime

    path, random = tmp_path / "model.onnx", np.random.default_rng(1)
    onnx.save(lstm(states), path)
    session = onnxruntime.InferenceSession(path)
    given = {
        each.name: random.normal(size=each.shape).astype(np.float32)
        for each in session.get_inputs()
    }
    host = compiled([build(mg.load(path), "tflm", 2.0)], tmp_path)["portable"]
    made = outputs(host, as_bytes([list(given.values())] * 2))
    wanted = np.concatenate([value.ravel() for value in session.run(None, given)])
    found = np.frombuffer(made, np.float32)
    np.testing.assert_allclose(found, np.tile(wanted, 2), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "attributes",
    [
        {"direction": "reverse"},
        {"clip": 1.0},
        {"input_forget": 1},
        {"activations": ["Sigmoid", "Relu", "Tanh"]},
    ],
)
def test_what_differs_from_the_usual_cell_is_refused(
    attributes: dict[str, Any], tmp_path: Path
) -> None:
    onnx.save(lstm("", **attributes), tmp_path / "model.onnx")
    with pytest.raises(mg.GraphError, match=r"LSTM .*differs from the usual cell"):
        build(mg.load(tmp_path / "model.onnx"), "tflm", 2.0)
