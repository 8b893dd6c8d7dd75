"""Compressing PyTorch models: which weights stay, in how many bits, and what that buys.

The names here are imported when they are first used.
"""

from typing import TYPE_CHECKING, Any

from mcugraph.late_names import torch_name

if TYPE_CHECKING:
    from mcugraph.compress.compressed import Compressed
    from mcugraph.compress.compressing import elements, quantise, structural
    from mcugraph.compress.deployed_costs import DeployedCosts, deployed_costs
    from mcugraph.compress.element_heuristics import ElementHeuristic, ScoredWeight
    from mcugraph.compress.element_schedules import AGP
    from mcugraph.compress.mask_conventions import (
        masks_from,
        to_torch_prune,
        to_torchao,
        without_masks,
    )
    from mcugraph.compress.sparsifier import Sparsifier
    from mcugraph.compress.study_entry import load_study, study
    from mcugraph.compress.study_ledger import StudyTrial
    from mcugraph.compress.study_options import StudyRecipe
    from mcugraph.compress.study_result import StudyResult
    from mcugraph.compress.training_options import Training
    from mcugraph.prune.schedules import OneShot
    from mcugraph.storage.block_rows import Blocks
    from mcugraph.storage.n_of_m import NofM

# Public name -> the module that defines it.
_HOME = {
    "AGP": "mcugraph.compress.element_schedules",
    "Blocks": "mcugraph.storage.block_rows",
    "Compressed": "mcugraph.compress.compressed",
    "DeployedCosts": "mcugraph.compress.deployed_costs",
    "ElementHeuristic": "mcugraph.compress.element_heuristics",
    "NofM": "mcugraph.storage.n_of_m",
    "OneShot": "mcugraph.prune.schedules",
    "ScoredWeight": "mcugraph.compress.element_heuristics",
    "Sparsifier": "mcugraph.compress.sparsifier",
    "StudyRecipe": "mcugraph.compress.study_options",
    "StudyResult": "mcugraph.compress.study_result",
    "StudyTrial": "mcugraph.compress.study_ledger",
    "Training": "mcugraph.compress.training_options",
    "deployed_costs": "mcugraph.compress.deployed_costs",
    "elements": "mcugraph.compress.compressing",
    "load_study": "mcugraph.compress.study_entry",
    "masks_from": "mcugraph.compress.mask_conventions",
    "quantise": "mcugraph.compress.compressing",
    "structural": "mcugraph.compress.compressing",
    "study": "mcugraph.compress.study_entry",
    "to_torch_prune": "mcugraph.compress.mask_conventions",
    "to_torchao": "mcugraph.compress.mask_conventions",
    "without_masks": "mcugraph.compress.mask_conventions",
}

__all__ = [
    "AGP",
    "Blocks",
    "Compressed",
    "DeployedCosts",
    "ElementHeuristic",
    "NofM",
    "OneShot",
    "ScoredWeight",
    "Sparsifier",
    "StudyRecipe",
    "StudyResult",
    "StudyTrial",
    "Training",
    "deployed_costs",
    "elements",
    "load_study",
    "masks_from",
    "quantise",
    "structural",
    "study",
    "to_torch_prune",
    "to_torchao",
    "without_masks",
]


def __getattr__(name: str) -> Any:
    return torch_name(__name__, _HOME, name)


def __dir__() -> list[str]:
    return sorted(__all__)
