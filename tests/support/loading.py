"""Files of the project that are in no package, imported; and the networks that they define."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
GROUPS = sorted(path.stem for path in (ROOT / "fixtures" / "groups").glob("*.json"))
"""The networks of ``fixtures/groups`` with the channel classes expected of them."""


def load_module(path: str) -> ModuleType:
    """A file as a module, once; the path is relative to the project."""
    name = path.removesuffix(".py").replace("/", "_")
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where pickle and dataclasses look for classes
    spec.loader.exec_module(module)
    return module


def network(name: str) -> tuple[Any, tuple[Any, ...]]:
    """``"groups/NAME"``, of fixtures/groups, or the name of a network of fixtures/networks.py."""
    if name.startswith("groups/"):
        source = load_module("fixtures/groups/models.py")
    else:
        source = load_module("fixtures/networks.py")
    model, inputs = source.build(name.removeprefix("groups/"))
    return model.eval(), inputs
