"""Pruning PyTorch models: channels chosen while they train, and taken out for good.

The names here are imported when they are first used.
"""

import warnings
from typing import TYPE_CHECKING, Any

from mcugraph.late_names import torch_name

if TYPE_CHECKING:
    from mcugraph.export.exported import Exported
    from mcugraph.export.qat import finish_qat, prepare_qat
    from mcugraph.export.to_onnx import export_onnx
    from mcugraph.export.to_tflite import export_tflite
    from mcugraph.prune.budgeted import to_budget
    from mcugraph.prune.history import History
    from mcugraph.prune.optimizers import carry_over
    from mcugraph.prune.outcome import Budgeted
    from mcugraph.prune.pruner import Pruner
    from mcugraph.prune.salience import Salience, ScoredLayer
    from mcugraph.prune.schedules import Gradual, OneShot
    from mcugraph.prune.structure import StructureChoice, choose_structures
    from mcugraph.slimming.dropping import drop, structures
    from mcugraph.slimming.slimmer import slim
    from mcugraph.slimming.vanishing import Structure

# Public name -> the module that defines it.
_HOME = {
    "Budgeted": "mcugraph.prune.outcome",
    "Exported": "mcugraph.export.exported",
    "Gradual": "mcugraph.prune.schedules",
    "History": "mcugraph.prune.history",
    "OneShot": "mcugraph.prune.schedules",
    "Pruner": "mcugraph.prune.pruner",
    "Salience": "mcugraph.prune.salience",
    "ScoredLayer": "mcugraph.prune.salience",
    "Structure": "mcugraph.slimming.vanishing",
    "StructureChoice": "mcugraph.prune.structure",
    "carry_over": "mcugraph.prune.optimizers",
    "choose_structures": "mcugraph.prune.structure",
    "drop": "mcugraph.slimming.dropping",
    "export_onnx": "mcugraph.export.to_onnx",
    "export_tflite": "mcugraph.export.to_tflite",
    "finish_qat": "mcugraph.export.qat",
    "prepare_qat": "mcugraph.export.qat",
    "slim": "mcugraph.slimming.slimmer",
    "structures": "mcugraph.slimming.dropping",
    "to_budget": "mcugraph.prune.budgeted",
}

__all__ = [
    "Budgeted",
    "Exported",
    "Gradual",
    "History",
    "OneShot",
    "Pruner",
    "Salience",
    "ScoredLayer",
    "Structure",
    "StructureChoice",
    "carry_over",
    "choose_structures",
    "drop",
    "export_onnx",
    "export_tflite",
    "finish_qat",
    "prepare_qat",
    "slim",
    "structures",
    "to_budget",
]


# Old name -> the name that is used now.
_RENAMED = {
    "Branch": "Structure",
    "BranchChoice": "StructureChoice",
    "Layer": "ScoredLayer",
    "branches": "structures",
    "choose_branches": "choose_structures",
}


def __getattr__(name: str) -> Any:
    if name in _RENAMED:
        warnings.warn(
            f"{__name__}.{name} is now {__name__}.{_RENAMED[name]}; import it by that name",
            DeprecationWarning,
            stacklevel=2,
        )
        name = _RENAMED[name]
    return torch_name(__name__, _HOME, name)


def __dir__() -> list[str]:
    return sorted(__all__)
