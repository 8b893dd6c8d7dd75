"""A TFLite file in a better order, with a memory plan of its own."""

from collections.abc import Sequence

from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.formats.tflite.tables import NUMBERED
from mcugraph.formats.tflite.writer import rewritten, with_own_shape
from mcugraph.ir import Graph
from mcugraph.optimizer.new_file import NewFile
from mcugraph.optimizer.unused import emptied, unused
from mcugraph.planning.tflm_greedy import UNPLANNED
from mcugraph.records import dataclass, replace
from mcugraph.tflm.head import Head, HeadPlan, nothing_writes, plans_state
from mcugraph.tflm.loaded import TflmProgram, program_of

# What TFLM is built with where that is not known: a plan has to hold for all kernels.
ANY = "any"


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
        kernels: What TFLM is built with, whose order of access outputs may make use of to lie over
            inputs; ``"any"``: nothing is known of that, and scratch is that of reference kernels.

    Raises:
        FormatError: The file cannot be rewritten.
    """
    model = graph.source.file
    if not isinstance(model, TfliteModel):
        return NewFile(data, notes=("dimensions were bound, so the file's own plan is not known",))
    for_others = model.planned_for not in ("", kernels)
    mended = replace(model, misfit=None)
    if for_others:
        mended = replace(mended, offsets=None, planned_for="")
    known = replace(graph, source=replace(graph.source, file=mended))
    program, problems = program_of(known, kernels=library_of(kernels))
    if program is None:
        return NewFile(
            data, notes=(*problems, "without TFLM's plan there is nothing to compare with")
        )
    unwritten = nothing_writes(mended)
    if unwritten:
        # What such a file computes depends on what lies in the arena by chance.
        return NewFile(data, notes=(f"nothing writes {unwritten} tensors that operators read",))
    movable = NUMBERED not in model.metadata
    spare = with_own_shape(path, data, unused(mended))
    search = _Search(movable, force, seconds, overlapping=kernels != ANY)
    left_empty, (head, best) = search.lighter(program, spare)
    mends = model.misfit is not None or (for_others and model.offsets is not None)
    if mends and best.offsets is None:
        best = replace(best, offsets=(UNPLANNED,) * len(model.tensors))
    moved = sum(place != number for place, number in enumerate(best.order))
    notes = _said(model, movable, left_empty, mends)
    same = best.offsets == model.offsets and best.holds_for == model.planned_for
    offsets = None if same else best.offsets
    if not moved and offsets is None and not left_empty:
        return NewFile(data, notes=(*notes, "TFLM's own plan of the file is as small"))
    return NewFile(
        rewritten(path, data, best.order if moved else None, offsets, left_empty, best.holds_for),
        moved,
        0 if offsets is None else sum(offset != UNPLANNED for offset in offsets),
        _left(head),
        notes,
        best.holds_for,
        mends,
    )


def library_of(kernels: str) -> str:
    """The library whose scratch is counted for kernels by name, or for any."""
    return "reference" if kernels == ANY else kernels


def _said(
    model: TfliteModel, movable: bool, left_empty: Sequence[int], replanned: bool
) -> tuple[str, ...]:
    said: tuple[str, ...] = ()
    if not movable:
        said += (f"the order is kept, since metadata {NUMBERED!r} refers to it",)
    if replanned and model.planned_for:
        said += (
            f"the file's plan holds for TFLM's {model.planned_for} kernels only, so it is replaced",
        )
    if model.misfit is not None:
        said += (
            f"the file's plan has {model.misfit} offsets for {len(model.tensors)} tensors, so TFLM "
            "refuses the file; the new plan has one for each",
        )
    if left_empty:
        said += (
            f"{len(left_empty)} tensors that no operator uses have no elements any more, "
            "since TFLM plans memory for them all the same",
        )
    return said


@dataclass(frozen=True, slots=True)
class _Search:
    """How to look for the smallest head.

    Attributes:
        movable: Operators may change places.
        force: Order and plan are wanted although nothing is saved.
        seconds: For the search of an order, and for that of a plan; None: as long as it takes.
        overlapping: Outputs may lie over inputs that die.
    """

    movable: bool
    force: bool
    seconds: float | None
    overlapping: bool

    def lighter(
        self, program: TflmProgram, spare: Sequence[int]
    ) -> tuple[tuple[int, ...], tuple[Head, HeadPlan]]:
        """Which of the tensors that nothing uses to leave empty, if that pays; and the best."""
        head, best = self._best(program)
        if spare:
            emptier = replace(program, model=emptied(program.model, spare))
            without, smaller = self._best(emptier)
            if smaller.arena < best.arena:
                return tuple(spare), (without, smaller)
        return (), (head, best)

    def _best(self, program: TflmProgram) -> tuple[Head, HeadPlan]:
        """Of what can be written, the smallest head; of equal ones what asks for least."""
        head = Head(program)
        untouched = head.untouched()
        if plans_state(head.model):
            # State at offsets of the file's own: only who wrote them knows what else lies there.
            return head, untouched
        planned = self._planned(head)
        if self.overlapping:
            # What needs no overlaps is tried as well: of equal arenas, it is what asks for less.
            planned += self._planned(Head(program, overlapping=True))
        if self.force:
            fitting = [entry for entry in planned if entry.arena <= untouched.arena]
            best = min(reversed(fitting), key=_asks, default=untouched)
            return head, best
        choices = [untouched]
        order = planned[-1].order
        if order != head.file_order and head.model.offsets is None:
            choices.append(HeadPlan(order, None, head.arena(order, None)))
        return head, min([*choices, *planned], key=_asks)

    def _planned(self, head: Head) -> list[HeadPlan]:
        """Our plans of the order of the file and, if that is another one, of the best order."""
        order = head.reordered(self.seconds) if self.movable else head.file_order
        planned = [head.solve(head.file_order, self.seconds)]
        if order != head.file_order:
            planned.append(head.solve(order, self.seconds))
        return planned


def _asks(entry: HeadPlan) -> tuple[int, bool]:
    """What a plan asks for: bytes, and then whether it asks for certain kernels."""
    return entry.arena, bool(entry.holds_for)


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
        shown = ", ".join(f"#{i} {main.operators[i].native}" for i in scratch[:3])
        more = f" and {len(scratch) - 3} more" if scratch[3:] else ""
        found.append(f"scratch of {shown}{more}: TFLM places it around the plan")
    return tuple(found)
