"""Compressing PyTorch models: which weights stay, in how many bits, and what that buys.

The names here are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mcugraph.errors import UsageError

if TYPE_CHECKING:
    from mcugraph.compress.element_heuristics import ElementHeuristic, ScoredWeight
    from mcugraph.compress.element_patterns import Blocks
    from mcugraph.compress.element_schedules import AGP
    from mcugraph.compress.mask_conventions import (
        masks_from,
        to_torch_prune,
        to_torchao,
        without_masks,
    )
    from mcugraph.compress.sparsifier import Sparsifier
    from mcugraph.prune.schedules import OneShot
    from mcugraph.storage.n_of_m import NofM

# Public name -> the module that defines it.
_HOME = {
    "AGP": "mcugraph.compress.element_schedules",
    "Blocks": "mcugraph.compress.element_patterns",
    "ElementHeuristic": "mcugraph.compress.element_heuristics",
    "NofM": "mcugraph.storage.n_of_m",
    "OneShot": "mcugraph.prune.schedules",
    "ScoredWeight": "mcugraph.compress.element_heuristics",
    "Sparsifier": "mcugraph.compress.sparsifier",
    "masks_from": "mcugraph.compress.mask_conventions",
    "to_torch_prune": "mcugraph.compress.mask_conventions",
    "to_torchao": "mcugraph.compress.mask_conventions",
    "without_masks": "mcugraph.compress.mask_conventions",
}

__all__ = [
    "AGP",
    "Blocks",
    "ElementHeuristic",
    "NofM",
    "OneShot",
    "ScoredWeight",
    "Sparsifier",
    "masks_from",
    "to_torch_prune",
    "to_torchao",
    "without_masks",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(_HOME[name]), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UsageError("PyTorch is not installed: pip install 'mcugraph[torch]'") from None


def __dir__() -> list[str]:
    return sorted(__all__)
