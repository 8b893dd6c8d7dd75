"""Networks to take channels out of, and what that should come to."""

import copy
from typing import Any

import numpy as np
import torch

import mcugraph as mg
from mcugraph.ops.labels import core
from mcugraph.ops.normalization import BatchNorm
from mcugraph.slimming.kept import Kept
from mcugraph.slimming.remains import Remains
from support import awkward_networks
from support.loading import network


class Case:
    """A network, its inputs, and its space.

    Args:
        name: Of ``awkward_networks``, of fixtures/groups, or ``"fixtures/NAME"``, of
            fixtures/networks.py.
    """

    def __init__(self, name: str) -> None:
        self.masks = True
        if name in awkward_networks.NETWORKS:
            self.model, self.inputs = awkward_networks.build(name)
            self.masks = awkward_networks.NETWORKS[name][2]
        elif name.startswith("fixtures/"):
            self.model, self.inputs = network(name.removeprefix("fixtures/"))
        else:
            self.model, self.inputs = network(f"groups/{name}")
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
        kept = Kept.of(self.space, keep).remains
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


def tensor_mask(kept: Remains, labels: Any) -> Any:
    return torch.from_numpy(np.ascontiguousarray(kept.mask(core(labels)))).float()
