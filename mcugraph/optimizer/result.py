"""What optimizing a file did."""

from dataclasses import asdict
from typing import Any

from mcugraph.records import dataclass
from mcugraph.schema import SCHEMA_VERSION
from mcugraph.shown import Facts, Shown


@dataclass(frozen=True, slots=True)
class Figures:
    """Bytes that a file takes; None: not known.

    Attributes:
        tflm_arena: The head of TFLM's arena.
        tflm_persistent: The tail, on a device with 32-bit pointers.
        tflm_total: The least arena with which such a device loads the file.
        peak: The largest live set in the order of the file.
        file: The file itself.
        operators: How many operators it has.
        macs: Multiply-accumulates of one inference.
    """

    tflm_arena: int | None
    tflm_persistent: int | None
    tflm_total: int | None
    peak: int
    file: int
    operators: int
    macs: int


@dataclass(frozen=True, slots=True)
class OptimizationStep:
    """Something that was done on the way to the new file.

    Attributes:
        what: In a word or two.
        figures: Bytes that the file takes after it.
    """

    what: str
    figures: Figures


@dataclass(frozen=True, slots=True, repr=False)
class Optimization(Shown):
    """What ``optimize`` wrote.

    Attributes:
        path_in, path_out: The two files.
        format: ``"tflite"`` or ``"onnx"``.
        changed: Whether the new file differs from the old one.
        moved: How many operators have another place in the order.
        planned: How many tensors got an offset in the arena.
        before, after: Bytes of the old and the new file, read back from the file.
        kernels: The kernels that were named.
        holds_for: The kernels without which the new file computes something else, since outputs lie
            over inputs; empty: it runs on all.
        steps: What was done, one after the other, and the figures after each.
        left: What was left to the runtime, by name and with the reason.
        notes: What else there is to say, one sentence each.
        verified: Which runtime ran both files and found their outputs the same, bit for bit;
            None: it was not asked for, or none runs the file (``notes`` say so).
    """

    path_in: str
    path_out: str
    format: str
    changed: bool
    moved: int
    planned: int
    before: Figures
    after: Figures
    kernels: str = "any"
    holds_for: str = ""
    steps: tuple[OptimizationStep, ...] = ()
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    verified: str | None = None

    def _title(self) -> str:
        return f"of {self.path_in}"

    def _facts(self) -> Facts:
        changes = [
            ("arena to reserve", self.before.tflm_total, self.after.tflm_total),
            ("head", self.before.tflm_arena, self.after.tflm_arena),
            ("peak", self.before.peak, self.after.peak),
            ("file", self.before.file, self.after.file),
            ("MACs", self.before.macs, self.after.macs),
        ]
        return [
            *(
                (what, f"{before:,} -> {after:,}")
                for what, before, after in changes
                if before is not None and after is not None
            ),
            ("written to", self.path_out),
            *((("holds for", f"{self.holds_for} kernels only"),) if self.holds_for else ()),
            *((("verified by", self.verified),) if self.verified else ()),
        ]

    @property
    def saved(self) -> int:
        """Bytes of SRAM that the new file needs less: of TFLM's head, or of the peak.

        The peak counts for ONNX, where an order can be written back but no plan, and where TFLM's
        head is not known.
        """
        before, after = self.before.tflm_arena, self.after.tflm_arena
        if self.format == "tflite" and before is not None and after is not None:
            return before - after
        return self.before.peak - self.after.peak

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers, ready for JSON."""
        result = {"schema_version": SCHEMA_VERSION, **asdict(self), "saved": self.saved}
        steps = [asdict(step) for step in self.steps]
        return {**result, "steps": steps, "left": list(self.left), "notes": list(self.notes)}
