"""Recurrent layers of ONNX in C against onnxruntime."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.deployed import as_bytes, compiled, needs_compiler, outputs

import mcugraph as mg
from mcugraph.codegen.building import build

onnx = pytest.importorskip("onnx")
_STEPS, _BATCHES, _INPUTS, _UNITS = 5, 2, 3, 4


def layer(cell: str, states: str, **attributes: Any) -> Any:
    """A layer whose states are left out, constant, or inputs and outputs of the model."""
    from onnx import TensorProto, helper

    random = np.random.default_rng(0)
    gates = {"LSTM": 4, "GRU": 3}[cell] * _UNITS
    shapes = {"w": (1, gates, _INPUTS), "r": (1, gates, _UNITS), "b": (1, 2 * gates)}
    kinds = ("h", "c") if cell == "LSTM" else ("h",)
    kept = (1, _BATCHES, _UNITS)
    if states == "constant":
        shapes |= dict.fromkeys(kinds, kept)
    stored = [
        onnx.numpy_helper.from_array(random.normal(size=shape).astype(np.float32), name)
        for name, shape in shapes.items()
    ]

    def value(name: str, shape: tuple[int, ...]) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    given = [value("x", (_STEPS, _BATCHES, _INPUTS))]
    made = [value("y", (_STEPS, 1, _BATCHES, _UNITS))]
    if states == "given":
        given += [value(kind, kept) for kind in kinds]
        made += [value(f"{kind}n", kept) for kind in kinds]
    reads = ["x", "w", "r", "b", *(["", *kinds] if states else [])]
    names = [each.name for each in made]
    node = helper.make_node(cell, reads, names, hidden_size=_UNITS, **attributes)
    graph = helper.make_graph([node], "layer", given, made, stored)
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9)


@needs_compiler
@pytest.mark.oracle("onnxruntime")
@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
@pytest.mark.parametrize("states", ["", "constant", "given"])
def test_layers(cell: str, states: str, tmp_path: Path) -> None:
    import onnxruntime

    path, random = tmp_path / "model.onnx", np.random.default_rng(1)
    attributes = {"linear_before_reset": 1} if cell == "GRU" else {}
    onnx.save(layer(cell, states, **attributes), path)
    session = onnxruntime.InferenceSession(path)
    given = {
        each.name: random.normal(size=each.shape).astype(np.float32)
        for each in session.get_inputs()
    }
    host = compiled([build(mg.load(path), "tflm", 2.0)], tmp_path)
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
        {},
    ],
)
def test_what_differs_from_the_usual_cell_is_refused(
    attributes: dict[str, Any], tmp_path: Path
) -> None:
    cell = "LSTM" if attributes else "GRU"  # which resets before a product unless it says otherwise
    onnx.save(layer(cell, "", **attributes), tmp_path / "model.onnx")
    with pytest.raises(mg.GraphError, match=rf"{cell} .*differs from the usual cell"):
        build(mg.load(tmp_path / "model.onnx"), "tflm", 2.0)
