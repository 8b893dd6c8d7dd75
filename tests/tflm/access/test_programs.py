"""What the operators of whole programs allow: nodes that look the same are asked only once."""

from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.tflm.kernels.access import RULES, Access, overlaps
from mcugraph.tflm.loaded import program_of

MODELS = Path(__file__).resolve().parents[3] / "fixtures" / "models"


@pytest.mark.parametrize("kernels", sorted(RULES))
@pytest.mark.parametrize("path", sorted(MODELS.iterdir()), ids=lambda path: path.name)
def test_nodes_that_look_the_same_allow_the_same(path: Path, kernels: str) -> None:
    program, _ = program_of(counted_forms(mg.load(path), "deployed").runs)
    assert program is not None
    access = Access(kernels)
    for node in program.nodes.values():
        assert access.of(node) == overlaps(node, kernels)
