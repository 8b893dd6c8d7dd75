"""The answers of ``scheduling``, ``tflm`` and ``cost`` put together: the profile of a model."""

from collections.abc import Callable
from functools import partial
from os import PathLike

from mcugraph.checks import check_number
from mcugraph.cost.flash import constants, flash_of
from mcugraph.cost.layer_storage import LayerStorage
from mcugraph.cost.work import Work, total, work_of
from mcugraph.errors import GraphError, InternalError, UsageError
from mcugraph.formats.loader import graph_of
from mcugraph.garbage import collected_seldom
from mcugraph.ir import Graph, Role
from mcugraph.late_fields import Later, with_late_fields
from mcugraph.ops.variables import Variable
from mcugraph.profiles import (
    GENERATED,
    Bottleneck,
    FlashFacts,
    Layer,
    LiveTensor,
    Memory,
    ModelFacts,
    Profile,
)
from mcugraph.records import dataclass, replace
from mcugraph.rewrite.accounting import Accounted, counted_forms
from mcugraph.rewrite.precision import dense_by_tensor
from mcugraph.scheduling.figures import LiveSetFigures, LiveSetProblems
from mcugraph.scheduling.result import Schedule
from mcugraph.scheduling.runtime import Runtime, find_runtime
from mcugraph.tflm.abi import find_abi
from mcugraph.tflm.footprint import TflmFootprint
from mcugraph.tflm.footprint import footprint as tflm_footprint
from mcugraph.tflm.kernels import LIBRARIES, find_library
from mcugraph.tflm.loaded import file_of, program_from, program_of
from mcugraph.tflm.lowering import MODELLED
from mcugraph.tflm.own_plan import OwnArenas
from mcugraph.tflm.refusals import refusals

# Seconds that a profile gives its searches; `schedule` and `plan` take as long as asked.
SEARCH_SECONDS = 1.0


@collected_seldom()
def profile(
    graph: Graph | str | PathLike[str],
    runtime: str | Runtime = "tflm",
    accounting: str = "deployed",
    precision: str | None = None,
    kernels: str = "reference",
    time_limit: float = SEARCH_SECONDS,
    built: str | PathLike[str] | None = None,
    storage: bool = False,
) -> Profile:
    """What a model costs: exact peak SRAM, flash, multiply-accumulates.

    The model is read and held to be one that can be counted, and work and flash are. What takes a
    search or a simulation, ``memory`` above all, is worked out when it is first read.

    Args:
        graph: The model, or the path of its file.
        runtime: How the device executes it: a name or a ``Runtime``. ``"deploy"``: by the C code
            that ``deploy`` writes.
        accounting: ``"deployed"``: what a TFLite deployment runs (batch norm folded, activations
            fused). ``"paper"``: the preset of "Differentiable Network Pruning for
            Microcontrollers" (Liberis and Lane).
        precision: None: the model's own element types. ``"int8"``: what it costs quantised.
        kernels: What TFLM is built with: ``"reference"``, ``"cmsis-nn"`` (Cortex-M4 with its DSP
            extension), or a library of your own by its name (``register_kernels``); head and tail
            depend on it.
        time_limit: Seconds for the search for the best order, and again for the cut bound (that of
            the cuts made till then) and for each search for our plan of the arena. Where they do
            not suffice, ``memory.peak_lower_bound`` is what was proven, and ``schedule`` and
            ``plan`` look on for as long as they are asked to.
        built: A folder that ``deploy`` wrote of the model and that was built: what its code takes
            is known then.
        storage: Tell what the weights of each layer take in flash by how they are stored, which
            their zeros decide; all weights are read for that.

    Raises:
        McuGraphError: The file cannot be read, or an argument is unknown.
    """
    check_number("time_limit", time_limit)
    given, graph = graph, graph_of(graph, "profile")
    device = find_runtime(runtime)
    forms = counted_forms(graph, accounting, precision)
    # Whoever made a graph, nobody has verified it; that of a file was when it was read.
    made = given is graph
    return profile_forms(graph, forms, device, precision, kernels, time_limit, made, built, storage)


