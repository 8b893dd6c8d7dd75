"""A graph as TFLM loads it: what its file holds, and what each kernel asks of the arena.

The twins of TFLM's own plan and of ours start from the same one.
"""

from collections.abc import Iterator, Mapping

from mcugraph.errors import GraphError
from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.ir import DType, Graph
from mcugraph.ops.variables import Variable
from mcugraph.ops.window import Windowed
from mcugraph.records import dataclass
from mcugraph.tflm.abi import Abi, find_abi
from mcugraph.tflm.kernels import (
    KernelNode,
    Needs,
    Rule,
    counted_as_reference,
    find_library,
    node_of,
)
from mcugraph.tflm.lowering import lowered

Position = tuple[int, int]  # subgraph and operator, by index


@dataclass(frozen=True, slots=True)
class TflmProgram:
    """A model and its kernels.

    Attributes:
        model: What TFLM finds in the file.
        nodes: All operators, as kernel rules see them.
        needs: What their kernels ask for on the device.
        after: Pairs (earlier, later) of operators of the graph that keep their order.
        abi: The device, by name (``mcugraph.tflm.abi.ABIS``).
        kernels: The library that they are of, by name (``mcugraph.tflm.kernels.LIBRARIES``).
    """

    model: TfliteModel
    nodes: Mapping[Position, KernelNode]
    needs: Mapping[Position, Needs]
    after: tuple[tuple[str, str], ...]
    abi: str = "arm"
    kernels: str = "reference"

    @property
    def scratch(self) -> dict[Position, tuple[int, ...]]:
        """Scratch buffers that each kernel asks for, in bytes."""
        return {position: need.scratch for position, need in self.needs.items()}


@dataclass(frozen=True, slots=True)
class TflmFile:
    """A model as TFLM finds it, whatever TFLM then makes of it.

    Attributes:
        model: What is in the file.
        nodes: All operators, as kernel rules see them.
        after: Pairs (earlier, later) of operators of the graph that keep their order.
        stored: The model was read from such a file, so operands are in TFLite's places and types.
    """

    model: TfliteModel
    nodes: Mapping[Position, KernelNode]
    after: tuple[tuple[str, str], ...]
    stored: bool = False


def file_of(graph: Graph, values: bool = False) -> tuple[TflmFile | None, tuple[str, ...]]:
    """The file that a graph is, or would become, and what was assumed, one sentence each.

    With ``values``, those of its constants are in it.

    None where a tensor's shape is not known; the sentence then names it.
    """
    model, notes = lowered(graph, values)
    if model is None:
        return None, notes
    stored = graph.source.format == "tflite"
    return TflmFile(model, dict(_nodes(model, graph)), graph.after, stored), notes


def program_of(
    graph: Graph, abi: str = "arm", kernels: str = "reference"
) -> tuple[TflmProgram | None, tuple[str, ...]]:
    """What TFLM loads, and what was assumed, one sentence each.

    None where TFLM's arena cannot be told; the sentences then say why, too. A graph that was not
    read from a TFLite file, or was rewritten since, is taken as the file that it would become.

    Raises:
        UsageError: Unknown ABI or kernel library.
    """
    file, notes = file_of(graph)
    if file is None:
        return None, notes
    program, more = program_from(file, abi, kernels)
    return program, (*notes, *more)


def program_from(
    file: TflmFile, abi: str, kernels: str
) -> tuple[TflmProgram | None, tuple[str, ...]]:
    """What TFLM loads of a file, as ``program_of`` has it.

    Raises:
        UsageError: Unknown ABI or kernel library.
    """
    device, rules = find_abi(abi), find_library(kernels)
    model, nodes = file.model, file.nodes
    needs, problems = needs_of(nodes, device, rules)
    problems += [
        f"TFLM does not load models with {dtype.label} tensors" for dtype in unsized_types(model)
    ]
    problems += [f"TFLM does not load this file, since {reason}" for reason in misplanned(model)]
    if problems:
        return None, tuple(dict.fromkeys(problems))
    program = TflmProgram(model, nodes, needs, file.after, abi, kernels)
    return program, (*_as_reference(nodes, kernels), *planned_for(model, kernels))


