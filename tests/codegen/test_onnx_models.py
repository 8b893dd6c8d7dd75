"""ONNX models of floats in C against onnxruntime."""

import json
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
    host = compiled(programs, tmp_path)
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


Node = Any


def made_model(
    folder: Path, nodes: list[Node], shapes: dict[str, list[int]], **stored: Any
) -> Path:
    """A file of a few nodes from x to y."""
    onnx = pytest.importorskip("onnx")
    x, y = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shapes[name])
        for name in "xy"
    )
    weights = [onnx.numpy_helper.from_array(value, name) for name, value in stored.items()]
    graph = onnx.helper.make_graph(nodes, "g", [x], [y], weights)
    opsets = [onnx.helper.make_opsetid(*each) for each in (("", 18), ("com.microsoft", 1))]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8), folder / "m.onnx")
    return folder / "m.onnx"


def node(kind: str, inputs: str, output: str = "y", **attributes: Any) -> Node:
    onnx = pytest.importorskip("onnx")
    return onnx.helper.make_node(
        kind, inputs.split(","), [output], name=f"{output}_{kind}", **attributes
    )


def values(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


CONVOLUTION = node("Conv", "x,w", "a")
AWKWARD: dict[str, tuple[list[Node], dict[str, list[int]], dict[str, Any]]] = {
    "factors of a Gemm": (
        [node("Gemm", "x,w,b", alpha=0.5, beta=2.0, transB=1)],
        {"x": [2, 3], "y": [2, 4]},
        {"w": values(4, 3), "b": values(4)},
    ),
    "padding with a value": (
        [node("Pad", "x,p,v")],
        {"x": [1, 2, 3, 4], "y": [1, 2, 6, 5]},
        {"p": np.array([0, 0, 1, 0, 0, 0, 2, 1]), "v": np.array(1.5, np.float32)},
    ),
    "an image flattened": (
        [CONVOLUTION, node("Mul", "a,c", "b"), node("Flatten", "b")],
        {"x": [1, 3, 5, 4], "y": [1, 40]},
        {"w": values(2, 3, 1, 1), "c": values(1, 5, 4)},
    ),
    "axes of an image exchanged": (
        [CONVOLUTION, node("Transpose", "a", "t", perm=[0, 2, 1, 3]), node("Reshape", "t,s")],
        {"x": [1, 3, 5, 4], "y": [1, 5, 8]},
        {"w": values(2, 3, 1, 1), "s": np.array([1, 5, 8])},
    ),
    "one spatial axis": (
        [
            node("Conv", "x,w,b", "a", strides=[2], pads=[1, 1]),
            node("MaxPool", "a", "c", kernel_shape=[2], strides=[2]),
            node("Conv", "c,v", "d", group=4, dilations=[2]),
            node("Flatten", "d"),
        ],
        {"x": [1, 3, 21], "y": [1, 12]},
        {"w": values(4, 3, 3), "b": values(4), "v": values(4, 1, 2)},
    ),
    "one spatial axis, transposed": (
        [node("ConvTranspose", "x,w", strides=[2])],
        {"x": [1, 3, 7], "y": [1, 4, 15]},
        {"w": values(3, 4, 3)},
    ),
    "softmax along rows": (
        [CONVOLUTION, node("Softmax", "a", axis=2)],
        {"x": [1, 3, 5, 4], "y": [1, 2, 5, 4]},
        {"w": values(2, 3, 1, 1)},
    ),
    **{
        f"resizing, {mode}, {rounding}": (
            [
                node(
                    "Resize",
                    "x,,,s",
                    coordinate_transformation_mode=mode,
                    nearest_mode=rounding,
                )
            ],
            {"x": [1, 2, 3, 4], "y": [1, 2, 5, 8]},
            {"s": np.array([1, 2, 5, 8])},
        )
        for mode, rounding in [
            ("half_pixel", "round_prefer_floor"),
            ("asymmetric", "ceil"),
            ("align_corners", "round_prefer_ceil"),
        ]
    },
    **{
        f"interpolation, {mode}": (
            [node("Resize", "x,,s", mode="linear", coordinate_transformation_mode=mode)],
            {"x": [1, 2, 5, 7], "y": [1, 2, 7, 4]},
            {"s": np.array([1, 1, 1.5, 0.6], np.float32)},
        )
        for mode in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")
    },
    **{
        f"blocks, {order}": (
            [node("DepthToSpace", "x", "a", blocksize=2, mode=order), node("Conv", "a,w")],
            {"x": [1, 12, 3, 2], "y": [1, 2, 6, 4]},
            {"w": values(2, 3, 1, 1)},
        )
        for order in ("DCR", "CRD")
    },
    "space in blocks": (
        [node("SpaceToDepth", "x", blocksize=2)],
        {"x": [1, 3, 4, 6], "y": [1, 12, 2, 3]},
        {},
    ),
    "a GELU with a bias": (
        [node("FastGelu", "x,b", domain="com.microsoft")],
        {"x": [3, 4], "y": [3, 4]},
        {"b": values(4)},
    ),
    "a slope of a GELU": (
        [node("QuickGelu", "x", alpha=1.1, domain="com.microsoft")],
        {"x": [3, 4], "y": [3, 4]},
        {},
    ),
    "factors of a SELU": (
        [node("Selu", "x", alpha=1.2, gamma=2.0)],
        {"x": [3, 4], "y": [3, 4]},
        {},
    ),
}


@needs_compiler
@pytest.mark.oracle("onnxruntime")
def test_awkward_operators(tmp_path: Path) -> None:
    import onnxruntime

    programs, wanted, given = [], [], []
    for nodes, shapes, stored_values in AWKWARD.values():
        path = made_model(tmp_path, nodes, shapes, **stored_values)
        programs.append(program_of(path, tmp_path))
        given.append(values(*shapes["x"]))
        session = onnxruntime.InferenceSession(path)
        wanted.append(session.run(None, {"x": given[-1]})[0])
    host = compiled(programs, tmp_path)
    for i, (name, program) in enumerate(zip(AWKWARD, programs, strict=True)):
        data = stored(given[i], program.values[program.inputs[0]].shape)
        made = np.frombuffer(outputs(host, as_bytes([[data]]), i), np.float32)
        answer = stored(wanted[i], program.values[program.outputs[0]].shape)
        np.testing.assert_allclose(made, answer.ravel(), rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ([node("Erf", "x")], r"ERF \(y_Erf\)"),
        ([node("LRN", "x", size=3)], r"LRN \(y_LRN\)"),
        (
            [node("BatchNormalization", "x,w,w,w,w", training_mode=1)],
            r"BatchNormalization \(y_BatchNormalization\): it takes mean and variance",
        ),
        (
            [node("Resize", "x,,s", mode="linear", antialias=1)],
            r"RESIZE_BILINEAR \(y_Resize\): places are counted in a way that is not known",
        ),
        (
            [node("FusedConv", "x,k,w,x", activation="Relu", domain="com.microsoft")],
            r"CONV_2D \(y_FusedConv\): it adds more than a bias",
        ),
        (
            [node("Conv", "x,k,o")],
            r"CONV_2D \(y_Conv\): its bias \(1,\) is not one number for each of 3 channels",
        ),
        (
            [
                node("Flatten", "x", "f"),
                node("Gemm", "f,m", "g", transA=1),
                node("Reshape", "g,r"),
            ],
            r"FULLY_CONNECTED \(g_Gemm\): its data is transposed",
        ),
    ],
)
def test_what_cannot_be_deployed_is_named(nodes: list[Node], said: str, tmp_path: Path) -> None:
    shapes = {"x": [2, 3, 4, 4], "y": [2, 3, 4, 4]}
    stored_values = {
        "w": np.ones(3, np.float32),
        "o": np.ones(1, np.float32),
        "k": values(3, 3, 1, 1),
        "m": values(2, 2),
        "r": np.array([2, 3, 4, 4]),
        "s": np.array([1, 1, 1.2, 1.2], np.float32),
    }
    used = {name for each in nodes for name in each.input}
    stored_values = {name: value for name, value in stored_values.items() if name in used}
    path = made_model(tmp_path, nodes, shapes, **stored_values)
    with pytest.raises(mg.GraphError, match=rf"m\.onnx: cannot be deployed: {said}"):
        mg.deploy(path, tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_headers_say_where_channels_are_last(tmp_path: Path) -> None:
    """Even where all lengths are equal; what no window slides over stays as it is."""
    nodes = [node("Conv", "x,w", "a"), node("Flatten", "a")]
    path = made_model(tmp_path, nodes, {"x": [1, 3, 3, 3], "y": [1, 27]}, w=values(3, 3, 1, 1))
    project = mg.deploy(path, tmp_path / "made")
    header = (tmp_path / "made" / "model.h").read_text()
    words = " ".join(header.replace("*", " ").split())
    assert "Input 0, x: float32[1, 3, 3, 3]. Channels last: [1, 3, 3, 3] in the model." in words
    assert words.count("Channels last") == 1
    ends = json.loads((Path(project.folder) / "report.json").read_text())
    assert [end["channels_last"] for end in (*ends["inputs"], *ends["outputs"])] == [True, False]


@pytest.mark.parametrize("kind", ["Unsqueeze", "Reshape"])
def test_arguments_that_come_while_it_runs_are_refused(kind: str, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    argument = onnx.helper.make_tensor_value_info("n", onnx.TensorProto.INT64, [1])
    x, y = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("x", [2, 3]), ("y", [1, 2, 3] if kind == "Unsqueeze" else [6]))
    )
    graph = onnx.helper.make_graph([node(kind, "x,n")], "g", [x, argument], [y])
    opsets = [onnx.helper.make_opsetid("", 17)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8)
    onnx.save(model, tmp_path / "m.onnx")
    with pytest.raises(mg.GraphError, match=rf"\(y_{kind}\): its arguments are computed while"):
        mg.deploy(tmp_path / "m.onnx", tmp_path / "made")
