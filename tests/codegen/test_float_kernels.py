"""Kernels of floats against TFLM's own, bit for bit."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from support.deployed import check_equal, needs_compiler
from support.float_operators import LAYERS, SIMPLE, Maker

pytestmark = [
    needs_compiler,
    pytest.mark.oracle("tflite_micro"),
    pytest.mark.oracle("ai_edge_litert"),
]


@pytest.mark.parametrize("maker", LAYERS.values(), ids=LAYERS)
def test_layers_compute_what_tflm_computes(maker: Maker, tmp_path: Path) -> None:
    """Outputs lie over inputs, as far as the lead allows."""
    check_equal([maker(seed) for seed in range(6)], tmp_path, 10)


@pytest.mark.parametrize("makers", SIMPLE.values(), ids=SIMPLE)
def test_functions_compute_what_tflm_computes(makers: Sequence[Maker], tmp_path: Path) -> None:
    check_equal([maker(seed) for seed, maker in enumerate(makers)], tmp_path, 10)