def needs_of(
    nodes: Mapping[Position, KernelNode], abi: Abi, rules: Mapping[str, Rule]
) -> tuple[dict[Position, Needs], list[str]]:
    """What each operator's kernel asks for, and a sentence for each one without an answer."""
    found: dict[Position, Needs] = {}
    problems: list[str] = []
    assigned: set[str] = set()
    for position, node in nodes.items():
        rule, name = rules.get(node.native), node.native.removeprefix("CUSTOM:")
        try:
            if node.native == "ASSIGN_VARIABLE":
                found[position] = _assignment(node, assigned, abi)
            elif rule is not None:
                found[position] = rule(node, abi)
            else:
                problems.append(f"TFLM has no kernel for {name}")
        except (GraphError, LookupError, AttributeError, ZeroDivisionError) as error:
            problems.append(f"what TFLM's kernel of {name} allocates is not known: {error}")
    return found, problems


def variable_of(node: KernelNode, function: str) -> str | None:
    """The variable that an operator of the given function is about."""
    op = node.op
    return op.variable if isinstance(op, Variable) and op.function == function else None


def _nodes(model: TfliteModel, graph: Graph) -> Iterator[tuple[Position, KernelNode]]:
    parts = (graph, *graph.subgraphs.values())
    for g, (stored, part) in enumerate(zip(model.subgraphs, parts, strict=True)):
        ops = {operator.name: operator.op for operator in part.operators}
        first = _channels_first(part)
        for i, operator in enumerate(stored.operators):
            yield (g, i), node_of(stored, operator, ops[operator.name], first)


def _channels_first(graph: Graph) -> frozenset[int]:
    """Ranks of tensors that windows slide over whose channels come before the spatial axes."""
    windowed = (op for op in graph.operators if isinstance(op.op, Windowed))
    found = (op for op in windowed if getattr(op.op, "channel_axis", -1) == 1)
    shapes = (graph.tensors[op.outputs[0]].shape for op in found)
    return frozenset(len(shape) for shape in shapes if shape is not None)


def _assignment(node: KernelNode, assigned: set[str], abi: Abi) -> Needs:
    """The first assignment to a variable allocates it (``MicroResourceVariables::Allocate``)."""
    variable = variable_of(node, "assign_variable") or f"unnamed {len(assigned)}"
    first = variable not in assigned
    assigned.add(variable)
    buffer = (node.input(1).nbytes,) if first else ()
    data = abi.sizeof("[i]")
    return Needs(init=(data,) if data else (), prepare=buffer)


def _as_reference(nodes: Mapping[Position, KernelNode], kernels: str) -> tuple[str, ...]:
    """A sentence about kernels of a library that are counted as the reference ones."""
    present = {node.native for node in nodes.values()}
    found = sorted(native for native in present if counted_as_reference(kernels, native))
    if not found:
        return ()
    return (f"TFLM's figures count the reference kernel for {', '.join(found)}, not {kernels}'s",)


def misplanned(model: TfliteModel) -> list[str]:
    """A clause where the file's own plan does not cover its tensors, so that TFLM refuses it."""
    if model.misfit is None:
        return []
    return [
        f"its memory plan has {model.misfit} offsets for {len(model.tensors)} tensors, which "
        "`mcugraph optimize` mends"
    ]


def unseen(model: TfliteModel) -> list[str]:
    """A clause where constants stand where TFLM does not look, so that it runs without them."""
    count = sum(tensor.behind for tensor in model.tensors)
    if not count:
        return []
    return [
        f"{count} of its constants are stored behind the tables of the file, where TFLM does not "
        "look for them"
    ]


def planned_for(model: TfliteModel, kernels: str) -> tuple[str, ...]:
    """A sentence where the file's own plan holds for certain kernels only."""
    if model.planned_for != kernels:
        return ()
    return (
        "the memory plan in the file has outputs over inputs, which holds for TFLM's "
        f"{kernels} kernels only",
    )


def planned_for_others(model: TfliteModel, kernels: str) -> list[str]:
    """A clause where the file's own plan holds for other kernels only."""
    if model.planned_for in ("", kernels):
        return []
    return [
        f"its memory plan holds for {model.planned_for} kernels only, so that with {kernels} "
        "kernels it computes something else"
    ]


def unsized_types(model: TfliteModel) -> list[DType]:
    """Types of tensors whose elements have no size, so that TFLM refuses the model."""
    types = {t.dtype for t in model.tensors if not t.dtype.has_size}
    return sorted(types, key=lambda dtype: dtype.label)
