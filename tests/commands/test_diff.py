"""``mcugraph diff``: figures of two models, and the operators that differ."""

import json
from pathlib import Path

from support.commands import Capture, run

import mcugraph as mg


def test_a_model_does_not_differ_from_itself(models: Path, capsys: Capture) -> None:
    model = models / "resnet_int8.tflite"
    text = run(capsys, "diff", model, model)
    assert "operator " not in text
    assert all(line.endswith("=") for line in text.splitlines()[2:])
    found = json.loads(run(capsys, "diff", model, model, "--json"))
    assert found["layers"] == []
    assert all(pair["a"] == pair["b"] for pair in found["figures"].values())


def test_float_and_int8(models: Path, capsys: Capture) -> None:
    paths = [models / f"resnet_{kind}.tflite" for kind in ("float", "int8")]
    before, after = map(mg.profile, paths)
    found = json.loads(run(capsys, "diff", *paths, "--json"))
    assert found["figures"]["peak"] == {"a": before.memory.peak, "b": after.memory.peak}
    assert found["figures"]["weights"] == {"a": before.flash.weights, "b": after.flash.weights}
    assert found["figures"]["macs"]["a"] == found["figures"]["macs"]["b"] == before.macs
    first = {layer.name: layer for layer in before.layers}
    second = {layer.name: layer for layer in after.layers}
    for layer in found["layers"]:
        for side, layers in (("a", first), ("b", second)):
            if layer[side] is None:
                assert layer["name"] not in layers
            else:
                assert layer[side]["weights"] == layers[layer["name"]].weights
    text = run(capsys, "diff", *paths)
    change = after.memory.peak - before.memory.peak
    (row,) = [line for line in text.splitlines() if line.startswith("peak, best order ")]
    assert row.endswith(f"{change:+,} ({change / before.memory.peak:+.1%})")
