"""Which tensors are live while each operator runs, in one order."""

from collections.abc import Sequence

from mcugraph.records import dataclass
from mcugraph.scheduling.liveness import liveness, numbered
from mcugraph.scheduling.order_checker import live_bytes
from mcugraph.scheduling.problem import Name, Problem


@dataclass(frozen=True, slots=True)
class Timeline:
    """The live sets of an order.

    Attributes:
        name: ``"file"``: as the operators come; ``"best"``: with the least peak that was found.
        order: Operators by number, in the order in which they run.
        begin, end: For each tensor of the problem, the steps at which it is live: from, to just
            before.
        live: Bytes live at each step, what a called subgraph needs included.
        bottleneck: The step at which most is live, the first one.
    """

    name: str
    order: tuple[int, ...]
    begin: tuple[int, ...]
    end: tuple[int, ...]
    live: tuple[int, ...]
    bottleneck: int

    @property
    def peak(self) -> int:
        """Bytes live at the bottleneck."""
        return self.live[self.bottleneck]


def timeline(problem: Problem, name: str, order: Sequence[Name]) -> Timeline:
    """The live sets of a problem in an order of its operators, of which there is at least one.

    Raises:
        GraphError: It is no order of them.
    """
    steps = numbered(problem, order)
    found = liveness(problem, steps)
    live = live_bytes(problem, order)
    return Timeline(name, tuple(steps), found.begin, found.end, tuple(live), live.index(max(live)))
