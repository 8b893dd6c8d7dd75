"""What `mcugraph optimize` would make of a model that does not fit."""

from collections.abc import Iterator

from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.formats.tflite.tables import NUMBERED
from mcugraph.ir import Graph
from mcugraph.profiles import Profile
from mcugraph.records import dataclass
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.tflm.footprint import total_with_plan
from mcugraph.tflm.head import can_be_planned
from mcugraph.tflm.loaded import TflmProgram, program_of

COMMAND = "mcugraph optimize"
_SECONDS = 2.0  # for the search for what to split


@dataclass(frozen=True, slots=True)
class Remedy:
    """A command that makes a file smaller.

    Attributes:
        command: As it is typed, without the files.
        total: Bytes of the least arena with which TFLM then loads the file.
    """

    command: str
    total: int


def remedies(graph: Graph, found: Profile, splits: bool = True) -> Iterator[Remedy]:
    """Commands from the simplest on, each with what it comes to; each takes less than those before.

    Args:
        graph: The model; only TFLite files can be planned.
        found: Its profile.
        splits: Those that split operators are among them, which takes a search.
    """
    memory = found.memory
    planned, overlapped, total = memory.planned_arena, memory.overlap_arena, memory.tflm_total
    model = graph.source.file
    if not isinstance(model, TfliteModel) or found.precision is not None:
        return
    if planned is None or overlapped is None or total is None or not can_be_planned(model):
        return
    if NUMBERED in model.metadata and memory.peak < memory.file_order_peak:
        return  # the plan that is known is of an order that such a file cannot have
    counted = counted_forms(graph, found.accounting, found.precision).runs
    program, _ = program_of(counted, found.abi, found.kernels)
    if program is None:
        return
    least = total
    for remedy in _each(program, planned, overlapped, splits):
        if remedy.total < least:
            least = remedy.total
            yield remedy


def best_remedy(graph: Graph, found: Profile) -> Remedy | None:
    """The command that saves most of those that take no search; None: none saves anything."""
    known = remedies(graph, found, splits=False)
    return min(known, key=lambda remedy: remedy.total, default=None)


def best_order(graph: Graph, found: Profile) -> int | None:
    """The peak in bytes of an ONNX file whose best order `mcugraph optimize` writes.

    None: it is that of the file already, or the command writes no such file. Of files with loops
    and branches it may find none, since the order is that of the network as it is deployed.
    """
    memory = found.memory
    written = found.model.format == "onnx" and found.precision is None and not found.generated
    if not written or memory.peak == memory.file_order_peak or len(tuple(graph.walk())) > 1:
        return None
    return memory.peak


def _each(program: TflmProgram, planned: int, overlapped: int, splits: bool) -> Iterator[Remedy]:
    """What holds for all kernels first; that is counted with reference kernels."""
    named = f"{COMMAND} --kernels {program.kernels}"
    if program.kernels == "reference":
        yield Remedy(COMMAND, total_with_plan(program, planned))
        if splits:
            yield from _split(f"{COMMAND} --split", program, overlapping=False)
    yield Remedy(named, total_with_plan(program, overlapped))
    if splits:
        yield from _split(f"{named} --split", program, overlapping=True)


def _split(command: str, program: TflmProgram, overlapping: bool) -> Iterator[Remedy]:
    # Which most answers do without.
    from mcugraph.scheduling.solving.limits import Limits
    from mcugraph.tflm.splits.split_prices import PlannedPrice
    from mcugraph.tflm.splits.split_search import best_splits

    choice = best_splits(program, PlannedPrice(overlapping=overlapping), limits=Limits(_SECONDS))
    if choice is not None and choice.made is not None and choice.head is not None:
        yield Remedy(command, total_with_plan(choice.made.program, choice.head))
