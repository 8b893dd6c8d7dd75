"""Layers of floats whose weights have eight or four bits: stored so, or made floats of first."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.deployed import (
    as_bytes,
    compiled_all_ways,
    needs_compiler,
    outputs,
    program_of,
    random_inputs,
    tflm_answers,
)
from support.int8_operators import OPERATORS

import mcugraph as mg
from mcugraph.codegen.building import build

pytest.importorskip("ai_edge_litert")

from support.small_weights import in_four_bits, packed, unpacked, with_floats

LAYERS = ("convolution", "depthwise", "fully_connected", "transposed_convolution")
pytestmark = [needs_compiler, pytest.mark.oracle("tflite_micro")]


@pytest.mark.parametrize("name", LAYERS)
def test_weights_stay_small(name: str, tmp_path: Path) -> None:
    maker: Callable[[int], bytes] = OPERATORS[name]
    for seed in range(3):
        stored, before, floats = (
            with_floats(maker(seed), seed, form) for form in ("stored", "before", "floats")
        )
        programs = [program_of(model, tmp_path) for model in (stored, before)]
        first, second = programs
        assert first.arena == second.arena
        assert [step.native for step in first.steps] == [step.native for step in second.steps]
        inputs = random_inputs(first, 3, seed)
        wanted = np.frombuffer(tflm_answers(floats, inputs), "<f4")
        for host in compiled_all_ways(programs, tmp_path).values():
            found = outputs(host, as_bytes(inputs), 0)
            assert found == outputs(host, as_bytes(inputs), 1)
            got = np.frombuffer(found, "<f4")
            assert np.abs(got - wanted).max() <= 1e-5 * np.abs(wanted).max()


@pytest.mark.parametrize("name", ["convolution", "fully_connected"])
def test_four_bits_stay_so(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(in_four_bits(with_floats(OPERATORS[name](1), 1, "stored")))
    programs = [build(mg.load(path), "tflm", 2.0, storage=form) for form in ("cheapest", "dense")]
    halves, whole = (next(step.call for step in each.steps if step.call) for each in programs)
    assert halves.stored is not None
    assert whole.stored is None
    assert halves.stored.form == "int4"
    assert halves.stored.nbytes < 0.6 * halves.stored.dense
    inputs = as_bytes(random_inputs(programs[0], 3, 1))
    for host in compiled_all_ways(programs, tmp_path).values():
        assert outputs(host, inputs, 0) == outputs(host, inputs, 1)


def test_what_is_more_than_scales_is_refused(tmp_path: Path) -> None:
    file = unpacked(with_floats(OPERATORS["fully_connected"](0), 0, "stored"))
    (graph,) = file.subgraphs
    weights = graph.tensors[graph.operators[0].inputs[1]]
    weights.quantization.zeroPoint = [3] * len(weights.quantization.scale)
    with pytest.raises(mg.GraphError, match=r"FULLY_CONNECTED.*its weights have a zero point"):
        program_of(packed(file), tmp_path)
