"""A TFLite file in a better order, with a memory plan of its own."""

from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.formats.tflite.writer import rewritten
from mcugraph.ir import Graph
from mcugraph.optimizer.new_file import NewFile
from mcugraph.planning.tflm_greedy import UNPLANNED
from mcugraph.tflm.head import Head, HeadPlan, head_of

# Metadata that names operators by their number.
_NUMBERED = "model_control_dependencies"


def improved(
    path: str, data: bytes, graph: Graph, force: bool, seconds: float | None, kernels: str
) -> NewFile:
    """The file with what pays: an order, a plan, both or nothing.

    Args:
        path: Named in errors.
        data: The file.
        graph: Its translation.
        force: Write order and plan although nothing is saved.
        seconds: For the search of an order, and for that of a plan; None: as long as it takes.
        kernels: What TFLM is built with.

    Raises:
        FormatError: The file cannot be rewritten.
    """
    model = graph.source.file
    if not isinstance(model, TfliteModel):
        return NewFile(data, notes=("dimensions were bound, so the file's own plan is not known",))
    head, problems = head_of(graph, kernels)
    if head is None:
        return NewFile(
            data, notes=(*problems, "without TFLM's plan there is nothing to compare with")
        )
    unwritten = _unwritten(head)
    if unwritten:
        # What such a file computes depends on what lies in the arena by chance.
        return NewFile(data, notes=(f"nothing writes {unwritten} tensors that operators read",))
    movable = _NUMBERED not in model.metadata
    best = _best(head, movable, force, seconds)
    moved = sum(place != number for place, number in enumerate(best.order))
    notes = () if movable else (f"the order is kept, since metadata {_NUMBERED!r} refers to it",)
    if best.order == head.file_order and best.offsets == head.model.offsets:
        return NewFile(data, notes=(*notes, "TFLM's own plan of the file is as small"))
    offsets = None if best.offsets == head.model.offsets else best.offsets
    return NewFile(
        rewritten(path, data, best.order if moved else None, offsets),
        moved,
        0 if offsets is None else sum(offset != UNPLANNED for offset in offsets),
        _left(head),
        notes,
    )


def _unwritten(head: Head) -> int:
    """How many tensors of the first subgraph are read although nothing fills them."""
    main = head.model.subgraphs[0]
    filled = {*main.inputs, *(t for operator in main.operators for t in operator.outputs), -1}
    read = {t for operator in main.operators for t in operator.inputs} - filled
    tensors = [main.tensors[t] for t in read]
    return sum(not t.constant and not t.variable and bool(t.elements) for t in tensors)


def _best(head: Head, movable: bool, force: bool, seconds: float | None) -> HeadPlan:
    """Of what can be written, the smallest head; of equal ones what changes least."""
    untouched = head.untouched()
    if _plans_state(head):
        # State at offsets of the file's own: only whoever wrote them knows what else lies there.
        return untouched
    order = head.reordered(seconds) if movable else head.file_order
    planned = [head.solve(head.file_order, seconds)]
    if order != head.file_order:
        planned.append(head.solve(order, seconds))
    if force:
        fitting = [entry for entry in planned if entry.arena <= untouched.arena]
        return min(reversed(fitting), key=lambda entry: entry.arena, default=untouched)
    choices = [untouched]
    if order != head.file_order and head.model.offsets is None:
        arena = head.arena(order, None)
        choices.append(HeadPlan(order, None, arena))
    return min([*choices, *planned], key=lambda entry: entry.arena)


def _plans_state(head: Head) -> bool:
    model = head.model
    if model.offsets is None:
        return False
    pairs = zip(model.tensors, model.offsets, strict=True)
    return any(tensor.variable and offset != UNPLANNED for tensor, offset in pairs)


def _left(head: Head) -> tuple[str, ...]:
    """What has no offset in the plan, and why."""
    main, *others = head.model.subgraphs
    found = []
    states = sum(tensor.variable for tensor in head.model.tensors)
    if states:
        found.append(f"{states} variable tensors: TFLM keeps them in its tail")
    resources = sum(operator.native == "VAR_HANDLE" for operator in main.operators)
    if resources:
        found.append(f"{resources} resource variables: TFLM keeps them in its tail")
    for part in others:
        if part.operators:
            found.append(f"subgraph {part.name!r}: TFLM places its tensors around the plan")
    scratch = [i for (g, i), sizes in head.scratch.items() if sizes and not g]
    if scratch:
        shown = ", ".join(repr(main.operators[i].name) for i in scratch[:3])
        more = f" and {len(scratch) - 3} more" if scratch[3:] else ""
        found.append(f"scratch of {shown}{more}: TFLM places it around the plan")
    return tuple(found)
