"""The head of TFLM's arena, planned: an operator order and offsets that a file can bring along.

TFLM takes offsets of tensors from a file and places what has none around them: scratch buffers of
kernels, tensors of subgraphs that are called, and what else is left to it. The twin of its planner
says what it makes of a plan, so the arena given here is the one that TFLM itself will report.
"""

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property, partial

from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.late_fields import Later
from mcugraph.planning.arena import SCRATCH, TENSOR, ArenaProblem, Block, Plan, uses_overlaps
from mcugraph.planning.entry import plan
from mcugraph.planning.rows import Row
from mcugraph.planning.stages import best_order, packing_order
from mcugraph.planning.tflm_greedy import UNPLANNED, place
from mcugraph.records import dataclass, replace
from mcugraph.scheduling.problem import Name, Problem
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.overlay import covered_bytes, possible_overlays
from mcugraph.tflm.abi import align_up
from mcugraph.tflm.kernels.access import Access, Overlap
from mcugraph.tflm.lifetimes import ALIGNMENT, buffers
from mcugraph.tflm.loaded import TflmProgram

# Seconds for one plan of given lifetimes, and for another order with the same peak.
SECONDS = 2.0

_Scratch = Mapping[tuple[int, int], Sequence[int]]


@dataclass(frozen=True, slots=True)
class HeadPlan:
    """What TFLM's head takes with an order and offsets.

    Attributes:
        order: Operators of the first subgraph, by their number in the file.
        offsets: One a tensor of all subgraphs, in bytes; -1: left to TFLM. None: no plan.
        arena: Bytes of the head, as TFLM arrives at them.
        holds_for: The kernels that the offsets hold for, since outputs lie over inputs; empty:
            they hold for all.
    """

    order: tuple[int, ...]
    offsets: tuple[int, ...] | None
    arena: int
    holds_for: str = ""