def profile_forms(
    graph: Graph,
    forms: Accounted,
    device: Runtime,
    precision: str | None = None,
    kernels: str = "reference",
    time_limit: float = SEARCH_SECONDS,
    unverified: bool = True,
    built: str | PathLike[str] | None = None,
    storage: bool = False,
) -> Profile:
    """The profile of a graph whose forms are known.

    Args:
        graph: The model.
        forms: What is counted of it.
        device: How it is executed.
        precision: At which it is counted; None: its own.
        kernels: As of `profile`.
        time_limit: As of `profile`.
        unverified: Whether nobody has held the graph against itself so far.
        built: As of `profile`.
        storage: As of `profile`.
    """
    counted, stored = forms.runs, forms.stores
    parts = work_of(counted, forms.by.pools_and_sums)
    work = total(parts)
    flash = flash_of(stored, forms.by.bytes_per_parameter)
    stored_bytes = FlashFacts(
        flash.file, flash.weights, flash.biases, flash.quantization, flash.other
    )
    # What is worked out later needs no weights: a profile that nobody reads shall not hold them. A
    # TFLite file stays, since TFLM's figures are of its tables.
    known = counted.without_values()
    problems = Later(lambda: LiveSetProblems.of(known, device, time_limit))
    live = Later(lambda: problems().figures(time_limit))
    if unverified:
        problems()
    arena = Later(_Arena)
    if device.generated:
        made = _generated(counted, time_limit)
        kernels, arena = GENERATED, Later(lambda: made)
        if built is not None:
            from mcugraph.codegen.project import built_bytes

            code, constants = built_bytes(built, graph)
            stored_bytes = replace(stored_bytes, code=code, constants=constants)
    elif built is not None:
        raise UsageError("built is what `deploy` made of a model: give runtime='deploy' with it")
    elif forms.by.has_arena:
        find_abi(device.abi)
        find_library(kernels)
        arena = Later(partial(_arena, known, device.abi, kernels, live, time_limit))
        if kernels not in LIBRARIES:
            arena()  # rules of a user's own may fail, and their name may stand for others later
    unsized = _unsized(counted)
    # What an importer says of a body holds for whoever calls it.
    walked = tuple(counted.walk())
    assumed = dict.fromkeys(text for part in walked for text in part.assumptions)
    said = (*assumed, *work.assumptions, *unsized)
    refused = arena.part(lambda found: found.refusals)
    return Profile(
        model=ModelFacts(
            path=graph.source.path,
            format=graph.source.format,
            name=graph.name,
            operators=len(counted.operators),
            parameters=flash.parameters,
        ),
        runtime=device.name,
        abi=device.abi,
        kernels=kernels,
        accounting=forms.by.name,
        precision=precision,
        memory=Later(partial(_memory, problems, live, arena)).part(lambda found: found),
        flash=stored_bytes,
        macs=work.macs,
        elementwise=work.elementwise,
        unknown_operators=work.unknown,
        tflm_refusals=() if device.generated else refused,
        deploy_refusals=refused if device.generated else (),
        assumptions=arena.part(lambda found: (*said, *found.notes)),
        complete=all(part.complete for part in walked) and not work.unknown and not unsized,
        order=live.part(lambda found: tuple(map(str, found.best.order))),
        layers=live.part(lambda found: _layers(known, parts, found)),
        storage=_storage(stored) if storage else None,
    )


def _storage(graph: Graph) -> tuple[LayerStorage, ...]:
    """How weights can be stored, which most profiles do not ask for."""
    from mcugraph.cost.zeros import storage_of

    return storage_of(graph)


@with_late_fields
@dataclass(frozen=True, slots=True)
class _Arena:
    """TFLM's arena with its own plan, and the head in bytes with ours; None: not known.

    ``overlapped`` is with outputs over inputs that die.
    """

    found: TflmFootprint | None = None
    planned: int | None = None
    overlapped: int | None = None
    notes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


def _arena(
    graph: Graph, abi: str, kernels: str, live: Later[LiveSetFigures], seconds: float
) -> _Arena:
    file, notes = file_of(graph)
    if file is None:
        return _Arena(notes=notes)
    program, more = program_from(file, abi, kernels)
    refused = refusals(file, kernels)
    said = tuple(map(str, refused))
    if program is None:
        shown = tuple(note for note in notes if note != MODELLED)  # there are no such figures
        return _Arena(notes=(*shown, *more), refusals=said)
    found = Later(lambda: tflm_footprint(program))
    own = Later(lambda: OwnArenas(program, found().arena, seconds, live().best))
    unchecked = [
        f"TFLM does not run this model, since {each.reason}; its figures are those without that "
        "check"
        for each in refused
    ]
    return _Arena(
        found=found.part(lambda each: each),
        planned=own.part(lambda each: each.planned),
        overlapped=own.part(lambda each: each.overlapped),
        notes=(*notes, *more, *unchecked, *_handles(graph)),
        refusals=said,
    )


def _generated(graph: Graph, seconds: float) -> _Arena:
    """The arena of generated code; what writes that takes a tenth of a start to import."""
    from mcugraph.codegen.building import arenas

    try:
        planned, overlapped = arenas(graph, seconds)
    except GraphError as error:
        return _Arena(refusals=(str(error).partition("cannot be deployed: ")[2] or str(error),))
    return _Arena(planned=planned, overlapped=overlapped)


