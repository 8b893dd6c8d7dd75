"""What masking a class does to the whole model: nobody reads anything of it any more."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.loading import GROUPS

from mcugraph.ops.labels import core
from mcugraph.ops.normalization import BatchNorm

torch = pytest.importorskip("torch")

# Of the awkward networks, those whose activations keep 0, whose norms are batch norms,
# and whose layers have a module each.
OWN = ["grouped", "pixel_shuffle", "pyramid", "ghost", "unet", "shuffled"]


class Watched:
    """A model with a class masked after layers and batch norms; what layers read is looked at."""

    def __init__(self, case: Any) -> None:
        self.case, self.labelling = case, case.space.labelling
        self.root = -1
        self.seen: list[float] = []
        self.handles = []
        paths = dict(case.model.named_modules(remove_duplicate=False))
        for operator in case.space.graph.operators:
            module = paths.get(operator.name)
            if module is None or (
                operator.name not in self.labelling.layers
                and not isinstance(operator.op, BatchNorm)
            ):
                continue
            made, read = (self.roots(names[0]) for names in (operator.outputs, operator.inputs))
            self.handles.append(
                module.register_forward_hook(lambda m, a, out, made=made: out * (made != self.root))
            )
            if operator.name in self.labelling.layers:
                self.handles.append(
                    module.register_forward_pre_hook(
                        lambda m, args, read=read: self.look(args[0], read)
                    )
                )

    def roots(self, name: str) -> Any:
        labels = core(self.labelling.activations[name])
        return torch.from_numpy(np.ascontiguousarray(self.labelling.unions.roots(labels)))

    def look(self, value: Any, read: Any) -> None:
        if (read == self.root).any():
            self.seen.append(float((value * (read == self.root)).abs().max()))

    def run(self, root: int) -> list[float]:
        self.root, self.seen = root, []
        with torch.no_grad():
            self.case.model(*(value[:1] for value in self.case.inputs))
        return self.seen

    def close(self) -> None:
        for handle in self.handles:
            handle.remove()


def check(case: Any, roots: list[int]) -> None:
    watched = Watched(case)
    try:
        for root in roots:
            seen = watched.run(root)
            assert seen, f"nobody reads class {root}"
            assert max(seen) == 0
    finally:
        watched.close()


@pytest.mark.parametrize("name", [*OWN, *GROUPS])
def test_masking_a_class_zeroes_all_that_layers_read_of_it(
    name: str, case: Callable[[str], Any]
) -> None:
    """The last class of each group; all of them below."""
    entry = case(name)
    check(
        entry,
        list({number: root for root, number in entry.space.grouping.of_root.items()}.values()),
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", [*OWN, *GROUPS])
def test_masking_any_class_zeroes_all_that_layers_read_of_it(
    name: str, case: Callable[[str], Any]
) -> None:
    entry = case(name)
    check(entry, list(entry.space.grouping.of_root))
