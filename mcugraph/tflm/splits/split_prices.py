"""What a program costs, and which of its operators make it cost so much."""

from typing import Protocol

from mcugraph.planning.stages import best_order
from mcugraph.records import dataclass
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.tflm.footprint import loading_with_plan
from mcugraph.tflm.head import Head
from mcugraph.tflm.lifetimes import ALIGNMENT
from mcugraph.tflm.loaded import TflmProgram


@dataclass(frozen=True, slots=True)
class Outline:
    """What is known of a program's cost before its tensors are placed, in bytes.

    Attributes:
        order: Operators of the first subgraph, by number, with the least peak.
        peak: The largest live set of this order, every size rounded up; no plan of it needs less.
        tight: The operators at which it is reached.
        tail: The tail on the device.
        loading: The least arena with which the device loads the program, however small its head.
    """

    order: tuple[int, ...]
    peak: int
    tight: frozenset[int]
    tail: int
    loading: int = 0

    def total(self, head: int) -> int:
        """Bytes of the arena to reserve, if the head comes to so many."""
        return max(head + self.tail, self.loading)


class Pricing(Protocol):
    """How a search finds out what a program costs."""

    def outline(self, program: TflmProgram) -> Outline | None:
        """What is soon known; None: its operators have to stay in the order of the file."""

    def head(self, program: TflmProgram, outline: Outline, seconds: float) -> int:
        """Bytes of the head with the best plan that is found in about so many seconds."""


@dataclass(frozen=True, slots=True)
class PlannedPrice:
    """Prices by the order with the least peak and our plan of it.

    Attributes:
        overlapping: Outputs may lie over inputs that die, as far as the program's kernels allow.
        seconds: For the order of one program.
    """

    overlapping: bool = False
    seconds: float = 0.25

    def outline(self, program: TflmProgram) -> Outline | None:
        """What is soon known; None: its operators have to stay in the order of the file."""
        head = Head(program, self.overlapping)
        if head.after is None:
            return None
        found = best_order(head.problem, ALIGNMENT, Limits(self.seconds, None, None))
        steps = zip(found.order, found.timeline, strict=True)
        loading = loading_with_plan(program, 0)
        return Outline(
            tuple(int(name) for name in found.order),
            found.peak,
            frozenset(int(name) for name, live in steps if live == found.peak),
            loading.tail,
            loading.total,
        )

    def head(self, program: TflmProgram, outline: Outline, seconds: float) -> int:
        """Bytes of the head with the best plan that is found in about so many seconds."""
        head, limits = Head(program, self.overlapping), Limits(seconds, None, None)
        arena = head.packed(outline.order, seconds / 2).arena
        if arena > outline.peak and limits.elapsed < seconds:
            order = head.near(outline.order, limits)
            arena = min(arena, head.packed(order, max(seconds - limits.elapsed, 0.0)).arena)
        return arena
