"""An exported file, read back and held against what was predicted for it."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path

from mcugraph.errors import UsageError
from mcugraph.export.islands import islands
from mcugraph.export.pairing import Matching, bytes_of, match, peak_without
from mcugraph.formats.loader import translated
from mcugraph.ir import Graph, Operator, Role
from mcugraph.profiler import profile
from mcugraph.profiles import Profile
from mcugraph.records import dataclass
from mcugraph.rewrite.accounting import counted_forms

_COMPARED = ("peak", "size", "macs")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that stands in the file and not in the model, or the other way round.

    Attributes:
        kind: Of an operator, its type as the file has it, such as ``"PAD"``, or the model's kind
            of one that the file does without. ``"bias"`` and ``"weight"``: constants that a
            layer has more of on this side, such as biases of zeros, copies of what layers share,
            or the means and variances of a batch norm.
        name: The operator, or the layer.
        size: Bytes of weights and biases that come with it.
        macs: Multiply-accumulates that come with it.
    """

    kind: str
    name: str
    size: int = 0
    macs: int = 0


@dataclass(frozen=True, slots=True)
class Exported:
    """A file, and what became of the prediction.

    Attributes:
        path: The file.
        profile: Of the file, as it was read back.
        predicted: Of the model that it was made of, at the same precision.
        added: Operators and constants that stand in the file and not in the model.
        dropped: Operators of the model that the file does without.
        unexplained: For ``"peak"``, ``"size"`` and ``"macs"``: what of the difference is left
            (exported minus predicted) once ``added`` and ``dropped`` are taken out on both
            sides. 0 where they account for all of it.
        arena: What TFLM's planner takes for the file, its "head", in bytes; None: not known.
        notes: What else there is to know, a sentence each.
        budgets: What the file is held against, as ``exceeded`` takes it.
    """

    path: Path
    profile: Profile
    predicted: Profile
    added: tuple[Change, ...]
    dropped: tuple[Change, ...]
    unexplained: Mapping[str, int]
    arena: int | None
    notes: tuple[str, ...]
    budgets: Mapping[str, int] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, int]:
        """Peak and size of the file in bytes, and its MACs; size is weights and biases."""
        return _figures(self.profile)

    @property
    def differences(self) -> dict[str, tuple[int, int]]:
        """The resources in which the file differs: (predicted, exported)."""
        before, after = _figures(self.predicted), self.figures
        return {key: (before[key], after[key]) for key in _COMPARED if before[key] != after[key]}

    def exceeded(self, budgets: Mapping[str, int] | None = None) -> dict[str, int]:
        """By how much the file exceeds each budget that it exceeds; empty: it fits.

        Args:
            budgets: For ``"peak"``, ``"arena"``, ``"overlap_arena"`` and ``"size"`` bytes, for
                ``"macs"`` a count.
                None: those that the file was exported for.

        Raises:
            UsageError: There is no such resource, or it is not known.
        """
        figures: dict[str, int | None] = {
            **self.figures,
            "arena": self.arena,
            "overlap_arena": self.profile.memory.overlap_arena,
        }
        over = {}
        for name, limit in (self.budgets if budgets is None else budgets).items():
            if name not in figures:
                raise UsageError(f"unknown budget {name!r}; expected one of {', '.join(figures)}")
            figure = figures[name]
            if figure is None:
                raise UsageError(f"budget {name}: what {self.path} takes is not known")
            over[name] = figure - limit
        return {name: amount for name, amount in over.items() if amount > 0}

    def __str__(self) -> str:
        before, after = _figures(self.predicted), self.figures
        lines = [f"{self.path}: {self.profile.model.operators} operators"]
        for key in _COMPARED:
            unit = "" if key == "macs" else " B"
            said = f"  {key:<4} {after[key]:>12,}{unit}"
            if after[key] != before[key]:
                said += f", predicted {before[key]:,}{unit}"
            if key in self.budgets:
                said += _against(after[key], self.budgets[key], unit)
            lines.append(said)
        for key, arena in (
            ("arena", self.arena),
            ("overlap_arena", self.profile.memory.overlap_arena),
        ):
            if arena is not None and key in self.budgets:
                lines.append(f"  {key}{arena:>12,} B{_against(arena, self.budgets[key], ' B')}")
        lines += [f"  added: {_counted(self.added)}"] if self.added else []
        lines += [f"  left out: {_counted(self.dropped)}"] if self.dropped else []
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


