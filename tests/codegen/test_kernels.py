"""Kernels of the runtime against TFLM's own, byte for byte."""

from pathlib import Path

import pytest
from support.deployed import check_equal, needs_compiler
from support.int8_operators import OPERATORS

pytestmark = needs_compiler


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", OPERATORS)
def test_kernels_compute_what_tflm_computes(name: str, seed: int, tmp_path: Path) -> None:
    """The output lies over the input, as far as the lead allows."""
    check_equal(OPERATORS[name](seed), tmp_path, 10, seed)
