"""Networks to take channels out of, and what that should come to."""

import copy
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.ops.labels import core
from mcugraph.ops.normalization import BatchNorm
from mcugraph.slimming.kept import Kept

torch = pytest.importorskip("torch")

ROOT = Path(__file__).resolve().parents[2]


def load_module(path: Path, name: str | None = None) -> ModuleType:
    name = name or f"prune_{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where pickle looks for classes
    spec.loader.exec_module(module)
    return module


class Case:
    """A network, its inputs, and its space."""

    def __init__(self, name: str) -> None:
        own = load_module(Path(__file__).with_name("networks.py"))
        if name.startswith("fixtures/"):
            fixtures = load_module(ROOT / "fixtures" / "networks.py", "fixture_networks")
            self.model, self.inputs = fixtures.build(name.removeprefix("fixtures/"))
            self.model.eval()
            self.masks = True
        elif name in own.NETWORKS:
            self.model, self.inputs = own.build(name)
            self.masks = own.NETWORKS[name][2]
        else:
            shared = load_module(ROOT / "fixtures" / "groups" / "models.py")
            self.model, self.inputs = shared.build(name)
            self.masks = True
        self.space = mg.widths(mg.from_torch(self.model, self.inputs))
        self.costs = {
            (accounting, precision): mg.widths(self.space.graph, accounting, precision)
            for accounting, precision in (("deployed", None), ("deployed", "int8"), ("paper", None))
        }

    def random_keep(self, seed: int) -> dict[str, list[int]]:
        """Which classes stay: feasible widths, and any classes."""
        random = np.random.default_rng(seed)
        full = self.space.full
        wanted = self.space.round(random.uniform(0.1, 1, len(full)) * full)
        return {
            group.name: sorted(random.choice(group.width, int(width), replace=False).tolist())
            for group, width in zip(self.space.groups, wanted, strict=True)
        }

    def masked(self, keep: dict[str, Any]) -> Any:
        """The whole model with channels set to 0.

        That is after each layer and each batch norm behind it, and where a layer reads them: some
        activations, like a sigmoid, do not keep 0.
        """
        kept = Kept.of(self.space, keep)
        graph, labels = self.space.graph, self.space.labelling
        model = copy.deepcopy(self.model)
        paths = dict(model.named_modules(remove_duplicate=False))
        for operator in graph.operators:
            module = paths.get(operator.name)
            if module is None or (
                not module._parameters and not isinstance(operator.op, BatchNorm)
            ):
                continue
            if operator.outputs[0] in labels.activations:
                mask = tensor_mask(kept, labels.activations[operator.outputs[0]])
                module.register_forward_hook(lambda m, args, result, mask=mask: result * mask)
            if operator.inputs[0] in labels.activations and operator.name in labels.layers:
                mask = tensor_mask(kept, labels.activations[operator.inputs[0]])
                module.register_forward_pre_hook(
                    lambda m, args, mask=mask: (
                        args[0] * mask if args[0].is_floating_point() else args[0],
                    )
                )
        return model


def tensor_mask(kept: Kept, labels: Any) -> Any:
    return torch.from_numpy(np.ascontiguousarray(kept.mask(core(labels)))).float()


@pytest.fixture(scope="session")
def case() -> Callable[[str], Case]:
    """A network by name: of ``networks.py``, ``fixtures/groups`` or ``fixtures/networks.py``."""
    known: dict[str, Case] = {}

    def find(name: str) -> Case:
        if name not in known:
            known[name] = Case(name)
        return known[name]

    return find


@pytest.fixture(scope="session")
def training() -> ModuleType:
    """``training.py``: a task, and networks to prune on it."""
    return load_module(Path(__file__).with_name("training.py"))
