"""Spaces of PyTorch networks, from the module itself and from its ONNX export."""

import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from support.loading import load_module

import mcugraph as mg
from mcugraph.space.space import Space


@pytest.fixture(scope="session")
def group_models() -> ModuleType:
    """``fixtures/groups/models.py``."""
    pytest.importorskip("torch")
    return load_module("fixtures/groups/models.py")


@pytest.fixture(scope="session")
def to_onnx(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., mg.Graph]:
    """A module as the graph of its ONNX export, batch norm unfolded."""

    def export(model: Any, inputs: tuple[Any, ...]) -> mg.Graph:
        import torch

        path = tmp_path_factory.mktemp("onnx") / "model.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                model,
                inputs,
                str(path),
                dynamo=False,
                do_constant_folding=False,
                training=torch.onnx.TrainingMode.PRESERVE,
            )
        return mg.load(path)

    return export


@pytest.fixture(scope="session")
def space_of() -> Callable[..., Space]:
    """A module as a space of widths."""

    def build(model: Any, *inputs: Any, **options: Any) -> Space:
        return mg.widths(mg.from_torch(model.eval(), inputs), **options)

    return build
