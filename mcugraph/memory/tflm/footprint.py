"""How much of TFLM's arena a model takes: its head, and its tail on a host and on a device."""

from dataclasses import dataclass

from mcugraph.ir import DType, Graph
from mcugraph.ir.stored import StoredModel
from mcugraph.memory.tflm.abi import DEVICE, HOST, Abi
from mcugraph.memory.tflm.kernels import RULES, Needs, node_of
from mcugraph.memory.tflm.lifetimes import buffers
from mcugraph.memory.tflm.lowering import stored_model
from mcugraph.memory.tflm.persistent import tail
from mcugraph.memory.tflm.planner import place


@dataclass(frozen=True, slots=True)
class TflmFootprint:
    """What a model takes of TFLM's arena, in bytes; None: not known, and ``notes`` say why.

    Attributes:
        arena: The head: activations and kernel scratch, as the greedy planner lays them out.
        persistent: The tail on a device with 32-bit pointers.
        persistent_host: The tail on the 64-bit host that TFLM's Python wheel reports.
        notes: What was assumed, and what could not be told, one sentence each.
    """

    arena: int | None
    persistent: int | None
    persistent_host: int | None
    notes: tuple[str, ...] = ()


UNKNOWN = TflmFootprint(None, None, None)


def footprint(graph: Graph) -> TflmFootprint:
    """What TensorFlow Lite Micro takes for a graph, with its reference kernels.

    A graph that was not read from a TFLite file is taken as the file that it would become, one
    operator for one.
    """
    model, notes = stored_model(graph)
    if model is None:
        return TflmFootprint(None, None, None, notes)
    host, problems = _needs(model, HOST)
    problems += _unsized(model)
    if problems:
        return TflmFootprint(None, None, None, (*notes, *dict.fromkeys(problems)))
    device, _ = _needs(model, DEVICE)
    variables = len(_variable_names(model))
    scratch = {operator: need.scratch for operator, need in host.items()}
    return TflmFootprint(
        place(buffers(model, scratch)).arena,
        tail(model, device, variables, DEVICE),
        tail(model, host, variables, HOST),
        notes,
    )


def _needs(model: StoredModel, abi: Abi) -> tuple[dict[tuple[int, int], Needs], list[str]]:
    """What each operator's kernel asks for, and a sentence for each one without an answer."""
    found: dict[tuple[int, int], Needs] = {}
    problems: list[str] = []
    assigned: set[str] = set()
    for g, graph in enumerate(model.subgraphs):
        for i, operator in enumerate(graph.operators):
            node = node_of(graph, operator)
            if operator.native == "ASSIGN_VARIABLE":
                variable = operator.op.variable
                first = variable not in assigned
                assigned.add(variable)
                size = (node.input(1).nbytes,) if first else ()
                found[g, i] = Needs(init=(abi.sizeof("i"),), prepare=size)
                continue
            rule = RULES.get(operator.native)
            name = operator.native.removeprefix("CUSTOM:")
            if rule is None:
                problems.append(f"TFLM has no kernel for {name}")
                continue
            try:
                found[g, i] = rule(node, abi)
            except (LookupError, AttributeError, ZeroDivisionError) as error:
                problems.append(f"what TFLM's kernel of {name} allocates is not known: {error}")
    return found, problems


def _unsized(model: StoredModel) -> list[str]:
    """A sentence where a tensor's type has no size, so that TFLM refuses the model."""
    types = {t.dtype for graph in model.subgraphs for t in graph.tensors}
    return [
        f"TFLM does not load models with {dtype.label} tensors"
        for dtype in sorted(types - {DType.RESOURCE}, key=lambda dtype: dtype.label)
        if not dtype.has_size
    ]


def _variable_names(model: StoredModel) -> set[str]:
    return {
        operator.op.variable
        for graph in model.subgraphs
        for operator in graph.operators
        if operator.native == "VAR_HANDLE"
    }
