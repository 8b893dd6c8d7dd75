"""Kernels of the runtime against TFLM's own, byte for byte."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import int8_layers
from support.deployed import check_equal, needs_compiler, program_of
from support.further_operators import FURTHER
from support.int8_layers import remembered
from support.int8_operators import OPERATORS
from support.int16_operators import OPERATORS_16
from support.one_operator import one_operator, stored, values
from support.tflite_writer import T

import mcugraph as mg

pytestmark = needs_compiler


SEEDS = range(8)
MAKERS = {**OPERATORS, **FURTHER, **OPERATORS_16}
# Those of which LiteRT takes all that the seeds make.
ROUNDED_ONCE = [
    *("fully_connected", "pool", "softmax", "mean", "mean_apart", "addition", "multiplication"),
    *("requantisation", "sigmoid", "hyperbolic", "rectified", "interpolation"),
    *("product", "sloped", "tabulated"),
]


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("name", MAKERS)
def test_kernels_compute_what_tflm_computes(name: str, tmp_path: Path) -> None:
    """Outputs lie over inputs, as far as the lead allows."""
    check_equal([MAKERS[name](seed) for seed in SEEDS], tmp_path, 10)


@pytest.mark.oracle("tflite_micro")
def test_sums_wrap_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By biases that are as large as can be; under the sanitizers, as all is here."""

    def extreme(random: np.random.Generator, count: int, scale: float, dtype: str) -> T:
        limits = np.iinfo(dtype)
        near = [limits.min, limits.max, limits.min + 30_000, limits.max - 30_000]
        data = random.choice(near, count).astype(dtype)
        return T("", (count,), dtype, data=data.tobytes(), scales=(scale,))

    monkeypatch.setattr(int8_layers, "_bias", extreme)
    layers = ("convolution", "depthwise", "fully_connected", "transposed_convolution")
    sparse = ("sparse_convolution", "sparse_fully_connected")
    check_equal([OPERATORS[n](seed) for n in (*layers, *sparse) for seed in range(4)], tmp_path, 6)


@pytest.mark.oracle("ai_edge_litert")
@pytest.mark.parametrize("name", ROUNDED_ONCE)
def test_kernels_that_round_once_compute_what_litert_computes(name: str, tmp_path: Path) -> None:
    check_equal([MAKERS[name](seed) for seed in SEEDS], tmp_path, 10, "litert")


@pytest.mark.parametrize("zero_point", [5, -128])
def test_weights_with_a_zero_point_are_refused_as_that(zero_point: int, tmp_path: Path) -> None:
    """Not by their types, which the kernel of floats has something against."""
    weights = replace(stored("int8", 3, 4), scales=(0.5,), zero_point=zero_point)
    for name, inputs, outputs in (
        ("FULLY_CONNECTED", [values("int8", 2, 4), weights], [values("int8", 2, 3)]),
        (
            "CONV_2D",
            [values("int8", 1, 2, 2, 4), replace(weights, shape=(3, 1, 1, 4))],
            [values("int8", 1, 2, 2, 3)],
        ),
    ):
        options = {1: ("i32", 1), 2: ("i32", 1)} if name == "CONV_2D" else {}
        union = "Conv2DOptions" if options else "FullyConnectedOptions"
        with pytest.raises(mg.GraphError, match=f"{name} .*weights have the zero point"):
            program_of(one_operator(name, inputs, outputs, union, options), tmp_path)


@pytest.mark.parametrize(
    ("model", "rounding", "said"),
    [
        (remembered(0), "litert", "not as LiteRT"),
        (remembered(0, cell_scale=0.0003), "tflm", "no power of two"),
        (remembered(0, activation=1), "tflm", "activated by relu"),
    ],
    ids=["rounding", "cells", "activation"],
)
def test_what_no_kernel_of_an_lstm_computes_is_refused(
    model: bytes, rounding: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(mg.GraphError, match=rf"UNIDIRECTIONAL_SEQUENCE_LSTM \(.*\): .*{said}"):
        program_of(model, tmp_path, rounding)
