"""ONNX models of floats in C against onnxruntime."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.deployed import as_bytes, compiled, needs_compiler, outputs, program_of

import mcugraph as mg

NAMES = [
    *("autoencoder", "branching", "densenet", "detector", "ds_cnn", "efficientnet", "inception"),
    *("mobilenet_v2", "resnet", "shufflenet", "siamese", "tight_arena", "unet"),
]


def stored(value: np.ndarray[Any, Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """An image of ONNX with its channels last, where the program has it so."""
    if value.shape == shape:
        return value
    turned = np.moveaxis(value, 1, -1)
    assert turned.shape == shape
    return np.ascontiguousarray(turned)


@needs_compiler
@pytest.mark.oracle("onnxruntime")
def test_fixtures(models: Path, tmp_path: Path) -> None:
    """Weights with batch norms in them, layouts turned: within 1e-5 of onnxruntime."""
    import onnxruntime

    paths = [models / f"{name}.onnx" for name in NAMES]
    programs = [program_of(path, tmp_path) for path in paths]
    host = compiled(programs, tmp_path)["portable"]
    for i, (path, program) in enumerate(zip(paths, programs, strict=True)):
        session = onnxruntime.InferenceSession(path)
        random = np.random.default_rng(i)
        given = {
            each.name: random.normal(size=each.shape).astype(np.float32)
            for each in session.get_inputs()
        }
        values = [program.values[number] for number in program.inputs]
        data = [stored(v, to.shape) for v, to in zip(given.values(), values, strict=True)]
        made = outputs(host, as_bytes([data]), i)
        wanted = [
            stored(value, program.values[number].shape)
            for value, number in zip(session.run(None, given), program.outputs, strict=True)
        ]
        found = np.frombuffer(made, np.float32)
        flat = np.concatenate([value.ravel() for value in wanted])
        np.testing.assert_allclose(found, flat, rtol=1e-5, atol=1e-5, err_msg=str(path))


def test_operators_without_a_kernel_are_named(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    node = onnx.helper.make_node("Erf", ["x"], ["y"], name="the_erf")
    values = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 4]) for name in "xy"
    ]
    graph = onnx.helper.make_graph([node], "g", values[:1], values[1:])
    onnx.save(onnx.helper.make_model(graph), tmp_path / "m.onnx")
    with pytest.raises(mg.GraphError, match=r"m\.onnx: cannot be deployed: ERF \(the_erf\)"):
        mg.deploy(tmp_path / "m.onnx", tmp_path / "made")
    assert not (tmp_path / "made").exists()