def _handles(graph: Graph) -> tuple[str, ...]:
    """What to say where the head may be smaller than the peak."""
    operators = [operator.op for part in graph.walk() for operator in part.operators]
    if not any(op.function == "var_handle" for op in operators if isinstance(op, Variable)):
        return ()
    return (
        "a resource handle counts 4 bytes in the peak and its bounds; TFLM keeps handles in its "
        "tail, so the head, by its plan and by ours, may be smaller than the peak by 4 bytes for "
        "each that is live there",
    )


def on_abi(found: Profile, graph: Graph, abi: str) -> Profile:
    """A profile of a graph, for a device with another ABI: TFLM's tail and total are others."""
    if abi == found.abi or found.memory.tflm_persistent is None:
        return replace(found, abi=abi)
    counted = counted_forms(graph, found.accounting, found.precision).runs
    return replace(found, abi=abi, memory=_loaded_again(found, counted, abi))


def with_dense_by_tensor(found: Profile, graph: Graph) -> Profile:
    """An int8 profile of a graph whose dense layers have one scale each, not one a channel."""
    if found.memory.tflm_persistent is None:
        return found
    counted = counted_forms(graph, found.accounting, found.precision).runs
    return replace(found, memory=_loaded_again(found, dense_by_tensor(counted), found.abi))


def _loaded_again(found: Profile, counted: Graph, abi: str) -> Memory:
    """The memory of a profile, with TFLM's figures for another form of its graph.

    Raises:
        InternalError: TFLM's figures are not known for that, but were for the profile.
    """
    program, _ = program_of(counted, abi, found.kernels)
    if program is None:
        raise InternalError(f"{counted.name}: TFLM's figures are known for one form alone")
    other = tflm_footprint(program)
    return replace(
        found.memory,
        tflm_arena=other.arena,
        tflm_persistent=other.persistent,
        tflm_persistent_host=other.persistent_host,
        tflm_total=other.total,
        tflm_total_host=other.total_host,
    )


def _memory(
    problems: Later[LiveSetProblems], live: Later[LiveSetFigures], arena: Later[_Arena]
) -> Memory:
    def tflm(figure: Callable[[TflmFootprint], int]) -> int | None:
        return arena.part(lambda each: None if each.found is None else figure(each.found))

    return Memory(
        peak=live.part(lambda each: each.best.peak),
        peak_is_optimal=live.part(lambda each: each.best.optimal),
        peak_lower_bound=live.part(lambda each: each.best.lower_bound),
        file_order_peak=live.part(lambda each: each.in_file_order.peak),
        operator_bound=live.part(lambda each: each.operator_bound),
        cut_bound=live.part(lambda each: each.cut_bound),
        tflm_arena=tflm(lambda found: found.arena),
        tflm_persistent=tflm(lambda found: found.persistent),
        tflm_persistent_host=tflm(lambda found: found.persistent_host),
        tflm_total=tflm(lambda found: found.total),
        tflm_total_host=tflm(lambda found: found.total_host),
        planned_arena=arena.part(lambda each: each.planned),
        overlap_arena=arena.part(lambda each: each.overlapped),
        state=problems.part(lambda each: each.state),
        bottleneck=live.part(lambda each: _bottleneck(each.best)),
    )


def _bottleneck(best: Schedule) -> Bottleneck | None:
    if best.bottleneck is None:
        return None
    live = tuple(LiveTensor(str(entry.tensor), entry.bytes) for entry in best.live)
    return Bottleneck(str(best.bottleneck), live)


def _unsized(graph: Graph) -> tuple[str, ...]:
    """What to say about tensors of unknown size, which count 0 bytes."""
    tensors = [tensor for part in graph.walk() for tensor in part.tensors.values()]
    names = [t.name for t in tensors if t.shape is None or not t.dtype.has_size]
    if not names:
        return ()
    shown = ", ".join(map(repr, names[:3])) + (f" and {len(names) - 3} more" if names[3:] else "")
    return (f"counted as 0 bytes, since the model does not tell their size: {shown}",)


def _layers(graph: Graph, parts: tuple[Work, ...], memory: LiveSetFigures) -> tuple[Layer, ...]:
    layers, learned = [], Role.WEIGHT
    for operator, work, live in zip(
        graph.operators, parts, memory.in_file_order.timeline, strict=True
    ):
        results = [graph.tensors[name] for name in operator.outputs]
        weights = {
            tensor.name: tensor.stored_bytes
            for role, tensor in constants(graph, operator)
            if role is learned
        }
        layers.append(
            Layer(
                name=operator.name,
                kind=operator.op.kind,
                type=operator.native,
                macs=None if work.unknown else work.macs,
                elementwise=None if work.unknown else work.elementwise,
                weights=sum(weights.values()),
                output_shape=results[0].shape if results else None,
                output_bytes=sum([tensor.nbytes for tensor in results]),
                live_bytes=live,
            )
        )
    return tuple(layers)
