"""Rewritten ONNX files: nodes change places as bytes."""

import random
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import mcugraph as mg
from mcugraph.formats.onnx.writer import external_files, node_order, rewritten


@pytest.mark.parametrize("name", ["branching", "resnet", "unet"])
def test_nodes_move_as_bytes(models: Path, name: str) -> None:
    data = (models / f"{name}.onnx").read_bytes()
    model = onnx.load_from_string(data)
    count = len(model.graph.node)
    assert rewritten(name, data, range(count)) == data
    order = list(range(count))
    random.Random(1).shuffle(order)
    result = rewritten(name, data, order)
    assert len(result) == len(data)
    nodes = [model.graph.node[i] for i in order]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    assert onnx.load_from_string(result) == model


def test_faults(models: Path) -> None:
    data = (models / "unet.onnx").read_bytes()
    with pytest.raises(mg.FormatError, match="every one of its"):
        rewritten("f", data, [0])
    with pytest.raises(mg.FormatError, match="damaged"):
        rewritten("f", data[:-100], [0])
    with pytest.raises(mg.FormatError, match="found 0"):
        rewritten("f", b"", [])


def graph(*nodes: onnx.NodeProto) -> onnx.GraphProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])
    return helper.make_graph(list(nodes), "g", [x], [])


def test_order_follows_what_is_wanted() -> None:
    given = graph(
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Relu", ["x"], ["b"]),
        helper.make_node("Relu", ["b"], ["c"]),
        helper.make_node("Add", ["a", "c"], ["d"]),
    )
    assert node_order(given, ["c", "a", "d"]) == [1, 2, 0, 3]
    assert node_order(given, ["d", "unknown"]) == [0, 1, 2, 3]
    assert node_order(given, []) == [0, 1, 2, 3]
    assert node_order(given, ["c"]) == [1, 2, 0, 3]


def test_what_a_body_reads_comes_before_it() -> None:
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])
    body = helper.make_graph([helper.make_node("Relu", ["b"], ["y"])], "body", [], [out])
    given = graph(
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Relu", ["x"], ["b"]),
        helper.make_node("If", ["a"], ["z"], then_branch=body, else_branch=body),
    )
    assert node_order(given, ["z"]) == [0, 1, 2]


def test_random_and_foreign_nodes_keep_their_order() -> None:
    given = graph(
        helper.make_node("RandomNormalLike", ["x"], ["a"]),
        helper.make_node("RandomNormalLike", ["x"], ["b"]),
        helper.make_node("Tick", [], ["c"], domain="mine"),
    )
    assert node_order(given, ["c", "b", "a"]) == [0, 1, 2]


def test_external_files() -> None:
    given = graph(helper.make_node("Relu", ["x"], ["a"]))
    given.initializer.append(numpy_helper.from_array(np.zeros(2, np.float32), "w"))
    assert not external_files(given)
    given.initializer[0].data_location = TensorProto.EXTERNAL
    assert external_files(given)
    made = graph(helper.make_node("Constant", [], ["a"], value=given.initializer[0]))
    assert external_files(made)