def compare(
    path: Path,
    data: bytes,
    model: Graph,
    precision: str | None,
    budgets: Mapping[str, int] | None = None,
) -> Exported:
    """Read a file back and hold it against the graph of the model that it was made of.

    Args:
        path: The file.
        data: What stands in it, or is about to.
        model: What ``from_torch`` makes of the model.
        precision: How the model is counted, and the file where it is no TFLite file: None or
            ``"int8"``.
        budgets: What it is for, as ``Exported.exceeded`` takes it.

    Raises:
        FormatError: The file cannot be read back.
    """
    file = translated(str(path), data)
    own = None if file.source.exact else precision
    found, predicted = profile(file, precision=own), profile(model, precision=precision)
    runs = counted_forms(file, "deployed", own).runs
    wanted = counted_forms(model, "deployed", precision).runs
    matching = match(wanted, runs)
    added, dropped = _changes(matching)
    unexplained = {
        "peak": peak_without(runs, matching.added) - peak_without(wanted, matching.dropped),
        **{
            key: _figures(found)[key]
            - _figures(predicted)[key]
            - sum(getattr(change, key) for change in added)
            + sum(getattr(change, key) for change in dropped)
            for key in ("size", "macs")
        },
    }
    return Exported(
        path=path,
        profile=found,
        predicted=predicted,
        added=tuple(added),
        dropped=tuple(dropped),
        unexplained=unexplained,
        arena=found.memory.tflm_arena,
        notes=(*islands(file), *_notes(found)),
        budgets=dict(budgets or {}),
    )


def _against(figure: int, limit: int, unit: str) -> str:
    over = f": {figure - limit:,}{unit} too much" if figure > limit else ""
    return f" of {limit:,}{unit}{over}"


def _figures(of: Profile) -> dict[str, int]:
    flash = of.flash
    return {"peak": of.memory.peak, "size": flash.weights + flash.biases, "macs": of.macs}


def _changes(matching: Matching) -> tuple[list[Change], list[Change]]:
    """What the file has besides the model, and what it does without."""
    before, after = matching.predicted, matching.exported
    stored, kept = bytes_of(after), bytes_of(before)
    added = [
        Change(
            operator.native or operator.op.kind,
            operator.name,
            _learned(stored[operator.name]),
            _macs(after, operator),
        )
        for operator in after.operators
        if operator.name in matching.added
    ]
    dropped = [
        Change(
            operator.op.kind,
            operator.name,
            _learned(kept[operator.name]),
            _macs(before, operator),
        )
        for operator in before.operators
        if operator.name in matching.dropped
    ]
    for mine, other in matching.pairs:
        for role in (Role.WEIGHT, Role.BIAS):
            more = stored[other.name][role] - kept[mine.name][role]
            if more > 0:
                added.append(Change(role.value, other.name, more))
            elif more < 0:
                dropped.append(Change(role.value, mine.name, -more))
    return added, dropped


def _learned(counts: Mapping[Role, int]) -> int:
    return counts[Role.WEIGHT] + counts[Role.BIAS]


def _macs(graph: Graph, operator: Operator) -> int:
    shapes = graph.signature(operator)
    counted = None if shapes is None else operator.op.macs(shapes)
    return 0 if counted is None else int(counted)


def _notes(found: Profile) -> tuple[str, ...]:
    notes = []
    arena, peak = found.memory.tflm_arena, found.memory.peak
    if arena is not None and arena > peak:
        said = f"TFLM's arena takes {arena:,} B, {arena - peak:,} B more than the peak"
        causes = []
        if found.memory.file_order_peak > peak:
            causes.append(f"the file's own order peaks at {found.memory.file_order_peak:,} B")
        if arena > found.memory.file_order_peak:
            causes.append("scratch of kernels, offsets in steps of 16 bytes, gaps between tensors")
        notes.append(f"{said}: {'; '.join(causes)}")
    return (*notes, *found.assumptions)


def _counted(changes: Iterable[Change]) -> str:
    counts: dict[str, list[str]] = {}
    for change in changes:
        counts.setdefault(change.kind, []).append(change.name)
    return ", ".join(f"{len(names)} {kind}" for kind, names in counts.items())
