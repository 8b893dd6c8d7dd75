"""How much of TFLM's arena a model takes: its head, and its tail on a host and on a device."""

from collections.abc import Iterator
from dataclasses import dataclass

from mcugraph.ir import Graph
from mcugraph.ir.stored import StoredModel
from mcugraph.memory.tflm.abi import DEVICE, HOST, Abi, align_up
from mcugraph.memory.tflm.kernels import RULES, Needs, Node, node_of, refusal
from mcugraph.memory.tflm.lifetimes import ALIGNMENT, buffers
from mcugraph.memory.tflm.lowering import origins, stored_model
from mcugraph.memory.tflm.persistent import tail
from mcugraph.memory.tflm.planner import place
from mcugraph.ops.variables import Variable

Position = tuple[int, int]  # subgraph and operator, by index


@dataclass(frozen=True, slots=True)
class TflmFootprint:
    """What a model takes of TFLM's arena, in bytes; None: not known, and ``notes`` say why.

    Attributes:
        arena: The head: activations and kernel scratch, as the greedy planner lays them out.
        persistent: The tail on a device with 32-bit pointers, by TFLM's default build.
        persistent_host: The tail on the 64-bit host that TFLM's Python wheel reports.
        notes: What was assumed, and what could not be told, one sentence each.
    """

    arena: int | None
    persistent: int | None
    persistent_host: int | None
    notes: tuple[str, ...] = ()


def footprint(graph: Graph) -> TflmFootprint:
    """What TensorFlow Lite Micro takes for a graph, with its reference kernels.

    The figures are those of the sources of October 2026 (wheel 0.dev20261023182759); kernels
    for one vendor's cores may ask for more scratch.

    A graph that was not read from a TFLite file, or was rewritten since, is taken as the file
    that it would become, one operator for one.
    """
    model, notes = stored_model(graph)
    if model is None:
        return TflmFootprint(None, None, None, notes)
    nodes = dict(_nodes(model))
    host, problems = _needs(nodes, HOST)
    problems += _unsized(model)
    if problems:
        return TflmFootprint(None, None, None, (*notes, *dict.fromkeys(problems)))
    device, _ = _needs(nodes, DEVICE)
    variables = len({name for node in nodes.values() if (name := _variable(node, "var_handle"))})
    scratch = {position: need.scratch for position, need in host.items()}
    return TflmFootprint(
        place(buffers(model, scratch)).arena,
        tail(model, device, variables, DEVICE),
        tail(model, host, variables, HOST),
        (*notes, *_refusals(nodes)),
    )


def scratch_of(model: StoredModel) -> tuple[dict[Position, tuple[int, ...]], tuple[str, ...]]:
    """Scratch buffers that each operator's reference kernel asks for, in bytes.

    With them comes a sentence for every reason why the head cannot be told.
    """
    needs, problems = _needs(dict(_nodes(model)), HOST)
    problems += _unsized(model)
    return {at: need.scratch for at, need in needs.items()}, tuple(dict.fromkeys(problems))


def kernel_scratch(graph: Graph) -> dict[str, int]:
    """Bytes of scratch that each operator's reference kernel asks for, by operator name.

    Every buffer is rounded up to the arena's alignment. Operators without scratch, and those
    whose kernels are not known, are not listed; subgraphs are not looked into.
    """
    model, _ = stored_model(graph)
    if model is None:
        return {}
    needs, _ = _needs(dict(_nodes(model)), HOST)
    totals: dict[str, int] = {}
    for i, name in enumerate(origins(graph)):
        need = needs.get((0, i))
        if need is not None and need.scratch:
            size = sum(align_up(size, ALIGNMENT) for size in need.scratch)
            totals[name] = max(totals.get(name, 0), size)
    return totals


def _nodes(model: StoredModel) -> Iterator[tuple[Position, Node]]:
    for g, graph in enumerate(model.subgraphs):
        for i, operator in enumerate(graph.operators):
            yield (g, i), node_of(graph, operator)


def _needs(nodes: dict[Position, Node], abi: Abi) -> tuple[dict[Position, Needs], list[str]]:
    """What each operator's kernel asks for, and a sentence for each one without an answer."""
    found: dict[Position, Needs] = {}
    problems: list[str] = []
    assigned: set[str] = set()
    for position, node in nodes.items():
        rule, name = RULES.get(node.native), node.native.removeprefix("CUSTOM:")
        try:
            if node.native == "ASSIGN_VARIABLE":
                found[position] = _assignment(node, assigned, abi)
            elif rule is not None:
                found[position] = rule(node, abi)
            else:
                problems.append(f"TFLM has no kernel for {name}")
        except (LookupError, AttributeError, ZeroDivisionError) as error:
            problems.append(f"what TFLM's kernel of {name} allocates is not known: {error}")
    return found, problems


def _assignment(node: Node, assigned: set[str], abi: Abi) -> Needs:
    """The first assignment to a variable allocates it (``MicroResourceVariables::Allocate``)."""
    variable = _variable(node, "assign_variable") or f"unnamed {len(assigned)}"
    first = variable not in assigned
    assigned.add(variable)
    buffer = (node.input(1).nbytes,) if first else ()
    return Needs(init=(abi.sizeof("i"),), prepare=buffer)


def _variable(node: Node, function: str) -> str | None:
    """The variable that an operator of the given function is about."""
    op = node.op
    return op.variable if isinstance(op, Variable) and op.function == function else None


def _unsized(model: StoredModel) -> list[str]:
    """A sentence where elements of a tensor have no size, so that TFLM refuses the model."""
    types = {t.dtype for graph in model.subgraphs for t in graph.tensors if not t.dtype.has_size}
    return [
        f"TFLM does not load models with {dtype.label} tensors"
        for dtype in sorted(types, key=lambda dtype: dtype.label)
    ]


def _refusals(nodes: dict[Position, Node]) -> list[str]:
    """A sentence for each reason why TFLM would not load the model."""
    reasons = dict.fromkeys(filter(None, map(refusal, nodes.values())))
    return [
        f"TFLM does not load this model, since {reason}; its figures are those without that check"
        for reason in reasons
    ]
