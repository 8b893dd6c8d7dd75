"""A model file in, a better one out."""

from collections.abc import Mapping
from pathlib import Path

from mcugraph.checks import path_text
from mcugraph.errors import FormatError, McuGraphError, UsageError
from mcugraph.files import check, replacing
from mcugraph.formats.load_limits import LoadLimits
from mcugraph.formats.loader import load
from mcugraph.ir import Graph
from mcugraph.optimizer import onnx, tflite, verification
from mcugraph.optimizer.new_file import NewFile
from mcugraph.optimizer.result import Figures, Optimization
from mcugraph.profiler import Profile, profile
from mcugraph.tflm.kernels import LIBRARIES

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
        kernels: What TFLM is built with, whose scratch is planned: ``"reference"``,
            ``"cmsis-nn"``, or ``"any"``: what runs on all of them, counted with reference kernels.
        limits: How much the file may become while it is read, as for ``load``.

    Returns:
        The figures before and after, in bytes.

    Raises:
        FormatError: The file cannot be read or rewritten.
        UsageError: The new file cannot be written there, or no runtime to verify with is
            installed.
        McuGraphError: The new file did not prove as good as the old one; nothing was written.
    """
    source = path_text(path_in, "optimize takes the path of a model file")
    target = path_text(path_out, "optimize takes the path of the file to write")
    check(target)
    library = "reference" if kernels == "any" else kernels
    if library not in LIBRARIES:
        raise UsageError(f"unknown kernels {kernels!r}; expected any, {' or '.join(LIBRARIES)}")
    graph = load(source, dims, limits=limits)
    data = Path(source).read_bytes()
    before = profile(graph, kernels=library)
    change = _change(source, target, data, graph, before, force, time_limit)
    with replacing(target) as temporary:
        temporary.write_bytes(change.data)
        try:
            after = profile(load(temporary, dims, limits=limits), kernels=library)
        except FormatError as error:
            raise McuGraphError(f"{source}: the new file cannot be read back: {error}") from error
        if _worse(before, after) and graph.source.format == "onnx" and not force:
            # The order was found for the network as deployed; the file's own may be as good.
            change = NewFile(data, notes=("no order was found that needs less memory",))
            temporary.write_bytes(data)
            after = before
        _hold(source, before, after)
        verified, said = (
            verification.compare(source, str(temporary), graph) if verify else (None, ())
        )
    return Optimization(
        path_in=source,
        path_out=target,
        format=graph.source.format,
        changed=change.data != data,
        moved=change.moved,
        planned=change.planned,
        before=_figures(before, data),
        after=_figures(after, change.data),
        left=change.left,
        notes=(*change.notes, *said),
        verified=verified,
    )


def _change(
    source: str,
    target: str,
    data: bytes,
    graph: Graph,
    before: Profile,
    force: bool,
    time_limit: float | None,
) -> NewFile:
    if graph.source.format == "tflite":
        return tflite.improved(source, data, graph, force, time_limit, before.kernels)
    if graph.source.format == "onnx":
        return onnx.improved(source, target, data, graph, before, force)
    raise UsageError(f"{source}: {graph.source.format} files cannot be written back")


def _figures(found: Profile, data: bytes) -> Figures:
    memory = found.memory
    return Figures(
        memory.tflm_arena,
        memory.tflm_persistent,
        memory.tflm_total,
        memory.file_order_peak,
        len(data),
    )


def _worse(before: Profile, after: Profile) -> bool:
    return after.memory.file_order_peak > before.memory.file_order_peak


def _hold(path: str, before: Profile, after: Profile) -> None:
    """The new file against the old one.

    Raises:
        McuGraphError: It is worse, or another network.
    """
    old, new = before.memory, after.memory
    same = (
        (before.macs, after.macs),
        (before.elementwise, after.elementwise),
        # One by one they may differ: a constant that is both goes by who reads it first.
        (_stored(before), _stored(after)),
        (old.state, new.state),
        (_layers(before), _layers(after)),
    )
    if any(a != b for a, b in same):
        raise McuGraphError(f"{path}: the new file came out as another network; nothing is written")
    figures: tuple[tuple[int | None, int | None], ...]
    if before.model.format == "tflite":
        figures = (
            (old.tflm_arena, new.tflm_arena),
            (old.tflm_persistent, new.tflm_persistent),
            (old.tflm_total, new.tflm_total),
        )
    else:
        figures = ((old.file_order_peak, new.file_order_peak),)
    for was, now in figures:
        if was is not None and (now is None or now > was):
            raise McuGraphError(
                f"{path}: the new file would take {now} bytes, and the old one takes {was}; "
                "nothing is written"
            )


def _stored(found: Profile) -> int:
    return found.flash.weights + found.flash.biases


def _layers(found: Profile) -> list[tuple[str, str]]:
    """Operators without their names, since some are named by their place."""
    return sorted((layer.type, str(layer.output_shape)) for layer in found.layers)
