"""The steps by which a TFLite file gets smaller, each held against the one before."""

from mcugraph.formats.loader import load
from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.ir import Graph
from mcugraph.optimizer import tflite, transforms
from mcugraph.optimizer.new_file import NewFile
from mcugraph.optimizer.read_back import Tried, TryOut, takes_more
from mcugraph.profiler import profile
from mcugraph.profiles import Profile
from mcugraph.records import dataclass, replace
from mcugraph.tflm.kernels import LIBRARIES
from mcugraph.tflm.splits.split_search import HEAD, TOTAL
from mcugraph.tflm.steering import KERNELS as STEERABLE
from mcugraph.units import exact

# What a step is called.
PLANNED, OVERLAPPING, SPLIT, STEERED = "order, plan", "overlaps", "splits", "kernels"
_USUAL_SHARE = 0.1  # of instructions that steering may add, where it is proposed
MINIMISED = (TOTAL, HEAD)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What may be done to a file.

    Attributes:
        kernels: What TFLM is built with, or ``"any"``.
        force: Write order and plan although nothing is saved.
        seconds: For each search; None: no limit.
        split: Operators may be computed in slices of channels.
        max_extra_macs: The share of all multiply-accumulates that slabs of rows may add.
        allow_slower: The share of all instructions that steering kernels may add.
        minimise: ``"total"``: the arena to reserve; ``"head"``.
        progress: Called with seconds and bytes of the best so far, as splits are searched.
    """

    kernels: str
    force: bool
    seconds: float | None
    split: bool
    max_extra_macs: float
    allow_slower: float
    minimise: str
    progress: transforms.Told | None


def smaller(trial: TryOut, data: bytes, graph: Graph, wanted: Wanted) -> tuple[Tried, list[Tried]]:
    """The best file, and the steps that led to it."""
    steps = _planned(trial, data, graph, wanted)
    best, stored = steps[-1], graph
    steers = wanted.kernels == STEERABLE and wanted.allow_slower > 0
    if wanted.split:
        made = transforms.split(
            trial.source,
            data,
            graph,
            wanted.kernels,
            wanted.minimise,
            _extra_macs(trial, wanted),
            steers,
            wanted.seconds,
            wanted.progress,
        )
        if made is not None and made.data == data:
            best = best.noting(made.notes)
        elif made is not None:
            tried = _transformed(trial, SPLIT, made, wanted)
            # With kernels still to be steered, what is best is seen after that.
            if steers or _cost(tried, wanted) < _cost(best, wanted):
                data, graph = made.data, _graph_of(trial, made.data)
                best = tried
                steps.append(best)
    if steers:
        steered = transforms.steer(
            trial.source, data, graph, trial.before.macs, wanted.allow_slower
        )
        if steered is not None:
            tried = _transformed(trial, STEERED, steered, wanted).noting(_split_notes(best))
            if _cost(tried, wanted) < _cost(best, wanted):
                best = tried
                steps.append(best)
    least = min(steps, key=lambda step: _asks(step, wanted))
    if _asks(least, wanted) < _asks(best, wanted):
        best = least
        steps = steps[: steps.index(least) + 1]
    if wanted.kernels == tflite.ANY:
        best = best.noting(_with_named_kernels(stored, best.profile))
    elif wanted.kernels == STEERABLE and not steers:
        best = best.noting(_with_steering(trial, stored, best.profile))
    return best, steps


def _split_notes(tried: Tried) -> tuple[str, ...]:
    return tried.change.notes if tried.what == SPLIT else ()


def _planned(trial: TryOut, data: bytes, graph: Graph, wanted: Wanted) -> list[Tried]:
    """Order and plan without overlaps and, where kernels are named that make a difference, with."""

    def improved(what: str, kernels: str) -> Tried:
        change = tflite.improved(trial.source, data, graph, wanted.force, wanted.seconds, kernels)
        tried = trial.of(what, change)
        if change.mends or not takes_more(trial.before, tried.profile):
            return tried
        unchanged = NewFile(data, notes=("what the head would save, the tail would take",))
        return trial.of(PLANNED, unchanged)

    if wanted.kernels == tflite.ANY:
        return [improved(PLANNED, wanted.kernels)]
    best = improved(OVERLAPPING, wanted.kernels)
    if not best.change.holds_for:
        best = replace(best, what=PLANNED)
    model = graph.source.file
    if best.what == PLANNED or (isinstance(model, TfliteModel) and model.planned_for):
        return [best]
    return [improved(PLANNED, tflite.ANY), best]


def _transformed(trial: TryOut, what: str, made: transforms.Transformed, wanted: Wanted) -> Tried:
    """A file that was made anew, with an order and a plan."""
    change = tflite.improved(
        trial.source,
        made.data,
        _graph_of(trial, made.data),
        wanted.force,
        wanted.seconds,
        wanted.kernels,
    )
    if change.data == made.data:  # it needs no plan
        change = replace(change, notes=())
    extra = _extra_macs(trial, wanted)
    return trial.of(what, change, other_operators=True, extra_macs=extra).noting(made.notes)


def _extra_macs(trial: TryOut, wanted: Wanted) -> int:
    """How many multiply-accumulates may be added."""
    return int(wanted.max_extra_macs * trial.before.macs)


def _graph_of(trial: TryOut, data: bytes) -> Graph:
    trial.temporary.write_bytes(data)
    return load(trial.temporary, trial.dims, limits=trial.limits)


def _cost(tried: Tried, wanted: Wanted) -> int:
    """What is to be as small as can be."""
    memory = tried.profile.memory
    found = memory.tflm_arena if wanted.minimise == HEAD else memory.tflm_total
    return found or 0


def _asks(tried: Tried, wanted: Wanted) -> tuple[int, bool]:
    """What a file asks for: what is to be small, and then whether it asks for certain kernels."""
    return _cost(tried, wanted), bool(tried.change.holds_for) and not wanted.force


def _with_steering(trial: TryOut, graph: Graph, found: Profile) -> tuple[str, ...]:
    """What could be saved where kernels may be steered, a sentence."""
    head = transforms.steered_head(graph, trial.before.macs, _USUAL_SHARE)
    if head is None or head >= (found.memory.tflm_arena or 0):
        return ()
    return (
        f"with --allow-slower {_USUAL_SHARE:.0%} more outputs may lie over inputs: a head "
        f"of {exact(head)} B",
    )


def _with_named_kernels(graph: Graph, found: Profile) -> tuple[str, ...]:
    """What could be saved where the kernels are known, a sentence each."""
    head = found.memory.tflm_arena
    notes = []
    for kernels in LIBRARIES:
        overlapped = profile(graph, kernels=kernels).memory.overlap_arena
        if head is not None and overlapped is not None and overlapped < head:
            notes.append(
                f"with --kernels {kernels} outputs may lie over inputs: a head of "
                f"{exact(overlapped)} B"
            )
    return tuple(notes)
