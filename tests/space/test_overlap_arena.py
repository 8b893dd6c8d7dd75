"""The arena with overlaps as a function of the widths, against slimmed networks and differences."""

from typing import Any

import numpy as np
import pytest
from support.awkward_networks import volumes

import mcugraph as mg
from mcugraph.slimming.slimmer import slim
from mcugraph.space.budgets import Budgets

NAMES = [
    "grouped",
    "pyramid",
    "unet",
    "shuffled",
    "split_add",
    "fixtures/tight_arena",
    "fixtures/mobilenet_v2",
    "resnet18",
]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_that_of_the_slimmed_network(name: str, case: Any) -> None:
    found = case(name)
    space = found.costs["deployed", "int8"]
    keep = found.random_keep(7)
    widths = np.array([len(keep[group.name]) for group in space.groups])
    small = mg.from_torch(slim(found.model, keep, found.inputs, space=found.space), found.inputs)
    assert space.overlap_arena(widths) == mg.profile(small, precision="int8").memory.overlap_arena
    assert space.overlap_arena(space.full) <= space.arena(space.full)
    other = mg.profile(small, precision="int8", kernels="cmsis-nn").memory.overlap_arena
    assert space.overlap_arena_with("cmsis-nn")(widths) == other


@pytest.mark.parametrize("name", ["resnet18", "pyramid", "fixtures/mobilenet_v2"])
def test_the_arena_grows_as_its_gradient_says(name: str, case: Any) -> None:
    """Along the line through the origin, but for rounding: of smaller networks that is too much."""
    space = case(name).costs["deployed", "int8"]
    arena = space.overlap_arena
    full = space.full.astype(float)
    slope = float(arena.gradient(full) @ full)
    smaller = space.round(0.5 * full)
    assert slope > 0
    ratio = (arena(space.full) - arena(smaller)) / float(arena.gradient(full) @ (full - smaller))
    assert 0.3 < ratio < 1.5


def test_a_budget(case: Any) -> None:
    space = case("fixtures/mobilenet_v2").costs["deployed", "int8"]
    most = round(space.overlap_arena(space.full))
    budgets = Budgets(space, {"overlap_arena": most - 1, "macs": 10**9})
    assert budgets.at(space.full)["overlap_arena"] == most
    assert budgets.unmet(space.full) == ("overlap_arena",)
    pull = budgets.pull(space.full, np.random.default_rng(0), "random")
    assert pull.gradient.max() > 0


def test_what_is_not_known_says_why(case: Any) -> None:
    with pytest.raises(mg.UsageError, match="TFLM's arena of this model is not known"):
        _ = mg.widths(mg.from_torch(*volumes()), precision="int8").overlap_arena
    with pytest.raises(mg.UsageError, match="unknown kernels"):
        case("resnet18").space.overlap_arena_with("nothing")
