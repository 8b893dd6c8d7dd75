"""TFLite files that compute the same by other operators, or by other kernels, with less memory."""

from collections.abc import Callable

from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.formats.tflite.rebuilding import rebuilt
from mcugraph.ir import Graph
from mcugraph.optimizer.tflite import ANY, library_of
from mcugraph.records import dataclass, replace
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.tflm.loaded import TflmProgram, program_of
from mcugraph.tflm.own_plan import overlap_plan
from mcugraph.tflm.splits.split_chains import unsplittable
from mcugraph.tflm.splits.split_file import split_file
from mcugraph.tflm.splits.split_prices import Outline, PlannedPrice
from mcugraph.tflm.splits.split_search import TOTAL, SplitChoice, best_splits
from mcugraph.tflm.steering import KERNELS as STEERABLE
from mcugraph.tflm.steering import least_steering, steerable, steered, steering_recipe

Told = Callable[[float, int], None]  # seconds, and bytes of the best so far

_SECONDS = 0.3  # for one plan of a search
_CUT = "the time limit ended the search for what to split; with more time there may be better"
_PARTS = {"channels": "slices of channels", "rows": "slabs of rows"}


@dataclass(frozen=True, slots=True)
class Transformed:
    """A new file without a memory plan, and what was done.

    Attributes:
        data: The file.
        notes: A sentence each.
    """

    data: bytes
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _SteeredPrice(PlannedPrice):
    """Prices with all kernels steered that can be, as far as that is allowed afterwards."""

    def outline(self, program: TflmProgram) -> Outline | None:
        return PlannedPrice.outline(self, _all_steered(program))

    def head(self, program: TflmProgram, outline: Outline, seconds: float) -> int:
        return PlannedPrice.head(self, _all_steered(program), outline, seconds)


def _all_steered(program: TflmProgram) -> TflmProgram:
    return steered(program, tuple(steerable(program)))


def split(
    path: str,
    data: bytes,
    graph: Graph,
    kernels: str,
    minimise: str,
    extra_macs: int,
    steer: bool,
    seconds: float | None,
    progress: Told | None = None,
) -> Transformed | None:
    """The file with the chains computed in slices of channels that save most; None: none does.

    Args:
        path: Named in errors.
        data: The file.
        graph: Its translation.
        kernels: As for ``optimize``.
        minimise: ``"total"`` or ``"head"``.
        extra_macs: How many multiply-accumulates slabs of rows may add.
        steer: Kernels will be steered, so that prices count on it.
        seconds: For the search; None: as long as it takes.
        progress: Called with each better choice.

    Raises:
        FormatError: The file holds what is not known to survive this.
    """
    model, program = _unplanned(graph, kernels)
    if model is None or program is None:
        return None
    reason = unsplittable(model)
    if reason is not None:
        return Transformed(data, (f"nothing is computed in slices, since {reason}",))
    price = (_SteeredPrice if steer else PlannedPrice)(overlapping=kernels != ANY)

    def told(elapsed: float, choice: SplitChoice) -> None:
        if progress is not None and choice.head is not None:
            whole = minimise == TOTAL
            progress(elapsed, choice.outline.total(choice.head) if whole else choice.head)

    limits = Limits(seconds)
    choice = best_splits(program, price, minimise, limits, told, extra_macs)
    cut = (_CUT,) if seconds is not None and limits.elapsed > seconds else ()
    if choice is None or not choice.splits:
        return Transformed(data, cut) if cut else None
    operators = model.subgraphs[0].operators
    notes = tuple(
        f"{len(chain.operators)} operators, from #{chain.operators[0]} "
        f"{operators[chain.operators[0]].native} to #{chain.operators[-1]} "
        f"{operators[chain.operators[-1]].native}, are computed in {count} {_PARTS[chain.along]}"
        for chain, count in choice.splits
    )
    return Transformed(split_file(path, data, model, choice.splits), (*notes, *cut))


def steer(path: str, data: bytes, graph: Graph, macs: int, most: float) -> Transformed | None:
    """The file with the kernels steered that the smallest head takes; None: it takes none.

    Args:
        path: Named in errors.
        data: The file.
        graph: Its translation.
        macs: Multiplications of the network.
        most: The share of all instructions that may be added.

    Raises:
        FormatError: The file holds what is not known to survive this.
    """
    model, program = _unplanned(graph, STEERABLE)
    if model is None or program is None:
        return None
    found = least_steering(program, macs, most, _head)
    if not found.operators or _head(steered(program, found.operators)) >= _head(program):
        return None
    operators = model.subgraphs[0].operators
    named = ", ".join(f"#{i} {operators[i].native}" for i in found.operators)
    note = (
        f"{named}: a dilation of 2, which means nothing for a window of one, has {STEERABLE} take "
        f"its general kernel; estimated to add {found.slower:.1%} to all instructions"
    )
    return Transformed(
        rebuilt(path, data, model, steering_recipe(program, found.operators)), (note,)
    )


def steered_head(graph: Graph, macs: int, most: float) -> int | None:
    """Bytes of the head with kernels steered as ``steer`` does; None: not known."""
    _, program = _unplanned(graph, STEERABLE)
    if program is None:
        return None
    return _head(steered(program, least_steering(program, macs, most, _head).operators))


def _head(program: TflmProgram) -> int:
    return overlap_plan(program, _SECONDS)[1].arena


def _unplanned(graph: Graph, kernels: str) -> tuple[TfliteModel | None, TflmProgram | None]:
    """What TFLM would load of a file without a memory plan of its own; None: not known."""
    model = graph.source.file
    if not isinstance(model, TfliteModel):
        return None, None
    bare = replace(model, offsets=None, misfit=None, planned_for="")
    known = replace(graph, source=replace(graph.source, file=bare))
    program, _ = program_of(known, kernels=library_of(kernels))
    return bare, program
