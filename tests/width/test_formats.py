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
