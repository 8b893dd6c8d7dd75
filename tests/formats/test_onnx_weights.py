"""Stored tensors: what lies in other files, and what is not as it claims."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcugraph as mg

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"


def network() -> Any:
    """Shapes of a reshape, a split and a fill are stored, one of them by a node: 1,920 MACs."""
    nodes = [
        helper.make_node("Constant", [], ["s"], value=numpy_helper.from_array(np.array([3, 64]))),
        helper.make_node("Reshape", ["x", "s"], ["r"]),
        helper.make_node("MatMul", ["r", "w"], ["h"]),
        helper.make_node("Split", ["h", "sizes"], ["a", "b"], axis=1),
        helper.make_node("Concat", ["b", "a"], ["y"], axis=1),
    ]
    stored = [
        numpy_helper.from_array(np.ones((64, 10), np.float32), "w"),
        numpy_helper.from_array(np.array([4, 6]), "sizes"),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        stored,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.fixture
def split(tmp_path: Path) -> Path:
    """The network with all that it stores in a file of its own."""
    path = tmp_path / "net.onnx"
    onnx.save(
        network(),
        path,
        save_as_external_data=True,
        location="net.data",
        size_threshold=0,
        convert_attribute=True,
    )
    return path


def entry(path: Path, change: Callable[[Any], None]) -> None:
    """Change the stored tensor that a node of the model makes."""
    model = onnx.load(path, load_external_data=False)
    change(model.graph.node[0].attribute[0].t)
    path.write_bytes(model.SerializeToString())


def place(**entries: object) -> Callable[[Any], None]:
    def change(tensor: Any) -> None:
        for key, value in entries.items():
            (found,) = (e for e in tensor.external_data if e.key == key)
            found.value = str(value)

    return change


def test_shapes_beside_the_model_are_read(split: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.onnx"
    onnx.save(network(), whole)
    assert mg.profile(whole).macs == 1920
    found, expected = (mg.profile(path).to_dict() for path in (split, whole))
    assert found["memory"] == expected["memory"]
    assert found["layers"] == expected["layers"]
    assert found["complete"]


def test_from_another_folder_and_a_bare_name(split: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(split.parent)
    assert mg.profile("net.onnx").macs == 1920
    monkeypatch.chdir("/")
    assert mg.profile(os.path.relpath(split)).macs == 1920


def test_a_shape_that_is_missing_is_an_error_that_names_its_file(split: Path) -> None:
    (split.parent / "net.data").unlink()
    with pytest.raises(mg.FormatError, match=r"net.onnx: .* lies in net.data, which is missing"):
        mg.load(split)


def test_a_file_that_is_too_short(split: Path) -> None:
    data = split.parent / "net.data"
    data.write_bytes(data.read_bytes()[:3])
    with pytest.raises(mg.FormatError, match=r"lies in net.data up to byte .* which has 3"):
        mg.load(split)


@pytest.mark.parametrize(
    "location", ["../net.data", "a/../../net.data", "/etc/hostname", "C:\\net.data", "..\\net.data"]
)
def test_outside_the_folder_is_refused(split: Path, location: str) -> None:
    entry(split, place(location=location))
    with pytest.raises(mg.FormatError, match="outside the folder of the model: refused"):
        mg.load(split)


def test_a_link_out_of_the_folder_is_refused(split: Path, tmp_path_factory: Any) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret"
    data = split.parent / "net.data"
    elsewhere.write_bytes(data.read_bytes())
    data.unlink()
    data.symlink_to(elsewhere)
    with pytest.raises(mg.FormatError, match="a link that leads out of the model's folder"):
        mg.load(split)


def test_a_model_that_is_a_link_finds_what_lies_beside_its_target(
    split: Path, tmp_path_factory: Any
) -> None:
    """Caches of downloads hold links to files that lie elsewhere together."""
    links = tmp_path_factory.mktemp("links")
    for name in ("net.onnx", "net.data"):
        (links / name).symlink_to(split.parent / name)
    assert mg.profile(links / "net.onnx").macs == 1920


def test_a_pipe_is_not_read(split: Path) -> None:
    data = split.parent / "net.data"
    data.unlink()
    os.mkfifo(data)
    with pytest.raises(mg.FormatError, match=r"net.data, which is no file"):
        mg.load(split)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"offset": -8}, "a place in net.data that is no number"),
        ({"offset": "x"}, "a place in net.data that is no number"),
        ({"length": 24}, r"shape \(2,\) has 24 bytes in net.data where it takes 16"),
        ({"location": ""}, "lies in another file, but none is named"),
    ],
)
def test_places_that_cannot_be(split: Path, entries: dict[str, object], message: str) -> None:
    entry(split, place(**entries))
    with pytest.raises(mg.FormatError, match=message):
        mg.load(split)


def loaded(tensor: Any, tmp_path: Path) -> mg.Graph:
    graph = helper.make_graph(
        [helper.make_node("Identity", ["w"], ["y"])],
        "one",
        [],
        [helper.make_tensor_value_info("y", tensor.data_type, None)],
        [tensor],
    )
    path = tmp_path / "one.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    return mg.load(path)


TYPES = [
    *(number for number in TensorProto.DataType.values() if number),
]


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("number", TYPES, ids=TensorProto.DataType.Name)
def test_every_type_is_accepted_as_it_is_written(number: int, raw: bool, tmp_path: Path) -> None:
    """An odd count, so that packed types end in part of a byte."""
    if number == TensorProto.STRING:
        tensor = helper.make_tensor("w", number, [3], ["a", "b", "c"])
    else:
        kind = helper.tensor_dtype_to_np_dtype(number)
        tensor = helper.make_tensor("w", number, [3], np.array([1, 0, 1]).astype(kind))
        if raw:
            tensor = numpy_helper.from_array(np.array([1, 0, 1]).astype(kind), "w")
    assert loaded(tensor, tmp_path).tensors["y"].shape == (3,)


def test_more_or_less_than_the_shape_takes(tmp_path: Path) -> None:
    tensor = numpy_helper.from_array(np.ones((4, 4), np.float32), "w")
    tensor.dims[1] = 2**62
    with pytest.raises(mg.FormatError, match=r"tensor 'w' of shape .* has 64 bytes where it takes"):
        loaded(tensor, tmp_path)
    tensor = helper.make_tensor("w", TensorProto.FLOAT16, [3], [1.0, 2.0, 3.0])
    tensor.dims[0] = 2
    with pytest.raises(mg.FormatError, match=r"'w' of shape .* has 3 entries where it takes 2"):
        loaded(tensor, tmp_path)
    tensor.dims[0] = -3
    with pytest.raises(mg.FormatError, match=r"tensor 'w' has the shape \(-3,\)"):
        loaded(tensor, tmp_path)


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not here")
def test_shared_cases() -> None:
    assert mg.profile(CASES / "onnx" / "ext_all.onnx").macs == 1920
    told = {
        "lying_init": "tensor 'w'",
        "neg_init": "tensor 'w'",
        "pad_neg": ".* 'y': tensor",
    }
    told["func_rec"] = "its local function .F. calls itself"
    for name, message in told.items():
        path = CASES / "hostile" / f"{name}.onnx"
        with pytest.raises(mg.FormatError, match=f"{name}.onnx: {message}"):
            mg.load(path)
