"""Quantised ONNX, as ONNX Runtime's own quantiser writes it, is the int8 network behind it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import mcugraph as mg
from mcugraph.ir import DType

quantization = pytest.importorskip("onnxruntime.quantization")

NETWORKS = ["ds_cnn", "tight_arena", "branching"]


@pytest.fixture(scope="module")
def quantised(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A fixture network, quantised statically; each made once."""
    folder = tmp_path_factory.mktemp("quantised")
    models = Path(__file__).resolve().parents[2] / "fixtures" / "models"

    def make(network: str, form: str, activations: str) -> Path:
        path = folder / f"{network}_{form}_{activations}.onnx"
        if not path.exists():
            source = models / f"{network}.onnx"
            graph = mg.load(source)

            class Reader(quantization.CalibrationDataReader):  # type: ignore[misc, name-defined]
                def __init__(self) -> None:
                    chance = np.random.default_rng(0)
                    self.batches: Iterator[Any] = iter(
                        [
                            {
                                name: chance.random(graph.tensors[name].shape, np.float32)
                                for name in graph.inputs
                            }
                        ]
                    )

                def get_next(self) -> Any:
                    return next(self.batches, None)

            folded = folder / f"{network}_folded.onnx"
            quantization.shape_inference.quant_pre_process(source, folded)
            quantization.quantize_static(
                folded,
                path,
                Reader(),
                quant_format=getattr(quantization.QuantFormat, form),
                activation_type=getattr(quantization.QuantType, activations),
                weight_type=quantization.QuantType.QInt8,
            )
        return path

    return make


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("form", ["QDQ", "QOperator"])
@pytest.mark.parametrize(("activations", "dtype"), [("QInt8", DType.INT8), ("QUInt8", DType.UINT8)])
def test_static_quantisation(
    network: str,
    form: str,
    activations: str,
    dtype: DType,
    quantised: Callable[..., Path],
    models: Path,
) -> None:
    graph = mg.load(quantised(network, form, activations))
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


def test_quantisation_parameters_are_flash_of_their_own(
    quantised: Callable[..., Path],
) -> None:
    profile = mg.profile(quantised("tight_arena", "QDQ", "QInt8"))
    assert profile.flash.quantization > 0
    # At least a scale and a zero point for each activation.
    assert profile.flash.quantization >= 5 * profile.model.operators


Make = Callable[..., Path]


@pytest.mark.parametrize("form", ["QDQ", "QOperator"])
def test_deploy_refuses_it_and_says_what_to_do(
    quantised: Callable[..., Path], form: str, tmp_path: Path
) -> None:
    path = quantised("tight_arena", form, "QInt8")
    with pytest.raises(mg.GraphError) as caught:
        mg.deploy(path, tmp_path / "out")
    said = str(caught.value)
    assert said.startswith(f"{path}: cannot be deployed: QuantizeLinear (")
    assert "the model is quantised" in said
    assert "deploy the float model, a .tflite file of int8, or the PyTorch module" in said
    assert not (tmp_path / "out").exists()


def test_deploy_names_an_operator_on_integers_where_nothing_converts(
    onnx_file: Make, tmp_path: Path
) -> None:
    """Inputs and outputs are integers, so no conversion is left."""
    path = qdq_net(onnx_file, relu=False, ends="int8")
    assert [operator.native for operator in mg.load(path).operators] == ["MatMul"]
    with pytest.raises(mg.GraphError, match=r"MatMul \(.*\): the model is quantised"):
        mg.deploy(path, tmp_path / "out")


def qdq_net(onnx_file: Make, relu: bool = True, tap: bool = False, ends: str = "float32") -> Path:
    """Float x -> Q -> DQ -> MatMul(DQ(int8 w)) -> [Relu] -> Q -> DQ -> y, by hand.

    With ``ends="int8"``, from behind the first Q to before the last DQ.
    """
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
    given, made = "x", "y"
    if ends == "int8":
        nodes, given, made, f = nodes[1:-1], "xq", "yq", TensorProto.INT8
    outputs = [helper.make_tensor_value_info(made, f, [1, 8])]
    if tap:
        outputs.append(helper.make_tensor_value_info("h", f, [1, 8]))
    return onnx_file(
        nodes,
        [helper.make_tensor_value_info(given, f, [1, 4])],
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
