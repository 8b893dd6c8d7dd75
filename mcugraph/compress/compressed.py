"""What came of compressing a model, and how it reads."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mcugraph.compress.deployed_costs import DeployedCosts
from mcugraph.records import dataclass
from mcugraph.report.table import table
from mcugraph.units import decimal, exact

STAGES = {
    "float": "as it was given",
    "pruned": "pruned",
    "rounded": "trained with rounding",
    "quantised": "quantised",
}


@dataclass(frozen=True, slots=True)
class Compressed:
    """A compressed model, and what each step cost.

    Attributes:
        model: A plain module in evaluation mode.
        method: ``"elements"``, ``"structure"``, or None: nothing was pruned.
        scheme: How it was quantised; None: it was not.
        scores: What was measured on the test data: ``"float"``: the model that was given;
            ``"pruned"``: after pruning and the training that goes with it; ``"rounded"``: after
            quantisation-aware training; ``"quantised"``: the file, run by LiteRT.
        metric: What that is.
        parameters: How many the given model has, and how many that are not zero are left.
        before: What the given model takes, deployed with floats; None: ``notes`` say why not.
        after: What the file takes, deployed, or, where there is none, the module with floats;
            None: ``notes`` say why not.
        path: The file; None: there is none.
        notes: What could not be done, and why, a sentence each.
    """

    model: Any
    method: str | None
    scheme: str | None
    scores: Mapping[str, float]
    metric: str
    parameters: tuple[int, int]
    before: DeployedCosts | None
    after: DeployedCosts | None
    path: Path | None
    notes: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The last that was measured: that of what is deployed."""
        return [*self.scores.values()][-1]

    @property
    def left(self) -> float:
        """The share of the parameters that is left."""
        return self.parameters[1] / self.parameters[0]

    def to_dict(self) -> dict[str, Any]:
        """All but the model, as what JSON can hold."""
        return {
            "method": self.method,
            "scheme": self.scheme,
            "metric": self.metric,
            "scores": dict(self.scores),
            "parameters": {"before": self.parameters[0], "after": self.parameters[1]},
            "before": None if self.before is None else asdict(self.before),
            "after": None if self.after is None else asdict(self.after),
            "path": None if self.path is None else str(self.path),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        before, after = self.parameters
        rows = [["parameters that are not zero", f"{before:,}", f"{after:,}", f"{self.left:.2%}"]]
        if self.before is not None and self.after is not None:
            for name, shown in (("flash", exact), ("sram", exact), ("macs", decimal)):
                old, new = getattr(self.before, name), getattr(self.after, name)
                rows.append([name, shown(old), shown(new), f"{new / old:.2%}" if old else ""])
        lines = table(["", "before, floats", "after", "left"], rows, right=(1, 2, 3))
        shown_score = "{:.2%}" if self.metric == "accuracy" else "{:.4g}"
        said = [f"{STAGES[name]} {shown_score.format(s)}" for name, s in self.scores.items()]
        lines.append(f"{self.metric}: {', '.join(said)}")
        if self.after is not None:
            forms = [f"{each.operator} {each.form} {each.nbytes:,} B" for each in self.after.layers]
            lines.append(f"weights: {', '.join(forms)}")
        if self.path is not None:
            lines.append(f"file: {self.path}")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    __repr__ = __str__
