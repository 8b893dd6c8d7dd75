"""Files of what a pruner leaves, held against its budgets."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from mcugraph.errors import UsageError
from mcugraph.export.exported import Exported
from mcugraph.space.budgets import Budgets
from mcugraph.space.space import Space


class Exporting(ABC):
    """What has a space, budgets, and a slimmed model to write."""

    example_inputs: Any
    kwargs: Mapping[str, Any]
    space: Space
    budgets: Budgets

    @abstractmethod
    def slim(self, over_budget: bool = False) -> torch.nn.Module:
        """The model that is written."""

    def export_onnx(self, path: str | Path, model: torch.nn.Module | None = None) -> Exported:
        """Write the slimmed model as ONNX and hold the file against the budgets.

        Args:
            path: The file to write.
            model: What ``slim`` gave, if it was trained on; None: slim it now.

        Returns:
            What ``mcugraph.prune.export_onnx`` gives, with the budgets.
        """
        from mcugraph.export.to_onnx import export_onnx

        small = self.slim() if model is None else model
        precision, limits = self.space.precision, self.budgets.limits
        return export_onnx(small, self.example_inputs, path, self.kwargs, precision, limits)

    def export_tflite(
        self,
        path: str | Path,
        calibration: Iterable[Any],
        model: torch.nn.Module | None = None,
        samples: int = 200,
    ) -> Exported:
        """Write the slimmed model as int8 TFLite and hold the file against the budgets.

        Args:
            path: The file to write.
            calibration: Batches of training data, as a ``DataLoader`` gives them.
            model: What ``slim`` gave, if it was trained on; None: slim it now.
            samples: How many samples are measured at most.

        Returns:
            What ``mcugraph.prune.export_tflite`` gives, with the budgets.

        Raises:
            UsageError: The model takes inputs by keyword.
        """
        from mcugraph.export.to_tflite import export_tflite

        if self.kwargs:
            raise UsageError("a TFLite file has no inputs by keyword: give them by position")
        small = self.slim() if model is None else model
        limits = self.budgets.limits
        return export_tflite(small, self.example_inputs, path, calibration, samples, budgets=limits)