class Head:
    """The head of one model, for any order of the operators of its first subgraph.

    Args:
        program: What TFLM loads.
        overlapping: Outputs may lie over inputs that die, as far as the program's kernels allow.

    Attributes:
        model: What the file holds.
        scratch: Scratch buffers of its kernels.
        kernels: The library that these are of.
        after: Pairs (earlier, later) of operators of the first subgraph that keep their order;
            None: all of them do.
        file_order: The operators of the first subgraph, by number.
        overlaps: What these operators allow; none of those where a plan may not use it.
    """

    def __init__(self, program: TflmProgram, overlapping: bool = False) -> None:
        self.model, self.scratch, self.kernels = program.model, program.scratch, program.kernels
        self.after = _kept(program)
        self.file_order = tuple(range(len(self.model.subgraphs[0].operators)))
        self.overlaps: Mapping[int, tuple[Overlap, ...]] = {}
        self._nodes, self._access = program.nodes, Access(program.kernels)
        self._known: dict[int, tuple[Overlap, ...]] = {}
        self._plain: Head | None = None  # what this one is without overlaps, if it may have some
        if overlapping:
            self._plain = copy(self)
            self.overlaps = self._overlaps(self.file_order)

    def allowing(self, operators: Iterable[int]) -> "Head":
        """This head, where outputs may lie over inputs that die, but of these operators only."""
        head = copy(self)
        for name in ("in_file_order", "problem"):
            vars(head).pop(name, None)
        head._plain, head.overlaps = self._without, self._overlaps(operators)
        return head

    @property
    def _without(self) -> "Head":
        """This head where no output lies over an input."""
        return self if self._plain is None else self._plain

    def _overlaps(self, operators: Iterable[int]) -> dict[int, tuple[Overlap, ...]]:
        # Where a tensor holds several values, which one it holds goes by the order of all.
        if self.after is None:
            return {}
        known, found = self._known, {}
        for i in operators:
            if i not in known:
                known[i] = self._access.of(self._nodes[0, i])
            if known[i]:
                found[i] = known[i]
        return found

    @property
    def holds_live_set(self) -> bool:
        """Whether every tensor of the graph has a buffer of its own while it is live.

        Not where the file uses one for several values, where it calls subgraphs, whose values may
        be another's, nor where handles of variables lie in the data of kernels.
        """
        (main, *others) = self.model.subgraphs
        written = {operator.native for operator in main.operators}
        return self.after is not None and not others and "VAR_HANDLE" not in written

    @property
    def has_one_order(self) -> bool:
        """Whether each operator of the first subgraph has to run right after the one before."""
        if self.after is None:
            return True
        kept = set(self.after)
        return all(
            (i, i + 1) in kept or not {t for t in one.outputs if t >= 0}.isdisjoint(other.inputs)
            for i, (one, other) in enumerate(itertools.pairwise(self.model.subgraphs[0].operators))
        )

    def permuted(
        self, order: Sequence[int], offsets: Sequence[int] | None
    ) -> tuple[TfliteModel, _Scratch]:
        """The model with its operators in another order and another plan."""
        main = self.model.subgraphs[0]
        operators = tuple(main.operators[i] for i in order)
        subgraphs = (replace(main, operators=operators), *self.model.subgraphs[1:])
        scratch = {(0, at): self.scratch.get((0, i), ()) for at, i in enumerate(order)}
        scratch |= {key: sizes for key, sizes in self.scratch.items() if key[0]}
        given = None if offsets is None else tuple(offsets)
        return replace(self.model, subgraphs=subgraphs, offsets=given), scratch

    def arena(self, order: Sequence[int], offsets: Sequence[int] | None) -> int:
        """Bytes that TFLM takes, by the twin of its planner."""
        return place(buffers(*self.permuted(order, offsets))).arena

    def blocks(self, order: Sequence[int]) -> ArenaProblem:
        """What TFLM's planner gets to place; tensors are named by their number in the file."""
        if tuple(order) == self.file_order:
            return self.in_file_order
        return self._blocks(*self.permuted(order, None), order)

    def _blocks(self, model: TfliteModel, scratch: _Scratch, order: Sequence[int]) -> ArenaProblem:
        found = []
        for number, buffer in enumerate(buffers(model, scratch)):
            name = f"scratch {number}" if buffer.tensor is None else buffer.tensor
            kind = SCRATCH if buffer.tensor is None else TENSOR
            found.append(Block(name, buffer.size, buffer.first, buffer.last + 1, None, kind))
        return self._overlapping(tuple(found), order)

    def _overlapping(self, blocks: tuple[Block, ...], order: Sequence[int]) -> ArenaProblem:
        dying = self._dying(blocks, order) if self.overlaps else []
        return ArenaProblem(
            blocks,
            ALIGNMENT,
            tuple((a, b) for a, b, overlap in dying if overlap.in_place),
            tuple((a, b, overlap.lead) for a, b, overlap in dying if not overlap.in_place),
        )

    def _dying(
        self, blocks: Sequence[Block], order: Sequence[int]
    ) -> list[tuple[int, int, Overlap]]:
        """Blocks (earlier, later) that meet in one operator, where the earlier one dies.

        What the graph gives back never dies: it is read after the last operator, where its block
        ends.
        """
        main = self.model.subgraphs[0]
        kept = set(main.outputs)
        number = {block.name: i for i, block in enumerate(blocks) if block.kind == TENSOR}
        found: dict[tuple[int, int], Overlap] = {}
        for i in order:
            operator = main.operators[i]
            for overlap in self.overlaps.get(i, ()):
                read = operator.inputs[overlap.input]
                a = None if read in kept else number.get(read)
                b = number.get(operator.outputs[overlap.output])
                if a is not None and b is not None and blocks[a].upper == blocks[b].lower + 1:
                    found[a, b] = overlap
        return [(a, b, overlap) for (a, b), overlap in found.items()]

    def packed(self, order: Sequence[int], seconds: float | None = SECONDS) -> Plan:
        """All buffers placed by us, with the operators in this order."""
        return plan(self.blocks(order), alignment=ALIGNMENT, time_limit=seconds)

    def solve(self, order: Sequence[int], seconds: float | None = SECONDS) -> HeadPlan:
        """Offsets for the tensors of the first subgraph, with the operators in this order."""
        problem = self.blocks(order)
        result = plan(problem, alignment=ALIGNMENT, time_limit=seconds)
        mine = len(self.model.subgraphs[0].tensors)
        total = len(self.model.tensors)
        chosen = {name: offset for name, offset in result.offsets.items() if int(name) < mine}
        offsets = tuple(chosen.get(i, UNPLANNED) for i in range(total))
        arena = self.arena(order, offsets)
        holds_for = self.kernels if uses_overlaps(problem, result) else ""
        return HeadPlan(tuple(order), offsets, arena, holds_for)

    def untouched(self) -> HeadPlan:
        """The file as it stands."""
        arena = self.arena(self.file_order, self.model.offsets)
        return HeadPlan(self.file_order, self.model.offsets, arena, self.model.planned_for)

    def reordered(self, seconds: float | None = SECONDS) -> tuple[int, ...]:
        """The order with the least peak, and of those one that packs; operators by number."""
        if self.after is None:
            return self.file_order
        limits = Limits(seconds)
        return self.near(best_order(self.problem, ALIGNMENT, limits).order, limits)

    def near(self, best: Sequence[Name], limits: Limits, enough: int = 0) -> tuple[int, ...]:
        """Of the orders with the peak of a given one, one that packs; operators by number.

        An arena of ``enough`` bytes will do.
        """
        order = packing_order(self.problem, best, ALIGNMENT, limits, enough)
        return tuple(int(number) for number in order)

    @cached_property
    def in_file_order(self) -> ArenaProblem:
        """What TFLM's planner gets to place in the order of the file."""
        if self._plain is not None:
            return self._overlapping(self._plain.in_file_order.blocks, self.file_order)
        return self._blocks(replace(self.model, offsets=None), self.scratch, self.file_order)

    @cached_property
    def problem(self) -> Problem:
        """The first subgraph as a scheduling problem in aligned bytes; operators are numbers.

        While an operator that calls subgraphs runs, all of what those need counts as its scratch.
        """
        if self._plain is not None:
            return self._with_overlaps(self._plain.problem)
        main = self.model.subgraphs[0]
        blocks = self.in_file_order.blocks
        tensors_of_main = len(main.tensors)
        mine, others = {}, []
        for block in blocks:
            if block.kind != TENSOR:
                continue
            if int(block.name) < tensors_of_main:
                mine[int(block.name)] = block.size
            else:
                others.append(block)
        called = ArenaProblem(tuple(others)).bound
        written = dict.fromkeys(t for op in main.operators for t in op.outputs if t >= 0)
        tensors = tuple(dict.fromkeys((*mine, *written)))
        number = {t: i for i, t in enumerate(tensors)}
        return Problem(
            tensors=tensors,
            sizes=tuple([mine.get(t, 0) for t in tensors]),
            operators=self.file_order,
            inputs=tuple([_numbers(op.inputs, number) for op in main.operators]),
            outputs=tuple([_numbers(op.outputs, number) for op in main.operators]),
            graph_inputs=tuple([number[t] for t in mine if t not in written]),
            graph_outputs=_numbers(main.outputs, number),
            scratch=tuple(
                [
                    sum([align_up(size, ALIGNMENT) for size in self.scratch.get((0, i), ())])
                    + (called if op.bodies else 0)
                    for i, op in enumerate(main.operators)
                ]
            ),
            after=tuple(self.after or ()),
        )

    def saved(self, operator: int, dying: Collection[int] | None = None) -> int:
        """Aligned bytes of inputs that an operator's output may lie over, if they die.

        Args:
            operator: By number.
            dying: Those that do, by number; None: all.
        """
        inplace, overlaps = self._pairs(self._overlaps([operator]), operator)
        if not (inplace or overlaps):
            return 0
        aligned = [(a, b, align_up(lead, ALIGNMENT)) for a, b, lead in overlaps]
        problem, kept = self._without.problem, self._kept_tensors
        found = possible_overlays(inplace, aligned, problem.sizes, kept)
        if dying is not None:
            found = tuple([overlay for overlay in found if overlay.input in dying])
        return covered_bytes(found)

    def row(self, operator: int) -> Row:
        """Aligned sizes and leads of tensors along a path through an operator, the largest ones."""
        problem = self._without.problem
        writer = {t: i for i, written in enumerate(problem.outputs) for t in written}
        readers: dict[int, list[int]] = {}
        for i, read in enumerate(problem.inputs):
            for t in read:
                readers.setdefault(t, []).append(i)

        def largest(tensors: Iterable[int]) -> int | None:
            return max(tensors, key=problem.sizes.__getitem__, default=None)

        path: list[tuple[int, int, int]] = []  # operator, what it reads, what it writes
        at: int | None = operator
        while at is not None:
            a, b = largest(problem.inputs[at]), largest(problem.outputs[at])
            if a is None or b is None:
                break
            path.append((at, a, path[-1][1] if path else b))
            at = writer.get(a)
        path.reverse()
        while path and (last := path[-1][2]) in readers:
            made = {t: i for i in readers[last] for t in problem.outputs[i]}
            following = largest(made)
            if following is None:
                break
            path.append((made[following], last, following))
        if not path:
            return []
        begin = (problem.sizes[path[0][1]], lambda: 0)
        leads = [Later(partial(self._lead, i, a, b)) for i, a, b in path]
        return [
            begin,
            *((problem.sizes[b], lead) for (_, _, b), lead in zip(path, leads, strict=True)),
        ]

    def _lead(self, operator: int, a: int, b: int) -> int:
        """Aligned bytes that an output has to begin before an input, or all of it."""
        inplace, overlaps = self._pairs(self._overlaps([operator]), operator)
        if (a, b) in inplace:
            return 0
        leads = [lead for c, d, lead in overlaps if (c, d) == (a, b)]
        return min([self._without.problem.sizes[b], *(align_up(lead, ALIGNMENT) for lead in leads)])

    @cached_property
    def _kept_tensors(self) -> frozenset[int]:
        return frozenset(self._without.problem.graph_outputs)

    @cached_property
    def _number(self) -> dict[Name, int]:
        return {t: i for i, t in enumerate(self._without.problem.tensors)}

    def _with_overlaps(self, problem: Problem) -> Problem:
        pairs = [self._pairs(self.overlaps, i) for i in self.file_order]
        return replace(
            problem,
            inplace=tuple([inplace for inplace, _ in pairs]),
            overlaps=tuple([overlaps for _, overlaps in pairs]),
        )

    def _pairs(
        self, allowed: Mapping[int, tuple[Overlap, ...]], operator: int
    ) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int, int], ...]]:
        """In-place pairs and overlaps of an operator, by numbers of the problem's tensors."""
        if operator not in allowed:
            return (), ()
        number, stored = self._number, self.model.subgraphs[0].operators[operator]
        found: dict[tuple[int, int], Overlap] = {}
        for overlap in allowed[operator]:
            a = number.get(stored.inputs[overlap.input])
            b = number.get(stored.outputs[overlap.output])
            if a is not None and b is not None:
                found[a, b] = overlap
        return (
            tuple([pair for pair, overlap in found.items() if overlap.in_place]),
            tuple([(*pair, one.lead) for pair, one in found.items() if not one.in_place]),
        )


