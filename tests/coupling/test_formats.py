"""The fixture networks as ONNX and as TFLite files: the same classes, channels last or first."""

from collections import Counter
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.space.space import Space

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "models"
NETWORKS = sorted(path.stem for path in FOLDER.glob("*.onnx"))
# TFLite names a layer by its result, so one that is used twice has two names there.
SHARED = {"siamese"}


def shapes(space: Space) -> Counter[tuple[int, int]]:
    return Counter((entry.width, entry.granularity) for entry in space.groups)


def classes(space: Space) -> set[frozenset[tuple[str, int]]]:
    """The classes, layers by their paths without the names of containers."""

    def short(layer: str) -> str:
        return layer.replace("/", ".").replace(".layers.", ".")

    return {frozenset((short(layer), i) for layer, i in c) for c in space.channel_classes}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("form", ["float", "int8"])
def test_same_classes(network: str, form: str) -> None:
    onnx = mg.widths(mg.load(FOLDER / f"{network}.onnx"))
    tflite = mg.widths(mg.load(FOLDER / f"{network}_{form}.tflite"))
    assert shapes(tflite) == shapes(onnx)
    assert len(tflite.equal) == len(onnx.equal)
    if network not in SHARED:
        assert classes(tflite) == classes(onnx)


@pytest.mark.parametrize("network", NETWORKS)
def test_costs_at_full_width_are_the_profile(network: str) -> None:
    for file, precision in ((".onnx", "int8"), ("_float.tflite", None), ("_int8.tflite", None)):
        graph = mg.load(FOLDER / f"{network}{file}")
        space = mg.widths(graph, precision=precision)
        profile = mg.profile(graph, precision=precision)
        assert space.macs(space.full) == profile.macs
        assert space.size(space.full) == profile.flash.weights + profile.flash.biases
        assert space.peak(space.full) == profile.memory.peak


SHARED_MODELS = Path(__file__).resolve().parents[3] / "shared" / "models"
CONTROL_FLOW = [
    "onnx2tf_If_p2_11.onnx",
    "onnx2tf_Loop_2_16.onnx",
    "litert_call_once_mul.tflite",
    "litert_while_op_with_forwarding_input.tflite",
    "tract_qlstm_3-2-3_T3_S1.onnx",
    "mww_vad.tflite",
    "tfls_test_model_nl_classifier.tflite",
    "tract_linear_regressor.onnx",
]


@pytest.mark.skipif(not SHARED_MODELS.is_dir(), reason="the folder of models is not there")
@pytest.mark.parametrize("name", CONTROL_FLOW)
def test_control_flow_and_strings_count_as_they_stand(name: str) -> None:
    path = next(SHARED_MODELS.rglob(name), None)
    if path is None:
        pytest.skip("this model is not there")
    graph = mg.load(path)
    space, profile = mg.widths(graph), mg.profile(graph)
    assert space.macs(space.full) == profile.macs
    assert space.size(space.full) == profile.flash.weights + profile.flash.biases
    assert space.peak(space.full) == profile.memory.peak


@pytest.mark.skipif(not SHARED_MODELS.is_dir(), reason="the folder of models is not there")
def test_shapes_that_contradict_each_other() -> None:
    path = next(SHARED_MODELS.rglob("litert_dynamic_shapes.tflite"), None)
    if path is None:
        pytest.skip("this model is not there")
    assert mg.widths(mg.load(path)).groups == ()
