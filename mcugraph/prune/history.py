"""What happened while a model was pruned, as arrays."""

from dataclasses import field
from os import PathLike
from typing import Any

import numpy as np

from mcugraph import files
from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.prune.history_page import page
from mcugraph.records import dataclass
from mcugraph.shown import finished, new_figure

_COLUMNS = {
    "step": "training steps so far",
    "widths": "classes of each group that stay, shape (updates, groups)",
    "multipliers": "the fraction of each group to keep, before rounding, shape (updates, groups)",
    "peak": "bytes of SRAM, by the best order",
    "arena": "bytes of SRAM that TFLM plans; NaN without a budget for them",
    "overlap_arena": "bytes of SRAM with outputs over inputs; NaN without a budget for them",
    "size": "bytes of flash",
    "macs": "multiply-accumulates",
    "task_loss": "of the batch that was given; NaN where none was asked for",
    "resource_loss": "P_RES; 0 where the budgets are met",
    "mask_change": "fraction of all classes whose mask was changed by the update",
}

_COSTS = ("peak", "arena", "overlap_arena", "size", "macs")


@dataclass
class History:
    """One row an update of the masks; each column is an attribute.

    ``widths`` and ``multipliers`` have the shape (updates, groups); ``step``, ``peak``, ``arena``,
    ``overlap_arena``, ``size``, ``macs``, ``task_loss``, ``resource_loss`` and ``mask_change``
    have (updates,).

    Attributes:
        groups: The names of the groups.
        budgets: The budgets, by name.
        dropped: The names of structures that went before.
        rows: Column -> one entry an update, as plain numbers and lists of them.
    """

    groups: tuple[str, ...]
    budgets: dict[str, int]
    dropped: tuple[str, ...] = ()
    rows: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in _COLUMNS})

    def add(self, **row: Any) -> None:
        """Add one update, with a value for every column."""
        for name, column in self.rows.items():
            column.append(row[name])

    def __len__(self) -> int:
        return len(self.rows["step"])

    def __getattr__(self, name: str) -> Array:
        if name.startswith("_") or name not in _COLUMNS:
            raise AttributeError(name)
        column = np.array(self.rows[name])
        wide = name in ("widths", "multipliers")
        return column.reshape(len(column), len(self.groups)) if wide else column

    def arrays(self) -> dict[str, Array]:
        """All columns by name, for ``numpy.savez``."""
        return {name: getattr(self, name) for name in _COLUMNS}

    def report(self, path: str | PathLike[str]) -> None:
        """Write an HTML page: costs against budgets over the training, widths at its ends.

        Raises:
            UsageError: Nothing has happened yet, or the page cannot be written there.
        """
        if not len(self):
            raise UsageError("there is no update to draw yet")
        costs = {name: getattr(self, name) for name in _COSTS}
        known = {name: cost for name, cost in costs.items() if not np.isnan(cost).any()}
        found = page(self.step.tolist(), known, self.budgets, self.groups, self.widths)
        files.write(path, found.encode())

    def plot(self, path: Any = None) -> Any:
        """Draw the costs against their budgets, the widths, the losses and the mask changes.

        Args:
            path: Where to save the figure, in a format that matplotlib tells by its ending.

        Returns:
            The ``matplotlib.figure.Figure``.

        Raises:
            UsageError: matplotlib is not installed, nothing has happened yet, or the figure cannot
                be saved there.
        """
        if not len(self):
            raise UsageError("there is no update to draw yet")
        figure = new_figure(10, 6.5)
        costs, widths, losses, changes = figure.subplots(2, 2, sharex=True).ravel()
        for name in _COSTS:
            budget, values = self.budgets.get(name), getattr(self, name)
            if np.isnan(values).any():
                continue
            scale = budget or values[0]
            costs.plot(self.step, values / scale, label=name if budget else f"{name} (no budget)")
        costs.axhline(1, color="black", linewidth=0.8)
        costs.set(title="Costs, as a multiple of their budgets", yscale="log")
        costs.legend()
        widths.plot(self.step, self.multipliers, linewidth=0.8)
        widths.set(title="Width multipliers, one line a group", ylim=(0, 1.02))
        losses.plot(self.step, self.task_loss, label="task")
        losses.plot(self.step, self.resource_loss, label="resources")
        losses.set(title="Losses", xlabel="training steps")
        losses.legend()
        changes.plot(self.step, 100 * self.mask_change, drawstyle="steps-post")
        changes.set(title="Masks changed by an update, % of classes", xlabel="training steps")
        return finished(figure, path)
