"""TFLite and ONNX models made by hand, field by field."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.tflite_writer import G, Node, T, tflite_bytes

import mcugraph as mg


class Tflite:
    """What the tests build files from."""

    T = T
    O = Node  # noqa: E741 - one letter each, since tests are full of them
    G = G

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, *graphs: G, buffers: Sequence[bytes] = ()) -> Path:
        path = self.folder / "made.tflite"
        path.write_bytes(tflite_bytes(*graphs, buffers=buffers))
        return path

    def load(self, *graphs: G, buffers: Sequence[bytes] = (), **more: Any) -> mg.Graph:
        return mg.load(self.write(*graphs, buffers=buffers), **more)

    def profile(self, *graphs: G, buffers: Sequence[bytes] = (), **more: Any) -> mg.Profile:
        return mg.profile(self.load(*graphs, buffers=buffers), **more)


@pytest.fixture
def tflite(tmp_path: Path) -> Tflite:
    """Makes TFLite files."""
    return Tflite(tmp_path)


@pytest.fixture
def onnx_file(tmp_path: Path) -> Callable[..., Path]:
    """Makes an ONNX file of nodes, value infos and initialisers."""
    from onnx import helper

    def write(
        nodes: Sequence[Any],
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        initializers: Sequence[Any] = (),
        opset: int = 18,
        name: str = "made.onnx",
        **more: Any,
    ) -> Path:
        graph = helper.make_graph(nodes, "made", inputs, outputs, initializers)
        opsets = [helper.make_opsetid("", opset), *more.pop("opsets", ())]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=9, **more)
        path = tmp_path / name
        path.write_bytes(model.SerializeToString())
        return path

    return write