def _numbers(tensors: Sequence[int], number: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys([number[t] for t in tensors if t in number]))


def _kept(program: TflmProgram) -> list[tuple[int, int]] | None:
    """Pairs of operators of the first subgraph whose order must not change; None: all keep it."""
    main = program.model.subgraphs[0]
    written = set(main.inputs)
    for operator in main.operators:
        # A file that uses a tensor twice for different values means its order as it stands.
        made = operator.outputs
        if not written.isdisjoint(made) or not set(made).isdisjoint(operator.inputs):
            return None
        written.update(operator.outputs)
    pairs = set()
    if program.after:
        place = {operator.name: i for i, operator in enumerate(main.operators)}
        pairs = {(place[earlier], place[later]) for earlier, later in program.after}
    # What another operator does to the state that these have inside is not known.
    opaque = [i for i, op in enumerate(main.operators) if _has_state_inside(op.native)]
    pairs.update(itertools.pairwise(opaque))
    return sorted(pairs)


def _has_state_inside(native: str) -> bool:
    return native.startswith(("CUSTOM:", "RANDOM_")) or native == "MULTINOMIAL"


def can_be_planned(model: TfliteModel) -> bool:
    """Whether offsets of our own can be written into a file, and its order changed."""
    return not nothing_writes(model) and not plans_state(model)


def nothing_writes(model: TfliteModel) -> int:
    """How many tensors of the first subgraph are read although nothing fills them."""
    main = model.subgraphs[0]
    filled = {*main.inputs, *(t for operator in main.operators for t in operator.outputs), -1}
    read = {t for operator in main.operators for t in operator.inputs} - filled
    tensors = [main.tensors[t] for t in read]
    return sum(not t.constant and not t.variable and bool(t.elements) for t in tensors)


def plans_state(model: TfliteModel) -> bool:
    """Whether a file has offsets for its state: only who wrote them knows what else lies there."""
    if model.offsets is None:
        return False
    pairs = zip(model.tensors, model.offsets, strict=True)
    return any(tensor.variable and offset != UNPLANNED for tensor, offset in pairs)
