"""A model file in, a better one out."""

import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from mcugraph.checks import path_text
from mcugraph.errors import UsageError
from mcugraph.files import check, replacing
from mcugraph.formats.load_limits import LoadLimits
from mcugraph.formats.loader import load
from mcugraph.ir import Graph
from mcugraph.optimizer import onnx, tflite, verification
from mcugraph.optimizer.new_file import NewFile
from mcugraph.optimizer.read_back import Trial, Tried, figures
from mcugraph.optimizer.result import Optimization, OptimizationStep
from mcugraph.profiler import Profile, profile
from mcugraph.records import replace
from mcugraph.tflm.kernels import LIBRARIES
from mcugraph.units import exact

SECONDS = 10.0


def optimize(
    path_in: str | Path,
    path_out: str | Path,
    force: bool = False,
    verify: bool = False,
    time_limit: float | None = SECONDS,
    dims: Mapping[str | tuple[str, int], int] | None = None,
    kernels: str = "any",
    limits: LoadLimits | None = None,
) -> Optimization:
    """Write a model back with less memory: its operators reordered, its tensors planned.

    TFLite: operators get the order in which TFLM needs the smallest arena, and the metadata entry
    ``OfflineMemoryAllocation`` gets an offset for every tensor. ONNX: nodes get the order with
    the least peak memory. All else in the file stays as it is. Only what pays is changed: if
    nothing does, the new file is a copy.

    State, resource variables, scratch memory of kernels and subgraphs that others call are left to
    the runtime. The new file is read back and held against the old one before it replaces
    anything; `mcugraph.files` says how it is written.

    Args:
        path_in: A .tflite or .onnx file.
        path_out: Where to write; may be ``path_in``.
        force: Write order and plan although nothing is saved.
        verify: Run both files on random inputs (TFLM or LiteRT; ONNX Runtime), and compare their
            outputs bit for bit.
        time_limit: Seconds that each search may take; None: no limit.
        dims: Values for dynamic dimensions, as for ``load``.
        kernels: What TFLM is built with: ``"reference"`` or ``"cmsis-nn"``. Outputs then lie over
            inputs that die, as far as these kernels allow, and the file runs right with these
            kernels only, which it says in its metadata. ``"any"``: no such overlaps, so that the
            file runs right with all of them; scratch is that of reference kernels.
        limits: How much the file may become while it is read, as for ``load``.

    Returns:
        The figures before and after, in bytes.

    Raises:
        FormatError: The file cannot be read or rewritten.
        UsageError: The new file cannot be written there, the old one is a pipe or a device, or no
            runtime to verify with is installed.
        McuGraphError: The new file did not prove as good as the old one; nothing was written.
    """
    source = path_text(path_in, "optimize takes the path of a model file")
    target = path_text(path_out, "optimize takes the path of the file to write")
    _check_readable_again(source)
    check(target)
    library = tflite.library_of(kernels)
    if library not in LIBRARIES:
        raise UsageError(f"unknown kernels {kernels!r}; expected any, {' or '.join(LIBRARIES)}")
    graph = load(source, dims, limits=limits)
    data = Path(source).read_bytes()
    before = profile(graph, kernels=library)
    with replacing(target) as temporary:
        trial = Trial(source, temporary, before, dims, limits)
        if graph.source.format == "tflite":
            best, steps = _tflite(trial, data, graph, kernels, force, time_limit)
        elif graph.source.format == "onnx":
            best, steps = _onnx(trial, data, graph, target, force)
        else:
            raise UsageError(f"{source}: {graph.source.format} files cannot be written back")
        change, after = best.change, best.profile
        temporary.write_bytes(change.data)
        verified: str | None = None
        said: tuple[str, ...] = ()
        if verify:
            verified, said = verification.compare(source, str(temporary), graph, change.holds_for)
    return Optimization(
        path_in=source,
        path_out=target,
        format=graph.source.format,
        changed=change.data != data,
        moved=change.moved,
        planned=change.planned,
        before=figures(before, len(data)),
        after=figures(after, len(change.data)),
        kernels=kernels,
        holds_for=change.holds_for,
        steps=tuple(
            OptimizationStep(s.what, figures(s.profile, len(s.change.data))) for s in steps
        ),
        left=change.left,
        notes=(*change.notes, *said),
        verified=verified,
    )


def _check_readable_again(source: str) -> None:
    """The old file is read for its figures, to be rewritten, and to be run: a pipe gives it once.

    Raises:
        UsageError: It is a pipe or a device.
    """
    with suppress(OSError, ValueError):  # `load` says so better
        mode = Path(source).stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise UsageError(
                f"{source}: is a pipe or a device, and optimize reads a model more than once; "
                "copy it to a file"
            )


# What a step is called.
_PLANNED, _OVERLAPPING, _ORDERED = "order, plan", "overlaps", "order"


def _tflite(
    trial: Trial,
    data: bytes,
    graph: Graph,
    kernels: str,
    force: bool,
    time_limit: float | None,
) -> tuple[Tried, list[Tried]]:
    """The best TFLite file, and the steps that led to it."""

    def improved(what: str, asked: str) -> Tried:
        return trial.of(what, tflite.improved(trial.source, data, graph, force, time_limit, asked))

    if kernels == tflite.ANY:
        best = improved(_PLANNED, kernels)
        return best.noting(_with_named_kernels(graph, best.profile)), [best]
    best = improved(_OVERLAPPING, kernels)
    if not best.change.holds_for:
        best = replace(best, what=_PLANNED)
    if best.what == _PLANNED or tflite.planned_for(graph):
        return best, [best]
    return best, [improved(_PLANNED, tflite.ANY), best]


def _with_named_kernels(graph: Graph, found: Profile) -> tuple[str, ...]:
    """What could be saved where the kernels are known, a sentence each."""
    head = found.memory.tflm_arena
    notes = []
    for kernels in LIBRARIES:
        overlapped = profile(graph, kernels=kernels).memory.overlap_arena
        if head is not None and overlapped is not None and overlapped < head:
            notes.append(
                f"with --kernels {kernels} outputs may lie over inputs: TFLM arena, head, "
                f"{exact(overlapped)} B"
            )
    return tuple(notes)


def _onnx(
    trial: Trial, data: bytes, graph: Graph, target: str, force: bool
) -> tuple[Tried, list[Tried]]:
    """The best ONNX file, and the step that led to it."""
    change = onnx.improved(trial.source, target, data, graph, trial.before, force)
    found = trial.of(_ORDERED, change)
    if found.profile.memory.file_order_peak > trial.before.memory.file_order_peak:
        # The order was found for the network as deployed; the file's own may be as good.
        kept = NewFile(data, notes=("no order was found that needs less memory",))
        found = Tried(_ORDERED, kept, trial.before)
    return found, [found]
