"""What there is to draw of a model: its tensors, its live sets over time, its arena."""

from collections.abc import Callable

from mcugraph.anatomy.arena_map import ArenaMap, arena_maps
from mcugraph.anatomy.timeline import Timeline, timeline
from mcugraph.ir import Graph
from mcugraph.profiles import Profile
from mcugraph.records import dataclass
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.scheduling.entry import least_peak
from mcugraph.scheduling.figures import file_order
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.runtime import find_runtime
from mcugraph.tflm.loaded import program_of


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A model as its pictures show it.

    Attributes:
        tensors: Names of all tensors that are ever live.
        sizes: Their bytes.
        inputs, outputs: For each operator, the tensors that it reads and writes, by number.
        given, returned: The tensors that the graph reads and gives back, by number.
        timelines: Live sets in the order of the file and in the best one; empty for a graph
            without operators.
        arenas: Maps of TFLM's head; empty where TFLM's figures are not known.
    """

    tensors: tuple[str, ...]
    sizes: tuple[int, ...]
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[tuple[int, ...], ...]
    given: tuple[int, ...]
    returned: tuple[int, ...]
    timelines: tuple[Timeline, ...]
    arenas: tuple[ArenaMap, ...]


def anatomy(graph: Graph, found: Profile, time_limit: float) -> Anatomy:
    """What there is to draw of a model.

    Args:
        graph: The model.
        found: Its profile, whose order is the best one.
        time_limit: Seconds for each search for an order, and for each plan of the arena.
    """
    counted = counted_forms(graph, found.accounting, found.precision).runs
    runtime = find_runtime(found.runtime)

    def problem(bytes_of: Callable[[Problem], int]) -> Problem:
        return Problem.with_bodies(counted, runtime, bytes_of)

    plain = problem(lambda body: file_order(body).peak)
    timelines: tuple[Timeline, ...] = ()
    if plain.operators:
        best = problem(lambda body: least_peak(body, time_limit)) if counted.subgraphs else plain
        timelines = (
            timeline(plain, "file", plain.operators),
            timeline(best, "best", found.order),
        )
    arenas: tuple[ArenaMap, ...] = ()
    if found.memory.tflm_arena is not None:
        program, _ = program_of(counted, found.abi, found.kernels)
        arenas = () if program is None else arena_maps(program, time_limit)
    return Anatomy(
        tensors=tuple(map(str, plain.tensors)),
        sizes=plain.sizes,
        inputs=plain.inputs,
        outputs=plain.outputs,
        given=plain.graph_inputs,
        returned=plain.graph_outputs,
        timelines=timelines,
        arenas=arenas,
    )
