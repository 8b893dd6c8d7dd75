"""Labels that meet the same ones again say nothing new, however often they come."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.coupling import propagate
from mcugraph.coupling.unions import Unions
from mcugraph.ir import Tensor
from mcugraph.space.symbolic import Shapes

onnx = pytest.importorskip("onnx")
helper, numpy_helper, FLOAT = onnx.helper, onnx.numpy_helper, onnx.TensorProto.FLOAT


def network(path: Path, operands: list[str]) -> mg.Graph:
    value = helper.make_tensor_value_info
    weights = np.zeros((4, 3, 1, 1), np.float32)
    nodes = [
        *(helper.make_node("Conv", ["x", f"w{name}"], [name]) for name in "ab"),
        helper.make_node("Sum", operands, ["s"]),
        helper.make_node("Conv", ["s", "last"], ["y"]),
    ]
    constants = {"wa": weights, "wb": weights, "last": np.zeros((2, 4, 1, 1), np.float32)}
    graph = helper.make_graph(
        nodes,
        "net",
        [value("x", FLOAT, [1, 3, 5, 5])],
        [value("y", FLOAT, [1, 2, 5, 5])],
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return mg.load(path)


def classes(path: Path, operands: list[str]) -> list[tuple[Any, ...]]:
    groups = mg.widths(network(path, operands)).groups
    return [(g.name, g.width, g.members, g.classes) for g in groups]


def test_a_sum_of_the_same_tensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    unite = Unions.unite

    def counted(self: Unions, first: Any, second: Any) -> None:
        nonlocal asked
        asked += 1
        unite(self, first, second)

    monkeypatch.setattr(Unions, "unite", counted)
    once, few = classes(tmp_path / "once.onnx", ["a", "b"]), asked
    often = classes(tmp_path / "often.onnx", ["a", "b"] * 500)
    assert often == once
    assert asked == 2 * few


def test_a_tensor_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    length, plane = Shapes._length, propagate.plane

    def counted(self: Shapes, tensor: Tensor, axis: int, at: int) -> Any:
        nonlocal asked
        asked += 1
        return length(self, tensor, axis, at)

    def looked(labels: Any, number: int) -> Any:
        nonlocal asked
        asked += 1
        return plane(labels, number)

    monkeypatch.setattr(Shapes, "_length", counted)
    monkeypatch.setattr(propagate, "plane", looked)

    def work(often: int) -> tuple[int, str]:
        nonlocal asked
        asked = 0
        space = mg.widths(network(tmp_path / "net.onnx", ["a", "b"] * often))
        return asked, f"{space.macs.sympy()} {space.size.sympy()} {space.peak(space.full)}"

    few, costs = work(1)
    assert work(100) == (few, costs)
