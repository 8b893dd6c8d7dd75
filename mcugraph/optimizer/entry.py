"""A model file in, a better one out."""

import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from mcugraph.checks import check_callable, check_number, path_text
from mcugraph.errors import UsageError
from mcugraph.files import check, replacing
from mcugraph.formats.load_limits import DEFAULT_LIMITS, LoadLimits
from mcugraph.formats.loader import load
from mcugraph.formats.model_file import model_file
from mcugraph.ir import Graph
from mcugraph.optimizer import onnx, tflite, tflite_steps, verification
from mcugraph.optimizer.new_file import NewFile
from mcugraph.optimizer.read_back import Tried, TryOut, figures
from mcugraph.optimizer.result import Optimization, OptimizationStep
from mcugraph.profiler import profile
from mcugraph.tflm.kernels import find_library
from mcugraph.tflm.steering import KERNELS as STEERABLE

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
    split: bool = False,
    max_extra_macs: float = 0.0,
    allow_slower: float = 0.0,
    minimise: str = "total",
    progress: Callable[[float, int], None] | None = None,
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
        kernels: What TFLM is built with. ``"reference"`` or ``"cmsis-nn"``: outputs then lie over
            inputs that die, as far as these kernels allow, and the file runs right with these
            kernels only, which it says in its metadata. A library of your own, by its name
            (``register_kernels``): with its scratch, without overlaps. ``"any"``: no overlaps, so
            that the file runs right with all of them; scratch is that of reference kernels.
        limits: How much the file may become while it is read, as for ``load``.
        split: Operators that follow one another may be computed in slices of channels, with one
            CONCATENATION at the end; of what saves memory, the best is looked for.
        max_extra_macs: With ``split``: the share of all multiply-accumulates that may be added
            where operators are computed in slabs of rows, whose windows overlap. 0.2: a fifth.
        allow_slower: The share of all instructions, as it is estimated, that may be added where
            convolutions of one by one are made to run by a kernel over whose input an output may
            lie. 0.1: a tenth. Of ``"cmsis-nn"`` alone, as all others need no such thing.
        minimise: Where operators are split: ``"total"``: the arena to reserve, since each
            operator takes some of the tail; ``"head"`` alone.
        progress: Called with seconds and bytes of the best so far, as splits are searched.

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
    find_library(library)
    if minimise not in tflite_steps.MINIMISED:
        expected = " or ".join(tflite_steps.MINIMISED)
        raise UsageError(f"unknown minimise {minimise!r}; expected {expected}")
    check_number("max_extra_macs", max_extra_macs)
    check_number("allow_slower", allow_slower)
    if progress is not None:
        check_callable("progress", progress)
    wanted = tflite_steps.Wanted(
        kernels,
        force,
        time_limit,
        split,
        max_extra_macs,
        allow_slower,
        minimise,
        progress,
    )
    graph = load(source, dims, limits=limits)
    where, data = model_file(source, limits or DEFAULT_LIMITS)
    before = profile(graph, kernels=library)
    with replacing(target) as temporary:
        trial = TryOut(source, temporary, before, dims, limits)
        if graph.source.format == "tflite":
            best, steps = tflite_steps.smaller(trial, data, graph, wanted)
        elif graph.source.format == "onnx":
            best, steps = _onnx(trial, data, graph, target, force)
        else:
            raise UsageError(f"{source}: {graph.source.format} files cannot be written back")
        change, after = best.change, best.profile
        temporary.write_bytes(change.data)
        verified: str | None = None
        said: tuple[str, ...] = ()
        if verify:
            with _as_file(where, data) as old:
                verified, said = verification.compare(old, str(temporary), graph, change.holds_for)
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
        notes=(*change.notes, *_without_effect(graph.source.format, wanted), *said),
        verified=verified,
    )


@contextmanager
def _as_file(path: str, data: bytes) -> Iterator[str]:
    """A file that holds a model and nothing else; one of its own where it came wrapped."""
    if Path(path).read_bytes() == data:
        yield path
        return
    with TemporaryDirectory(prefix="mcugraph-") as folder:
        plain = Path(folder, "model")
        plain.write_bytes(data)
        yield str(plain)


def _without_effect(format_: str, wanted: tflite_steps.Wanted) -> tuple[str, ...]:
    """A sentence for what was asked for and does nothing here."""
    if format_ != "tflite":
        asked = {"--split": wanted.split, "--allow-slower": wanted.allow_slower > 0}
        names = " and ".join(name for name, given in asked.items() if given)
        return (f"{names}: of TFLite files alone, so without effect",) if names else ()
    if wanted.allow_slower > 0 and wanted.kernels != STEERABLE:
        return (f"--allow-slower: of --kernels {STEERABLE} alone, so without effect",)
    return ()


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


_ORDERED = "order"  # what the one step of an ONNX file is called


def _onnx(
    trial: TryOut, data: bytes, graph: Graph, target: str, force: bool
) -> tuple[Tried, list[Tried]]:
    """The best ONNX file, and the step that led to it."""
    change = onnx.improved(trial.source, target, data, graph, trial.before, force)
    found = trial.of(_ORDERED, change)
    if found.profile.memory.file_order_peak > trial.before.memory.file_order_peak:
        # The order was found for the network as deployed; the file's own may be as good.
        kept = NewFile(data, notes=("no order was found that needs less memory",))
        found = Tried(_ORDERED, kept, trial.before)
    return found, [found]
