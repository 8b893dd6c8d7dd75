"""What an int8 network computes with floats: by TFLM itself, and around what."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.tflite_writer import G, Node, T, tflite_bytes

import mcugraph as mg
from mcugraph.ir import DType, Graph
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.rewrite.floats import FLOAT_ONLY

INVOKE = """
import sys
import numpy as np
from tflite_micro.python.tflite_micro import runtime
interpreter = runtime.Interpreter.from_file(sys.argv[1], arena_size=1 << 16)
interpreter.set_input(np.ones((1, 8), sys.argv[2]), 0)
interpreter.invoke()
"""
INTEGER = ("abs", "elu", "leaky_relu", "relu", "rsqrt", "tanh", "hard_swish")


def runs(name: str, dtype: str, folder: Path) -> bool:
    """Whether TFLM runs one operator on ones of a type."""
    scales = () if dtype == "float32" else (1 / 128,)
    ends = [T(end, (1, 8), dtype, scales=scales) for end in "xy"]
    path = folder / f"{name}.tflite"
    path.write_bytes(tflite_bytes(G(ends, [Node(name.upper(), [0], [1])], [0], [1])))
    command = [sys.executable, "-c", INVOKE, str(path), dtype]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("name", sorted(FLOAT_ONLY))
def test_tflm_has_no_int8_kernel(name: str, tmp_path: Path) -> None:
    assert runs(name, "float32", tmp_path)
    assert not runs(name, "int8", tmp_path)


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("name", INTEGER)
def test_tflm_has_an_int8_kernel(name: str, tmp_path: Path) -> None:
    assert name not in FLOAT_ONLY
    assert runs(name, "int8", tmp_path)


def onnx_graph(nodes: Sequence[Any], folder: Path, outputs: Sequence[str] = ("y",)) -> Graph:
    """Of nodes ``(type, inputs, outputs)`` and attributes; x and y are of eight floats."""
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    made = [helper.make_node(op, ins, outs, **more) for op, ins, outs, more in nodes]
    stored = [helper.make_tensor("two", kind, [], [2.0])]
    ends = [[helper.make_tensor_value_info(n, kind, (1, 8)) for n in s] for s in (["x"], outputs)]
    model = helper.make_model(helper.make_graph(made, "g", *ends, stored))
    path = folder / "net.onnx"
    onnx.save(model, path)
    return mg.load(path)


def form(graph: Graph) -> Graph:
    return counted_forms(graph, "deployed", "int8").runs


def kinds(graph: Graph) -> list[str]:
    return [operator.op.kind for operator in graph.operators]


def test_integers_before_and_after_an_island(tmp_path: Path) -> None:
    graph = form(onnx_graph([("Exp", ["x"], ["y"], {})], tmp_path))
    assert kinds(graph) == ["dequantize", "exp", "quantize"]
    assert [graph.tensors[n].dtype for n in (*graph.inputs, *graph.outputs)] == [DType.INT8] * 2
    assert graph.inputs == ("x",)
    assert graph.outputs == ("y",)
    read = [graph.tensors[op.inputs[0] or ""].dtype for op in graph.operators]
    assert read == [DType.INT8, DType.FLOAT32, DType.FLOAT32]
    # 8 bytes of integers and 32 of floats, and the floats of operand and result.
    assert mg.profile(graph).memory.peak == 64


def test_what_stands_between_floats_stays_floats(tmp_path: Path) -> None:
    nodes = [
        ("Sigmoid", ["x"], ["a"], {}),  # one operand, for a logarithm alone
        ("Log", ["a"], ["b"], {}),
        ("Mul", ["b", "two"], ["c"], {}),  # its constant is floats too
        ("Exp", ["c"], ["d"], {}),
        ("Mul", ["d", "two"], ["y"], {}),  # the same constant as integers
    ]
    graph = form(onnx_graph(nodes, tmp_path))
    assert kinds(graph) == ["dequantize", "sigmoid", "log", "mul", "exp", "quantize", "mul"]
    factors = [graph.tensors[graph.operators[i].inputs[1] or ""] for i in (3, 6)]
    assert [tensor.dtype for tensor in factors] == [DType.FLOAT32, DType.INT8]
    assert mg.profile(graph).flash.weights == 4 + 1


def test_what_others_read_is_converted_once(tmp_path: Path) -> None:
    nodes = [
        ("Exp", ["x"], ["a"], {}),
        ("Sin", ["a"], ["b"], {}),
        ("Tanh", ["a"], ["c"], {}),
        ("Sigmoid", ["a"], ["d"], {}),
        ("Add", ["b", "c"], ["e"], {}),
        ("Add", ["d", "e"], ["y"], {}),
    ]
    found = kinds(form(onnx_graph(nodes, tmp_path)))
    assert found.count("dequantize") == 1
    assert found.count("quantize") == 2  # a, and b


def test_results_are_integers_beside_their_floats(tmp_path: Path) -> None:
    nodes = [("Exp", ["x"], ["a"], {}), ("Log", ["a"], ["y"], {})]
    graph = form(onnx_graph(nodes, tmp_path, ("a", "y")))
    assert kinds(graph) == ["dequantize", "exp", "quantize", "log", "quantize"]
    assert {graph.tensors[name].dtype for name in graph.outputs} == {DType.INT8}


def test_the_paper_knows_no_islands(tmp_path: Path) -> None:
    graph = onnx_graph([("Exp", ["x"], ["y"], {})], tmp_path)
    assert "dequantize" not in kinds(counted_forms(graph, "paper", "int8").runs)


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        (("Elu", {"alpha": 1.0}), ["elu"]),
        (("Elu", {"alpha": 0.5}), ["elu", "leaky_relu"]),
        (("Celu", {"alpha": 0.5}), ["mul", "elu", "mul"]),
        (("Selu", {}), ["elu", "leaky_relu", "mul"]),
        (("Neg", {}), ["mul"]),
    ],
)
def test_activations_of_onnx(node: Any, wanted: list[str], tmp_path: Path) -> None:
    (kind, attributes) = node
    graph = form(onnx_graph([(kind, ["x"], ["y"], attributes)], tmp_path))
    assert kinds(graph) == wanted
