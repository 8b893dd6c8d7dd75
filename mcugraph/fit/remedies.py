"""What `mcugraph optimize` would make of a model that does not fit."""

from collections.abc import Iterator

from mcugraph.ir import Graph
from mcugraph.profiles import Profile
from mcugraph.records import dataclass
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.tflm.footprint import total_with_plan
from mcugraph.tflm.loaded import TflmProgram, program_of
from mcugraph.tflm.splits.split_prices import PlannedPrice
from mcugraph.tflm.splits.split_search import best_splits

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


def remedies(graph: Graph, found: Profile) -> Iterator[Remedy]:
    """Commands from the simplest on, each with what it comes to; each takes less than those before.

    Args:
        graph: The model; only TFLite files can be planned.
        found: Its profile.
    """
    memory = found.memory
    planned, overlapped, total = memory.planned_arena, memory.overlap_arena, memory.tflm_total
    if found.model.format != "tflite" or found.precision is not None:
        return
    if planned is None or overlapped is None or total is None:
        return
    counted = counted_forms(graph, found.accounting, found.precision).runs
    program, _ = program_of(counted, found.abi, found.kernels)
    if program is None:
        return
    least = total
    for remedy in _each(program, planned, overlapped):
        if remedy.total < least:
            least = remedy.total
            yield remedy


def _each(program: TflmProgram, planned: int, overlapped: int) -> Iterator[Remedy]:
    """What holds for all kernels first; that is counted with reference kernels."""
    command = "mcugraph optimize"
    named = f"{command} --kernels {program.kernels}"
    if program.kernels == "reference":
        yield Remedy(command, total_with_plan(program, planned))
        yield from _split(f"{command} --split", program, overlapping=False)
    yield Remedy(named, total_with_plan(program, overlapped))
    yield from _split(f"{named} --split", program, overlapping=True)


def _split(command: str, program: TflmProgram, overlapping: bool) -> Iterator[Remedy]:
    choice = best_splits(program, PlannedPrice(overlapping=overlapping), limits=Limits(_SECONDS))
    if choice is not None and choice.made is not None and choice.head is not None:
        yield Remedy(command, total_with_plan(choice.made.program, choice.head))
