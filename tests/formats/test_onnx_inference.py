"""What no rule tells is asked of ONNX's shape inference, which is kept within bounds."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import mcugraph as mg


def loaded(tmp_path: Path, nodes: list[onnx.NodeProto], *initializers: TensorProto) -> mg.Graph:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", 1, [2, 3])],
        [helper.make_empty_tensor_value_info("y")],
        list(initializers),
    )
    path = tmp_path / "m.onnx"
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    path.write_bytes(helper.make_model(graph, opset_imports=opsets).SerializeToString())
    return mg.load(path)


def test_values_that_are_known_are_told_to_it(tmp_path: Path) -> None:
    length = numpy_helper.from_array(np.array(8), "n")
    nodes = [helper.make_node("HannWindow", ["n"], ["y"])]
    assert loaded(tmp_path, nodes, length).tensors["y"].shape == (8,)


def test_what_it_tells_in_part_is_told_to_it_again(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("NonZero", ["x"], ["found"]),  # (2, ?)
        helper.make_node("Cast", ["found"], ["one"], to=1),
        helper.make_node("Own", ["x"], ["w"], domain="mine"),
        helper.make_node("Shape", ["one"], ["y"]),
    ]
    assert loaded(tmp_path, nodes).tensors["y"].shape == (2,)


def test_a_value_that_doubles_with_every_operator(tmp_path: Path) -> None:
    """Over the whole model it would make a shape of 2**40 axes."""
    nodes = [
        helper.make_node("Concat", [name, name], [f"s{i}"], axis=0)
        for i, name in enumerate(["one", *(f"s{i}" for i in range(39))])
    ]
    nodes += [
        helper.make_node("Own", ["x"], ["t"], domain="mine"),
        helper.make_node("Reshape", ["t", "s39"], ["y"]),
    ]
    one = numpy_helper.from_array(np.array([1]), "one")
    assert loaded(tmp_path, nodes, one).tensors["y"].shape is None


def test_bodies_in_bodies_are_not_its_matter(tmp_path: Path) -> None:
    inner = helper.make_node("Identity", ["x"], ["b"])
    for i in range(20):
        value = helper.make_empty_tensor_value_info(inner.output[0])
        body = helper.make_graph([inner], f"body{i}", [], [value])
        inner = helper.make_node("SequenceMap", ["x"], [f"o{i}"], body=body)
    nodes = [inner, helper.make_node("Identity", ["o19"], ["y"])]
    assert loaded(tmp_path, nodes).tensors["o19"].shape is None


def test_metadata_that_are_damaged(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("SequenceConstruct", ["x"], ["q"]),
        helper.make_node("SequenceAt", ["q", "i"], ["y"], name="n"),
    ]
    nodes[1].metadata_props.add(key="plain", value="text")
    index = numpy_helper.from_array(np.array(7), "i")
    loaded(tmp_path, nodes, index)
    path = tmp_path / "m.onnx"
    path.write_bytes(path.read_bytes().replace(b"\x05plain", b"\x7fplain"))
    with pytest.raises(mg.FormatError, match=r"m.onnx: .*'n' \(SequenceAt\): its metadata are dam"):
        mg.load(path)
