"""The arena as a function of the widths, against slimmed networks."""

from typing import Any

import numpy as np
import pytest
from support.awkward_networks import volumes
from support.loading import GROUPS

import mcugraph as mg
from mcugraph.slimming.slimmer import slim

OWN = ["grouped", "shared", "pixel_shuffle", "pyramid", "unet", "shuffled", "heads_fused"]
FIXTURES = ["branching", "tight_arena", "densenet", "siamese", "autoencoder", "mobilenet_v2"]


@pytest.mark.parametrize("name", [*GROUPS, *OWN, *(f"fixtures/{name}" for name in FIXTURES)])
def test_the_arena_is_that_of_the_slimmed_network(name: str, case: Any) -> None:
    found = case(name)
    space = found.costs["deployed", "int8"]
    keep = found.random_keep(7)
    widths = np.array([len(keep[group.name]) for group in space.groups])
    small = mg.from_torch(slim(found.model, keep, found.inputs, space=found.space), found.inputs)
    assert space.arena(widths) == mg.profile(small, precision="int8").memory.tflm_arena
    whole = mg.profile(space.graph, precision="int8").memory
    assert space.arena(space.full) == whole.tflm_arena
    np.testing.assert_array_equal(space.arena.gradient(widths), space.peak.gradient(widths))


def test_an_arena_that_is_not_known_says_why(case: Any) -> None:
    with pytest.raises(mg.UsageError, match="TFLM's arena of this model is not known"):
        _ = mg.widths(mg.from_torch(*volumes()), precision="int8").arena
    with pytest.raises(mg.UsageError, match="the arena has no formula"):
        case("resnet18").space.arena.sympy()
