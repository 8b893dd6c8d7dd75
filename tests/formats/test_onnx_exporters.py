"""Graphs as exporters write them: what they write down without need changes no answer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcugraph as mg

onnx = pytest.importorskip("onnx")
node = onnx.helper.make_node
FLOAT = onnx.TensorProto.FLOAT


def load(
    path: Path,
    nodes: Sequence[Any],
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
    **held: Any,
) -> mg.Graph:
    """A graph from ``x`` to ``y``, whose shapes are given, with some initialisers."""
    ends = [
        onnx.helper.make_tensor_value_info(name, FLOAT, shape)
        for name, shape in zip("xy", shapes, strict=True)
    ]
    stored = [onnx.numpy_helper.from_array(np.asarray(v), name) for name, v in held.items()]
    graph = onnx.helper.make_graph(nodes, "net", ends[:1], ends[1:], stored)
    opsets = [onnx.helper.make_opsetid(*each) for each in (("", 17), ("ai.onnx.ml", 3))]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return mg.load(path)


def floats(*shape: int) -> Any:
    return np.random.default_rng(0).random(shape, np.float32)


def test_parts_are_taken_by_gathers(tmp_path: Path) -> None:
    """PyTorch's attention takes queries, keys and values out of one tensor so."""
    parts = [node("Gather", ["r", f"i{i}"], [f"p{i}"], axis=2) for i in range(3)]
    graph = load(
        tmp_path / "net.onnx",
        [
            node("MatMul", ["x", "a.weight"], ["h"]),
            node("Reshape", ["h", "shape"], ["r"]),
            *parts,
            node("Add", ["p0", "p1"], ["s"]),
            node("Concat", ["s", "p2"], ["c"], axis=-1),
            node("MatMul", ["c", "b.weight"], ["y"]),
        ],
        ((1, 5, 6), (1, 5, 3)),
        **{"a.weight": floats(6, 12), "b.weight": floats(8, 3)},
        shape=np.int64([1, 5, 3, 4]),
        **{f"i{i}": np.int64(i - 3 if i else i) for i in range(3)},
    )
    space = mg.widths(graph)
    layer = space.groups[0].name
    sums = {frozenset({(layer, i), (layer, 4 + i)}) for i in range(4)}
    assert set(space.channel_classes) == sums | {frozenset({(layer, 8 + i)}) for i in range(4)}


def test_a_running_sum_over_time_leaves_channels_alone(tmp_path: Path) -> None:
    graph = load(
        tmp_path / "net.onnx",
        [
            node("MatMul", ["x", "a"], ["h"]),
            node("CumSum", ["h", "axis"], ["c"]),
            node("MatMul", ["c", "b"], ["y"]),
        ],
        ((1, 5, 6), (1, 5, 3)),
        a=floats(6, 4),
        b=floats(4, 3),
        axis=np.int64(1),
    )
    assert [group.width for group in mg.widths(graph).groups] == [4]


@pytest.mark.parametrize("written", [False, True])
def test_zeros_that_a_recurrent_layer_starts_from(written: bool, tmp_path: Path) -> None:
    """PyTorch writes them down, and results that nobody reads."""
    states, results = (["", "h0"], ["s", "last"]) if written else ([], ["s"])
    graph = load(
        tmp_path / "net.onnx",
        [
            node(
                "GRU", ["x", "w", "r", "b", *states], results, hidden_size=4, linear_before_reset=1
            ),
            node("Squeeze", ["s", "one"], ["y"]),
        ],
        ((5, 1, 6), (5, 1, 4)),
        w=floats(1, 12, 6),
        r=floats(1, 12, 4),
        b=floats(1, 24),
        one=np.int64([1]),
        **({"h0": np.zeros((1, 1, 4), np.float32)} if written else {}),
    )
    profile = mg.profile(graph)
    assert profile.model.parameters == 12 * 6 + 12 * 4 + 24
    assert profile.memory.peak == 4 * (5 * 6 + 5 * 4)


def test_features_are_scaled_before_a_network(tmp_path: Path) -> None:
    """scikit-learn's exporter writes operators of a domain of its own."""
    graph = load(
        tmp_path / "net.onnx",
        [
            node("Scaler", ["x"], ["n"], domain="ai.onnx.ml", offset=[0.5] * 6, scale=[2.0] * 6),
            node("MatMul", ["n", "a"], ["h"]),
            node("Add", ["h", "b"], ["y"]),
        ],
        ((1, 6), (1, 3)),
        a=floats(6, 3),
        b=floats(1, 3),
    )
    profile = mg.profile(graph)
    assert profile.complete
    assert profile.macs == 18
