"""GELUs as exporters to ONNX write them, against the operator itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcugraph as mg

onnx = pytest.importorskip("onnx")
helper = onnx.helper


class Writer:
    """The nodes of a network, one after the other."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.numbers: list[Any] = []

    def __call__(self, kind: str, *operands: Any) -> str:
        names = [x if isinstance(x, str) else self.number(x) for x in operands]
        self.nodes.append(helper.make_node(kind, names, [f"{kind}_{len(self.nodes)}"]))
        return str(self.nodes[-1].output[0])

    def number(self, value: Any) -> str:
        name = f"number_{len(self.numbers)}"
        self.numbers.append(onnx.numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name


def tanh_of_cubic(w: Writer, x: str, cube: str) -> str:
    return w("Tanh", w("Mul", w("Add", x, w("Mul", cube, 0.044715)), 0.7978845608))


WRITTEN: dict[str, Callable[[Writer, str], str]] = {
    "pytorch": lambda w, x: w(
        "Mul", w("Mul", x, w("Add", w("Erf", w("Div", x, 1.4142135)), 1.0)), 0.5
    ),
    "half_first": lambda w, x: w(
        "Mul", w("Mul", 0.5, x), w("Add", 1.0, w("Erf", w("Mul", x, 0.70710677)))
    ),
    "tensorflow": lambda w, x: w(
        "Mul", x, w("Mul", w("Add", w("Erf", w("Mul", x, 0.70710677)), 1.0), 0.5)
    ),
    "tanh": lambda w, x: w(
        "Mul",
        w("Mul", x, 0.5),
        w("Add", tanh_of_cubic(w, x, w("Mul", x, w("Mul", x, x))), 1.0),
    ),
    "tanh_of_power": lambda w, x: w(
        "Mul", w("Mul", x, w("Add", tanh_of_cubic(w, x, w("Pow", x, 3.0)), 1.0)), 0.5
    ),
}
OTHERS: dict[str, Callable[[Writer, str], str]] = {
    "another_scale": lambda w, x: w(
        "Mul", w("Mul", x, w("Add", w("Erf", w("Div", x, 1.2)), 1.0)), 0.5
    ),
    "read_elsewhere": lambda w, x: w(
        "Add",
        (erf := w("Erf", w("Div", x, 1.4142135))),
        w("Mul", w("Mul", x, w("Add", erf, 1.0)), 0.5),
    ),
    "more_axes": lambda w, x: w(
        "Flatten",
        w(
            "Mul",
            w("Mul", x, w("Add", w("Erf", w("Div", x, 1.4142135)), 1.0)),
            np.full([1] * 3, 0.5),
        ),
    ),
    "root": lambda w, x: w("Div", w("Mul", x, w("Erf", w("Pow", x, 0.5))), 0.0),
}


def load(write: Callable[[Writer, str], str], path: Path) -> mg.Graph:
    """A network of two layers with a function between them."""
    writer = Writer()
    shapes = {"a": (8, 6), "b": (4, 8)}
    held = [
        onnx.numpy_helper.from_array(np.ones(shape, np.float32), name)
        for name, shape in shapes.items()
    ]
    first = helper.make_node("Gemm", ["x", "a"], ["first"], transB=1)
    between = write(writer, "first")
    last = helper.make_node("Gemm", [between, "b"], ["y"], transB=1)
    ends = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("x", (1, 6)), ("y", (1, 4)))
    ]
    nodes = [first, *writer.nodes, last]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], [*held, *writer.numbers])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return mg.load(path)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_gelu_is_one_however_it_is_written(name: str, tmp_path: Path) -> None:
    written = mg.profile(load(WRITTEN[name], tmp_path / "a.onnx"))
    own = mg.profile(load(lambda w, x: w("Gelu", x), tmp_path / "b.onnx"))
    for figure in ("peak", "planned_arena", "tflm_arena", "tflm_total"):
        assert getattr(written.memory, figure) == getattr(own.memory, figure)
    assert [layer.kind for layer in written.layers] == [layer.kind for layer in own.layers]
    assert written.model.parameters == own.model.parameters
    assert not written.tflm_refusals


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_gelu_stays(name: str, tmp_path: Path) -> None:
    profile = mg.profile(load(OTHERS[name], tmp_path / "a.onnx"))
    assert "erf" in {layer.kind for layer in profile.layers}
