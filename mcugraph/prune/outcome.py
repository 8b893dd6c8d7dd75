"""What came of pruning a model to budgets, and how it reads."""

from collections.abc import Mapping
from typing import Any

from mcugraph.export.exported import Exported
from mcugraph.fit.model_needs import Allowance, Need
from mcugraph.prune.history import History
from mcugraph.records import dataclass

_STAGES = {
    "before": "before",
    "pruned": "after pruning",
    "tuned": "after fine-tuning",
    "rounded": "with rounding",
    "file": "int8 file in LiteRT",
}


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch of the training.

    Attributes:
        number: From 1.
        phase: ``"pruning"`` or ``"fine-tuning"``: what it ended with; or ``"rounding"``.
        loss: The mean loss of its training batches.
        score: The metric on the validation data at its end.
    """

    number: int
    phase: str
    loss: float
    score: float


@dataclass(frozen=True, slots=True)
class OnTflm:
    """The file in TensorFlow Lite Micro itself.

    Attributes:
        head: Bytes of the arena's head that it took.
        predicted: What was predicted for it; None: that is not known.
        samples: How many samples it ran.
        difference: How far its results are from LiteRT's at most, as a share of the largest.
    """

    head: int
    predicted: int | None
    samples: int
    difference: float

    @property
    def beside_prediction(self) -> str:
        """What the head is to the one that was predicted, in words."""
        if self.predicted is None:
            return "that was not predicted"
        if self.head == self.predicted:
            return "as predicted"
        return f"not {self.predicted:,} B as predicted"


@dataclass(frozen=True, slots=True)
class OnBoard:
    """The file on a board.

    Attributes:
        allowance: What there is, without what was reserved.
        needs: What the file and TFLM need of each resource.
        fits: None: a figure is only a lower bound.
    """

    allowance: Allowance
    needs: tuple[Need, ...]
    fits: bool | None


@dataclass(frozen=True, slots=True, repr=False)
class Budgeted:
    """A model pruned to budgets, with what it costs and how good it is. Prints as a table.

    Attributes:
        model: The pruned, fine-tuned model, in inference mode.
        budgets: By name.
        costs: What ``model`` costs, by the names of budgets: bytes, and a count for ``"macs"``.
        costs_before: What the given model costs.
        widths: Of each group, the channel classes before and after.
        scores: The metric on the test data: ``"before"``, ``"pruned"`` (before the fine-tuning),
            ``"tuned"``, ``"rounded"`` (after epochs with int8's rounding), and ``"file"``: of the
            int8 file as LiteRT runs it, where there is one.
        metric: Its name.
        history: Of the pruner.
        epochs: Of the training; without those of a fine-tuning of your own.
        exported: The int8 file, read back; None: ``notes`` say why there is none.
        on_tflm: The file in TFLM; None: ``notes`` say why it was not run there.
        on_board: The file on the board, where one was given and there is a file.
        notes: What could not be done, and why, a sentence each.
        dropped: The branches that went, by name.
    """

    model: Any
    budgets: Mapping[str, int]
    costs: Mapping[str, int]
    costs_before: Mapping[str, int]
    widths: Mapping[str, tuple[int, int]]
    scores: Mapping[str, float]
    metric: str
    history: History
    epochs: tuple[Epoch, ...]
    exported: Exported | None
    on_tflm: OnTflm | None
    on_board: OnBoard | None
    notes: tuple[str, ...]
    dropped: tuple[str, ...] = ()

    @property
    def met(self) -> bool:
        """Whether the model meets all budgets, and the file too, where there is one."""
        kept = all(self.costs[name] <= limit for name, limit in self.budgets.items())
        return kept and (self.exported is None or not self.exported.exceeded())

    def __str__(self) -> str:
        return "\n".join([*self._costs(), "", *self._said()])

    __repr__ = __str__

    def _costs(self) -> list[str]:
        rows = [("", "before", "after", "int8 file", "budget", "used")]
        file = self._of_file()
        for name, cost in self.costs.items():
            limit = self.budgets.get(name)
            rows.append(
                (
                    name,
                    f"{self.costs_before[name]:,}",
                    f"{cost:,}",
                    f"{file[name]:,}" if file.get(name) is not None else "",
                    "" if limit is None else f"{limit:,}",
                    "" if limit is None else f"{cost / limit:.1%}",
                )
            )
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return [
            "  ".join(
                cell.rjust(width) if place else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]

    def _of_file(self) -> dict[str, int | None]:
        if self.exported is None:
            return {}
        memory = self.exported.profile.memory
        arenas = {"arena": self.exported.arena, "overlap_arena": memory.overlap_arena}
        return {**self.exported.figures, **arenas}

    def _said(self) -> list[str]:
        shown = "{:.2%}" if self.metric == "accuracy" else "{:.4g}"
        scores = [f"{_STAGES[stage]} {shown.format(s)}" for stage, s in self.scores.items()]
        lines = [f"{self.metric}: {', '.join(scores)}"]
        if self.dropped:
            lines.append(f"without branches {', '.join(self.dropped)}")
        if self.exported is not None:
            lines.append(f"file: {self.exported.path}")
        if (ran := self.on_tflm) is not None:
            lines.append(
                f"TFLM: head {ran.head:,} B {ran.beside_prediction}; {ran.samples} samples, results"
                f" within {ran.difference:.1%} of LiteRT's"
            )
        if (board := self.on_board) is not None:
            word = {True: "fits", False: "does not fit", None: "may fit"}[board.fits]
            left = ", ".join(
                f"{need.resource} {need.needed:,} of {need.budget:,} B" for need in board.needs
            )
            lines.append(f"{board.allowance.name}: {word}; {left}")
        return [*lines, *(f"note: {note}" for note in self.notes)]
