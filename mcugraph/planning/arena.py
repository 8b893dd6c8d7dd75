"""The plain-data problem that planners solve, and the plan that they return."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from mcugraph.checks import check_rows
from mcugraph.errors import GraphError
from mcugraph.planning.blocks_json import read_fields
from mcugraph.planning.sections import sections
from mcugraph.planning.spans import Span, finer_spans
from mcugraph.records import dataclass
from mcugraph.scheduling.json_values import Source, contradicting
from mcugraph.scheduling.problem import Name
from mcugraph.scheduling.solving.matching import saved_bytes
from mcugraph.shown import Facts, Shown, finished, frame, new_figure
from mcugraph.units import size as size_text

TENSOR, SCRATCH = "tensor", "scratch"


@dataclass(frozen=True, slots=True)
class Block:
    """Some bytes that are needed for some time.

    Attributes:
        name: The tensor; for scratch memory the operator; what the CSV calls ``id``.
        size: Bytes.
        lower, upper: Needed from time ``lower`` to just before time ``upper``.
        offset: Where it has to lie, in bytes; None: wherever there is room.
        kind: ``"tensor"`` or ``"scratch"``.
    """

    name: Name
    size: int
    lower: int
    upper: int
    offset: int | None = None
    kind: str = TENSOR

    def at(self, offset: int) -> "Block":
        """The block at an offset, in bytes."""
        return Block(self.name, self.size, self.lower, self.upper, offset, self.kind)


@dataclass(frozen=True, slots=True)
class ArenaProblem:
    """Blocks that want a place in one arena.

    Two blocks that are needed at a common time may not overlap, but for ``shares`` and
    ``overlaps``. A block without bytes is in nobody's way.

    Attributes:
        blocks: What to place.
        alignment: Offsets are multiples of it, and sizes are rounded up to it.
        shares: Pairs (earlier, later) of block numbers: the later one may take over the memory of
            the earlier one, at the same offset, although both are needed while one operator runs.
            Of the pairs that begin, or that end, at a block, a plan uses one at most.
        overlaps: (earlier, later, lead): block numbers, and bytes. The later one may lie over the
            earlier one, if it begins at least ``lead`` bytes below it, although both are needed
            during one unit of time: the last of the earlier one, the first of the later one. Of
            those in one unit of time, all have one later block.
    """

    blocks: tuple[Block, ...]
    alignment: int = 1
    shares: tuple[tuple[int, int], ...] = ()
    overlaps: tuple[tuple[int, int, int], ...] = ()

    @classmethod
    def from_json(cls, source: Source) -> "ArenaProblem":
        """Read blocks from a JSON file, or from what ``json.load`` made of it.

        The form is ``{"blocks": [{"id", "size", "lower", "upper"}]}``; a block may also have
        ``"offset"`` and ``"kind"``, the whole ``"alignment"``, ``"shares"`` (pairs of ids) and
        ``"overlaps"`` (earlier id, later id, lead). Other keys are ignored.

        Raises:
            FormatError: The file cannot be read, or it is not of this form.
            GraphError: It is, but it contradicts itself (see ``verify``).
        """
        fields, where = read_fields(source, TENSOR)
        blocks = tuple(Block(**block) for block in fields.pop("blocks"))
        problem = cls(blocks, **fields)
        with contradicting(where):
            problem.verify()
        return problem

    def to_json(self) -> dict[str, Any]:
        """The problem as a mapping that ``json.dump`` writes and ``from_json`` reads back."""
        blocks: list[dict[str, Any]] = []
        for block in self.blocks:
            entry: dict[str, Any] = {
                "id": block.name, "size": block.size, "lower": block.lower, "upper": block.upper
            }  # fmt: skip
            if block.offset is not None:
                entry["offset"] = block.offset
            if block.kind != TENSOR:
                entry["kind"] = block.kind
            blocks.append(entry)
        names = [block.name for block in self.blocks]
        return {
            "blocks": blocks,
            "alignment": self.alignment,
            "shares": [[names[a], names[b]] for a, b in self.shares],
            "overlaps": [[names[a], names[b], lead] for a, b, lead in self.overlaps],
        }

    def verify(self) -> None:
        """Check that the problem does not contradict itself.

        Raises:
            GraphError: It does; the message names the block at fault.
        """
        check_rows("shares", self.shares, 2)
        check_rows("overlaps", self.overlaps, 3)
        if self.alignment < 1:
            raise GraphError(f"an alignment of {self.alignment} bytes is not possible")
        for block in self.blocks:
            if block.size < 0:
                raise GraphError(f"block {block.name!r} has the negative size {block.size}")
            if block.upper <= block.lower:
                raise GraphError(
                    f"block {block.name!r} is needed from {block.lower} to {block.upper}: "
                    "'upper' has to be larger than 'lower'"
                )
            if block.offset is not None and (block.offset < 0 or block.offset % self.alignment):
                raise GraphError(
                    f"block {block.name!r} has the fixed offset {block.offset}, "
                    f"which is no multiple of {self.alignment}"
                )
        self._verify_shares()
        self._verify_overlaps()
        self._verify_fixed()

    def _verify_shares(self) -> None:
        """Each pair could hold if it stood alone, and so could two that follow each other."""
        following: dict[int, list[int]] = {}
        for pair in self.shares:
            if not all(0 <= number < len(self.blocks) for number in pair):
                raise GraphError(f"the pair {pair} of 'shares' names a block that does not exist")
            following.setdefault(pair[0], []).append(pair[1])
        for a, b in self.shares:
            first, second = self.blocks[a], self.blocks[b]
            said = f"block {second.name!r} cannot follow {first.name!r} in place"
            if a == b or not first.lower <= second.lower < first.upper <= second.upper:
                raise GraphError(f"{said}: it is not needed from within its time to after it")
            if self.aligned(second.size) > self.aligned(first.size):
                raise GraphError(f"{said}: it is larger")
            if None not in (first.offset, second.offset) and first.offset != second.offset:
                raise GraphError(f"{said}: their fixed offsets differ")
            for c in following.get(b, ()):
                if self.blocks[c].lower < first.upper:
                    raise GraphError(
                        f"{said} and be followed by {self.blocks[c].name!r}: "
                        "all three are needed at once"
                    )

    def _verify_overlaps(self) -> None:
        """Each could hold if it stood alone, and all of one time have one later block."""
        shares, at, seen = set(self.shares), dict[int, int](), set[tuple[int, int]]()
        for a, b, lead in self.overlaps:
            if not all(0 <= number < len(self.blocks) for number in (a, b)):
                raise GraphError(f"{(a, b, lead)} of 'overlaps' names a block that does not exist")
            first, second = self.blocks[a], self.blocks[b]
            said = f"block {second.name!r} cannot lie over {first.name!r}"
            if a == b or not first.lower <= second.lower == first.upper - 1:
                raise GraphError(
                    f"{said}: it does not come to be needed in the last unit of that one's time"
                )
            if lead < 0:
                raise GraphError(f"{said}: the lead {lead} is negative")
            if (a, b) in seen:
                raise GraphError(f"{said}: 'overlaps' names them twice")
            seen.add((a, b))
            if (a, b) in shares:
                raise GraphError(f"{said} and follow it in place as well")
            other = self.blocks[at.setdefault(second.lower, b)]
            if at[second.lower] != b:
                raise GraphError(f"{said}: at that time, {other.name!r} lies over others")
        for a, b in self.shares:
            if at.get(self.blocks[b].lower) == a:
                raise GraphError(
                    f"block {self.blocks[b].name!r} cannot follow {self.blocks[a].name!r} in "
                    "place while that one lies over others"
                )

    def _verify_fixed(self) -> None:
        """Blocks with fixed offsets do not overlap, but for pairs that may, where they do."""
        fixed = {i: b.offset for i, b in enumerate(self.blocks) if b.offset is not None and b.size}
        if not fixed:
            return
        spans = [(i, span) for i, row in enumerate(self.spans()) if i in fixed for span in row]
        for members, new in sections([(lower, upper) for _, (lower, upper, _) in spans]):
            for (i, a), (j, b) in ((spans[m], spans[n]) for n in new for m in members if m != n):
                low, high = fixed[i], fixed[j]
                if low == high and ((i, j) in self.shares or (j, i) in self.shares):
                    continue
                if low < high + b[2] and high < low + a[2]:
                    first, second = self.blocks[min(i, j)], self.blocks[max(i, j)]
                    raise GraphError(
                        f"the fixed offsets of {first.name!r} and {second.name!r} make them overlap"
                    )

    def spans(self) -> list[tuple[Span, ...]]:
        """For each block, how many aligned bytes it needs when: (from, to, bytes).

        Blocks that are disjoint at each of these times are those that keep the overlaps' rule.
        Without overlaps, the times are the blocks' own; with some, there are more.
        """
        needed = [(b.lower, b.upper, self.aligned(b.size)) for b in self.blocks]
        return finer_spans(needed, ((a, b, self.aligned(lead)) for a, b, lead in self.overlaps))

    @property
    def bound(self) -> int:
        """The most aligned bytes that are needed at one time: no arena is smaller.

        What blocks can save at that time by lying over each other is taken off.
        """
        if self.shares:
            most = self._most_with_shares()
        else:
            change: dict[int, int] = {}  # of what is needed, from the time before
            for block in self.blocks:
                size = self.aligned(block.size)
                change[block.lower] = change.get(block.lower, 0) + size
                change[block.upper] = change.get(block.upper, 0) - size
            for later, saved in self._covered().items():
                time = self.blocks[later].lower
                change[time] -= saved
                change[time + 1] = change.get(time + 1, 0) + saved
            most = max(accumulate(change[time] for time in sorted(change)), default=0)
        fixed = [b for b in self.blocks if b.offset is not None and b.size]
        return max([most, *((b.offset or 0) + self.aligned(b.size) for b in fixed)])

    def _covered(self) -> dict[int, int]:
        """Most aligned bytes of others that a block lies over at once, by block."""
        under: dict[int, list[tuple[int, int]]] = {}  # lead and size of what one may lie over
        for a, b, lead in self.overlaps:
            under.setdefault(b, []).append((self.aligned(lead), self.aligned(self.blocks[a].size)))
        saved: dict[int, int] = {}
        for b, others in under.items():
            size = self.aligned(self.blocks[b].size)
            # One above the other, the one with the smallest lead at the bottom.
            end = taken = 0
            for lead, other in sorted(others):
                if lead < size and other:
                    end = max(end, lead) + other
                    taken += other
            saved[b] = size + taken - max(size, end)
        return saved

    def _most_with_shares(self) -> int:
        spans = self.spans()
        change: dict[int, int] = {}  # of what is needed, from the time before
        for row in spans:
            for lower, upper, size in row:
                change[lower] = change.get(lower, 0) + size
                change[upper] = change.get(upper, 0) - size
        times = sorted(change)
        levels = list(accumulate([change[time] for time in times]))
        shared: dict[int, list[tuple[int, int, int]]] = {}  # what can be saved from a time on
        for a, b in dict.fromkeys(self.shares):
            for lower, upper, size in spans[b]:
                begin = bisect_left(times, max(lower, spans[a][0][0]))
                for at in range(begin, bisect_left(times, min(upper, spans[a][-1][1]))):
                    shared.setdefault(at, []).append((a, b, size))
        for at, pairs in shared.items():
            levels[at] -= saved_bytes(pairs)
        return max(levels, default=0)

    def sections(self) -> Iterator[dict[int, int]]:
        """What is needed together: block number -> aligned bytes; blocks without are left out."""
        spans = [
            (i, span) for i, row in enumerate(self.spans()) if self.blocks[i].size for span in row
        ]
        for members, _ in sections([(lower, upper) for _, (lower, upper, _) in spans]):
            yield {spans[m][0]: spans[m][1][2] for m in members}

    def aligned(self, size: int) -> int:
        """A size rounded up to the alignment."""
        return -(-size // self.alignment) * self.alignment


@dataclass(frozen=True, slots=True, repr=False)
class Plan(Shown):
    """An offset for every block, and what is proven about the arena.

    Attributes:
        blocks: The blocks of the problem with their offsets, in bytes; ``size`` is not rounded.
        arena: Bytes of the arena: the largest end of a block, its size rounded up. A block
            without bytes takes none, wherever it lies.
        lower_bound: Proven: with these lifetimes no arena is smaller, in bytes. Equal to
            ``arena`` if ``optimal``.
        peak: The largest aligned live set, in bytes: what the lifetimes ask for at the least.
        alignment: Offsets are multiples of it, in bytes.
        method: How the plan was made.
        order: Operator names in the order that the lifetimes are those of; empty if unknown.
        elapsed: Seconds that it took.
        stopped: Why the search ended before a proof: ``"time limit"``, ``"work limit"``,
            ``"memory limit"`` or ``"interrupted"``; empty where nothing stopped it.
    """

    blocks: tuple[Block, ...]
    arena: int
    lower_bound: int
    peak: int
    alignment: int
    method: str = "auto"
    order: tuple[Name, ...] = ()
    elapsed: float = 0.0
    stopped: str = ""

    @property
    def offsets(self) -> dict[Name, int]:
        """Tensor name -> offset in the arena, in bytes."""
        return {b.name: b.offset or 0 for b in self.blocks if b.kind == TENSOR}

    @property
    def scratch(self) -> dict[Name, int]:
        """Operator name -> offset of its scratch memory, in bytes."""
        return {b.name: b.offset or 0 for b in self.blocks if b.kind == SCRATCH}

    @property
    def optimal(self) -> bool:
        """Whether no smaller arena is possible with these lifetimes."""
        return self.arena == self.lower_bound

    def _title(self) -> str:
        return f"of {len(self.blocks):,} blocks"

    def _facts(self) -> Facts:
        least = "" if self.optimal else f", none is smaller than {size_text(self.lower_bound)}"
        return [
            ("arena", size_text(self.arena)),
            ("proven optimal", ("no" if least else "yes") + least),
            ("largest live set", size_text(self.peak)),
            ("seconds", f"{self.elapsed:.2f}"),
            ("aligned to", f"{self.alignment} B"),
        ]

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame`` with a row for each block, its columns the fields of ``Block``.

        Raises:
            UsageError: pandas is not installed.
        """
        names = ("name", "kind", "offset", "size", "lower", "upper")
        return frame({name: getattr(block, name) for name in names} for block in self.blocks)

    def plot(self, path: Any = None) -> Any:
        """Draw the arena: time goes across, addresses go up.

        Args:
            path: Where to save the figure, in a format that matplotlib tells by its ending.

        Returns:
            The ``matplotlib.figure.Figure``.

        Raises:
            UsageError: matplotlib is not installed, or the figure cannot be saved there.
        """
        figure = new_figure(9, 4.5)
        axes = figure.subplots()
        for i, block in enumerate(self.blocks):
            axes.broken_barh(
                [(block.lower, block.upper - block.lower)],
                (block.offset or 0, block.size),
                facecolor=f"C{i % 10}",
                edgecolor="white",
                linewidth=0.5,
                alpha=0.8,  # so that blocks are seen to lie over each other
            )
        axes.axhline(self.arena, color="tab:red", linewidth=1, linestyle="--")
        axes.set(title=f"Arena of {size_text(self.arena)}", xlabel="time", ylabel="address")
        return finished(figure, path)

    @property
    def gap(self) -> int:
        """Bytes between the arena and what is proven to be needed; 0 if optimal."""
        return self.arena - self.lower_bound


def uses_overlaps(problem: ArenaProblem, plan: Plan) -> bool:
    """Whether two blocks lie over each other at a time at which both are needed."""

    def meet(a: int, b: int) -> bool:
        low, high = sorted((plan.blocks[a], plan.blocks[b]), key=lambda block: block.offset or 0)
        return bool(low.size and high.size) and (
            (high.offset or 0) < (low.offset or 0) + problem.aligned(low.size)
        )

    pairs = (*problem.shares, *((a, b) for a, b, _ in problem.overlaps))
    return any(meet(a, b) for a, b in pairs)
