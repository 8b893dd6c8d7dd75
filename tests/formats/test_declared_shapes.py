"""A file that declares another shape than its operators make is refused, and both are named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import mcugraph as mg

Make = Callable[..., Path]
CASE = "onnx/convtranspose_same_output_padding.onnx"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "cases"


def value(name: str, shape: Any) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def convolution(onnx_file: Make, inner: Any, outer: Any, batch: Any = 1) -> Path:
    """A convolution that makes [1, 6, 6, 6], and its ReLU; the shapes are what is declared."""
    weight = numpy_helper.from_array(np.zeros((6, 4, 3, 3), np.float32), "w")
    nodes = [helper.make_node("Conv", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["y"])]
    path = onnx_file(nodes, [value("x", [batch, 4, 8, 8])], [value("y", outer)], [weight])
    model = onnx.load(path)
    if inner is not None:
        model.graph.value_info.append(value("h", inner))
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("inner", "outer", "said"),
    [
        (
            [1, 6, 7, 6],
            None,
            "operator 'h' (Conv): its inputs and attributes make 'h' of shape [1, 6, 6, 6], "
            "but the file declares [1, 6, 7, 6]",
        ),
        (
            [1, 6, None, "columns"],
            [1, 6, "rows", 5],
            "operator 'y' (Relu): its inputs and attributes make 'y' of shape [1, 6, 6, 6], "
            "but the file declares [1, 6, ?, 5]",
        ),
        ([6, 6, 6], None, "make 'h' of shape [1, 6, 6, 6], but the file declares [6, 6, 6]"),
    ],
)
def test_onnx(onnx_file: Make, inner: Any, outer: Any, said: str) -> None:
    path = convolution(onnx_file, inner, outer)
    with pytest.raises(mg.FormatError) as caught:
        mg.load(path)
    assert str(caught.value).startswith(f"{path}: operator")
    assert str(caught.value).endswith(said)


@pytest.mark.parametrize("inner", [None, [1, 6, 6, 6], ["n", "c", None, 6], [None] * 4, []])
def test_what_is_left_open_contradicts_nothing(onnx_file: Make, inner: Any) -> None:
    assert mg.load(convolution(onnx_file, inner, inner)).tensors["h"].shape == (1, 6, 6, 6)


def test_bound_dimensions_change_what_is_declared(onnx_file: Make) -> None:
    """The file was written for a batch of 1, and says so of everything but its input."""
    path = convolution(onnx_file, [1, 6, 6, 6], [1, 6, 6, 6], batch="n")
    assert mg.load(path).tensors["y"].shape == (1, 6, 6, 6)
    assert mg.load(path, dims={"n": 3}).tensors["y"].shape == (3, 6, 6, 6)


def convolved(tflite: Any, shape: Any, signature: Any = None) -> Path:
    """A convolution of [1, 8, 8, 4] with 3x3 weights and VALID padding: [1, 6, 6, 6]."""
    path: Path = tflite.write(
        tflite.G(
            [
                tflite.T("x", [1, 8, 8, 4]),
                tflite.T("w", [6, 3, 3, 4], data=bytes(216)),
                tflite.T("y", shape, signature=signature),
            ],
            [tflite.O("CONV_2D", [0, 1], [2], {0: ("i8", 1), 1: ("i32", 1), 2: ("i32", 1)})],
            [0],
            [2],
        )
    )
    return path


def test_tflite(tflite: Any) -> None:
    assert mg.load(convolved(tflite, [1, 6, 6, 6])).tensors["y"].shape == (1, 6, 6, 6)
    path = convolved(tflite, [1, 8, 8, 6])
    with pytest.raises(mg.FormatError) as caught:
        mg.load(path)
    assert str(caught.value) == (
        f"{path}: operator 'y' (CONV_2D): its inputs and attributes make 'y' of shape "
        "[1, 6, 6, 6], but the file declares [1, 8, 8, 6]"
    )


def test_dimensions_that_tflite_leaves_open(tflite: Any) -> None:
    """What the file has in their place is only what the converter happened to see."""
    path = convolved(tflite, [1, 1, 6, 6], signature=[-1, -1, 6, 6])
    assert mg.load(path).tensors["y"].shape == (1, 1, 6, 6)
    with pytest.raises(mg.FormatError, match=r"make 'y' .* \[1, 6, 6, 6\].* \[\?, \?, 7, 6\]"):
        mg.load(convolved(tflite, [1, 1, 7, 6], signature=[-1, -1, 7, 6]))


@pytest.mark.skipif(not SHARED.is_dir(), reason="there are no shared cases")
def test_output_padding_of_same_makes_input_times_stride() -> None:
    graph = mg.load(SHARED / CASE)
    (name,) = graph.outputs
    (data,) = graph.inputs
    assert graph.tensors[data].shape is not None
    (operator,) = graph.operators
    strides = operator.op.strides  # type: ignore[attr-defined]
    spatial = [size * s for size, s in zip(graph.tensors[data].shape[2:], strides, strict=True)]
    assert list(graph.tensors[name].shape or ())[2:] == spatial
