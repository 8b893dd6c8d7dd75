"""Kernels of the runtime against TFLM's own, byte for byte."""

from pathlib import Path

import pytest
from support.deployed import check_equal, needs_compiler
from support.int8_operators import OPERATORS

pytestmark = needs_compiler


SEEDS = range(8)


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("name", OPERATORS)
def test_kernels_compute_what_tflm_computes(name: str, tmp_path: Path) -> None:
    """Outputs lie over inputs, as far as the lead allows."""
    check_equal([OPERATORS[name](seed) for seed in SEEDS], tmp_path, 10)
