"""Operators computed in slices of channels: the same outputs, in less memory."""

from pathlib import Path

import pytest
from support.deployed import (
    as_bytes,
    compiled,
    compiled_all_ways,
    needs_compiler,
    outputs,
    random_inputs,
    tflm_answers,
)

import mcugraph as mg
from mcugraph.codegen.building import build

pytestmark = needs_compiler
SPLIT = ("shufflenet", "efficientnet")


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("name", SPLIT)
def test_slices_compute_what_tflm_computes(name: str, models: Path, tmp_path: Path) -> None:
    model = models / f"{name}_int8.tflite"
    graph = mg.load(model)
    program = build(graph, "tflm", 2.0, split=True)
    assert program.arena < build(graph, "tflm", 2.0).arena
    inputs = random_inputs(program, 5)
    for host in compiled_all_ways([program], tmp_path).values():
        assert outputs(host, as_bytes(inputs)) == tflm_answers(model.read_bytes(), inputs)


def test_slices_of_floats_compute_the_same_bits(models: Path, tmp_path: Path) -> None:
    """Of an ONNX model, whose weights are cut before there is any file."""
    graph = mg.load(models / "shufflenet.onnx")
    whole, split = (build(graph, "tflm", 2.0, split=each) for each in (False, True))
    assert split.arena < whole.arena
    host = compiled([whole, split], tmp_path)
    given = as_bytes(random_inputs(whole, 2))
    assert outputs(host, given, 0) == outputs(host, given, 1)


def test_what_gains_nothing_stays_whole(models: Path) -> None:
    graph = mg.load(models / "ds_cnn_int8.tflite")
    split = build(graph, "tflm", 2.0, split=True)
    assert [step.operator for step in split.steps] == [op.name for op in graph.operators]
