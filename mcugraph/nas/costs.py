"""The exact costs of a candidate: as it is deployed, and as the µNAS paper counts."""

from mcugraph.errors import UsageError
from mcugraph.ir import Graph
from mcugraph.profiler import profile, profile_forms
from mcugraph.profiles import Profile
from mcugraph.records import dataclass
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.scheduling.entry import least_peak
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.runtime import RUNTIMES


@dataclass(frozen=True, slots=True)
class Costs:
    """What a network costs as an int8 file in TFLM, and beside it by the paper's accounting.

    Attributes:
        size: Bytes of weights and biases.
        parameters: Weights and biases, counted.
        macs: Multiply-accumulates.
        peak: Bytes of the largest live set, in the best order.
        peak_without_input: The same where inputs lie elsewhere.
        arena: Bytes of the arena's head, by our plan.
        overlap_arena: The same where outputs may lie over dying inputs, as far as the kernels'
            order of access allows.
        sram: Bytes of the arena that TFLM needs to load it: head and tail.
        paper_peak: The largest live set as µNAS counts it: inputs elsewhere, additions in place,
            no step for what only reshapes.
        paper_size: One byte a parameter, four parameters a channel of a batch norm.
        paper_macs: Pooling and additions among them.
    """

    size: int
    parameters: int
    macs: int
    peak: int
    peak_without_input: int
    arena: int
    overlap_arena: int
    sram: int
    paper_peak: int
    paper_size: int
    paper_macs: int


def measure(graph: Graph, kernels: str = "reference") -> tuple[Costs, Profile]:
    """The costs of a graph, exact, and the profile that most of them are of.

    Args:
        graph: Float, as a builder or ``from_torch`` makes it; it is counted as int8.
        kernels: What TFLM is built with, as for ``profile``.

    Raises:
        UsageError: TFLM has no kernel for one of its operators, so that its arena is not known.
    """
    forms = counted_forms(graph, "deployed", "int8")
    found = profile_forms(graph, forms, RUNTIMES["tflm"], "int8", kernels)
    memory, flash = found.memory, found.flash
    if memory.planned_arena is None or memory.overlap_arena is None or memory.tflm_total is None:
        why = "; ".join(found.tflm_refusals or found.assumptions)
        raise UsageError(f"network {graph.name!r}: what TFLM takes for it is not known: {why}")
    without = Problem.with_bodies(forms.runs, RUNTIMES["inputs_elsewhere"], least_peak)
    paper = profile(graph, runtime="munas", accounting="paper")
    costs = Costs(
        size=flash.weights + flash.biases,
        parameters=found.model.parameters,
        macs=found.macs,
        peak=memory.peak,
        peak_without_input=least_peak(without),
        arena=memory.planned_arena,
        overlap_arena=memory.overlap_arena,
        sram=memory.tflm_total,
        paper_peak=paper.memory.peak,
        paper_size=paper.flash.weights + paper.flash.biases,
        paper_macs=paper.macs,
    )
    return costs, found
