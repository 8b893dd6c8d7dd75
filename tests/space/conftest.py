"""Spaces of the fixture networks, each made once."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.space.space import Space

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "models"


@cache
def space_of(network: str, accounting: str = "deployed", precision: str | None = "int8") -> Space:
    return mg.widths(mg.load(FOLDER / f"{network}.onnx"), accounting, precision)


@pytest.fixture(scope="session")
def fixture_space() -> Callable[..., Space]:
    """``fixture_space(NAME, accounting, precision)``."""
    return space_of
