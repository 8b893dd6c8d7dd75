"""Channel classes against those worked out apart from this library, from both front-ends."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import mcugraph as mg
from mcugraph.ir import Graph

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "groups"
NETWORKS = sorted(path.stem for path in FOLDER.glob("*.json"))


def expected(name: str) -> tuple[set[frozenset[tuple[str, int]]], set[str]]:
    """The channel classes, and the layers whose channels have to stay."""
    data = json.loads((FOLDER / f"{name}.json").read_text())
    classes = {frozenset((layer, index) for layer, index in c) for c in data["class_members"]}
    return classes, set(data["unprunable"])


def check(graph: Graph, name: str) -> None:
    space = mg.widths(graph)
    classes, unprunable = expected(name)
    assert len(space.channel_classes) == len(classes)
    assert set(space.channel_classes) == classes
    assert set(space.refused) == unprunable
    assert all(space.refused.values())
    assert space.full.sum() == len(classes)
    for entry in space.groups:
        assert entry.width == len(entry.classes)


def test_there_are_fourteen() -> None:
    assert len(NETWORKS) == 14


@pytest.mark.parametrize("name", NETWORKS)
def test_from_torch(name: str, group_models: ModuleType) -> None:
    model, inputs = group_models.build(name)
    check(mg.from_torch(model, inputs), name)


@pytest.mark.parametrize("name", NETWORKS)
def test_from_onnx(name: str, group_models: ModuleType, to_onnx: Callable[..., Any]) -> None:
    check(to_onnx(*group_models.build(name)), name)


@pytest.mark.parametrize("name", NETWORKS)
def test_costs_at_full_width_are_the_profile(name: str, group_models: ModuleType) -> None:
    model, inputs = group_models.build(name)
    graph = mg.from_torch(model, inputs)
    for accounting, precision in (("deployed", None), ("deployed", "int8"), ("paper", None)):
        space = mg.widths(graph, accounting, precision)
        profile = mg.profile(graph, accounting=accounting, precision=precision)
        size = profile.flash.weights + profile.flash.biases
        assert space.macs(space.full) == profile.macs
        assert space.size(space.full) == size
        assert space.peak(space.full) == profile.memory.peak
