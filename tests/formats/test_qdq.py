"""Quantised ONNX, as ONNX Runtime's own quantiser writes it, is the int8 network behind it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from support.quantised_onnx import statically

import mcugraph as mg
from mcugraph.ir import DType

pytest.importorskip("onnxruntime.quantization")

NETWORKS = ["ds_cnn", "tight_arena", "branching"]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("form", ["QDQ", "QOperator"])
@pytest.mark.parametrize(("activations", "dtype"), [("QInt8", DType.INT8), ("QUInt8", DType.UINT8)])
def test_static_quantisation(
    network: str,
    form: str,
    activations: str,
    dtype: DType,
    models: Path,
) -> None:
    graph = mg.load(statically(network, form, activations))
    plain = mg.profile(models / f"{network}.onnx", precision="int8")
    profile = mg.profile(graph)
    assert profile.complete
    assert profile.macs == plain.macs
    kinds = [operator.native for operator in graph.operators]
    # What enters and leaves the file is float; everything between runs on integers.
    assert kinds.count("QuantizeLinear") == 1
    assert kinds.count("DequantizeLinear") == 1
    assert kinds[0] == "QuantizeLinear"
    assert kinds[-1] == "DequantizeLinear"
    inside = [name for operator in graph.operators[:-1] for name in operator.outputs]
    assert {graph.tensors[name].dtype for name in inside} == {dtype}
    # Weights of one byte, biases of four.
    assert profile.flash.weights == plain.flash.weights
    assert profile.flash.biases == plain.flash.biases
    # The network alone: without the conversions at its ends, the int8 network's peak.
    layers = [layer for layer in profile.layers if "quantize" not in layer.kind]
    assert max(layer.live_bytes for layer in layers) == plain.memory.file_order_peak
    ends = [layer for layer in profile.layers if "quantize" in layer.kind]
    if max(layer.live_bytes for layer in ends) <= plain.memory.peak:
        assert profile.memory.peak == plain.memory.peak


def test_quantisation_parameters_are_flash_of_their_own() -> None:
    profile = mg.profile(statically("tight_arena", "QDQ", "QInt8"))
    assert profile.flash.quantization > 0
    # At least a scale and a zero point for each activation.
    assert profile.flash.quantization >= 5 * profile.model.operators


Make = Callable[..., Path]


def qdq_net(onnx_file: Make, relu: bool = True, tap: bool = False) -> Path:
    """Float x -> Q -> DQ -> MatMul(DQ(int8 w)) -> [Relu] -> Q -> DQ -> y, by hand."""
    f, node = TensorProto.FLOAT, helper.make_node
    result = "r" if relu else "h"
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["xq"]),
        node("DequantizeLinear", ["xq", "s", "z"], ["xf"]),
        node("DequantizeLinear", ["w", "s", "z"], ["wf"]),
        node("MatMul", ["xf", "wf"], ["h"]),
        *([node("Relu", ["h"], ["r"])] if relu else []),
        node("QuantizeLinear", [result, "s", "z"], ["yq"]),
        node("DequantizeLinear", ["yq", "s", "z"], ["y"]),
    ]
    outputs = [helper.make_tensor_value_info("y", f, [1, 8])]
    if tap:
        outputs.append(helper.make_tensor_value_info("h", f, [1, 8]))
    return onnx_file(
        nodes,
        [helper.make_tensor_value_info("x", f, [1, 4])],
        outputs,
        [
            numpy_helper.from_array(np.array(0.5, np.float32), "s"),
            numpy_helper.from_array(np.array(0, np.int8), "z"),
            numpy_helper.from_array(np.zeros((4, 8), np.int8), "w"),
        ],
    )


def test_a_region_by_hand(onnx_file: Make) -> None:
    graph = mg.load(qdq_net(onnx_file))
    assert [op.native for op in graph.operators] == [
        *("QuantizeLinear", "MatMul", "Relu", "DequantizeLinear")
    ]
    types = {name: tensor.dtype for name, tensor in graph.tensors.items()}
    weight = str(graph.operators[1].inputs[1])
    assert types["xq"] is types[weight] is types["yq"] is types["h"] is DType.INT8
    assert types["x"] is types["y"] is DType.FLOAT32
    profile = mg.profile(graph)
    assert profile.flash.weights == 32
    assert profile.macs == 32
    # x and xq; then xq and the fused result; then that and y.
    assert [layer.live_bytes for layer in profile.layers] == [16 + 4, 4 + 8, 8 + 32]


def test_a_float_result_keeps_its_region_float(onnx_file: Make) -> None:
    """Where a float value inside is read from outside, the conversions are real."""
    graph = mg.load(qdq_net(onnx_file, tap=True))
    assert graph.tensors["h"].dtype is DType.FLOAT32
    kinds = [op.native for op in graph.operators]
    assert kinds.count("QuantizeLinear") == 2
    assert kinds.count("DequantizeLinear") == 2
    profile = mg.profile(graph)
    assert profile.flash.weights == 32  # stored as int8 all the same
    assert profile.macs == 32


def test_scales_and_zero_points_are_those_of_the_file(onnx_file: Make) -> None:
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "s", "z"], ["wf"], axis=0),
        helper.make_node("Transpose", ["wf"], ["turned"], perm=[1, 0]),
        helper.make_node("Reshape", ["turned", "shape"], ["weights"]),
        helper.make_node("Mul", ["x", "weights"], ["y"]),
    ]
    scales, zeros = np.array([0.5, 0.25], np.float32), np.array([3, -4], np.int8)
    stored = np.arange(6, dtype=np.int8).reshape(2, 3)
    path = onnx_file(
        nodes,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3, 1, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [3, 1, 2])],
        [
            numpy_helper.from_array(value, name)
            for name, value in [
                *(("w", stored), ("s", scales), ("z", zeros)),
                ("shape", np.array([3, 1, 2])),
            ]
        ],
    )
    tensor = mg.load(path).tensors["weights"]
    assert tensor.constant is not None
    assert tensor.quantization is not None
    np.testing.assert_array_equal(tensor.quantization.values()[0], scales)
    np.testing.assert_array_equal(tensor.quantization.values()[1], zeros)
    integers = tensor.constant.array()
    np.testing.assert_array_equal(integers, stored.T.reshape(3, 1, 2))
    wanted = ((stored.astype(int) - zeros[:, None]) * scales[:, None]).T.reshape(3, 1, 2)
    np.testing.assert_array_equal(tensor.quantization.real(integers), wanted)
