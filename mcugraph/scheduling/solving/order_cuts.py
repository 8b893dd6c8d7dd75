"""Cuts of one operator after the other in a network in which more and more is in order.

The cut of an operator v is the least that is live while it runs (see ``cuts``), here under
precedences that may be more than those of the network. All cuts are of one graph (see
``cut_graph``), and a flow that was found under fewer precedences is gone on with.
"""

from collections.abc import Sequence

from mcugraph.scheduling.solving.cut_graph import CutFlow, CutGraph
from mcugraph.scheduling.solving.network import mask
from mcugraph.scheduling.solving.overlay import least_gains


class OrderCut:
    """The cut of one operator.

    Args:
        graph: The network.
        v: The operator.
        ancestors, descendants: For each operator, all that run before it and after it: as in the
            network, or more.
        start: What flowed under fewer precedences.

    Attributes:
        least: Bytes that are live at the least while the operator runs.
        flow: What flows then.
    """

    __slots__ = (
        "_constant",
        "_descendants",
        "_graph",
        "_high",
        "_lost",
        "_low",
        "_sinks",
        "_sources",
        "_wide",
        "flow",
        "least",
    )

    def __init__(
        self,
        graph: CutGraph,
        v: int,
        ancestors: Sequence[int],
        descendants: Sequence[int],
        start: CutFlow | None = None,
    ) -> None:
        net = graph.net
        self._graph = graph
        self._descendants = descendants
        self._wide = wide = [*ancestors, *graph.wide[len(ancestors) :]]
        self._sources = ancestors[v] | 1 << graph.outside
        self._sinks = descendants[v] | 1 << v | 1 << graph.sink
        gains, besides = least_gains(net.overlays[v])
        self._lost: list[tuple[int, int, int]] = []
        self._constant = net.constant + net.step[v] - besides
        flow = start.copy() if start else graph.empty.copy()
        for node, (tensor, size) in enumerate(gains, graph.spare):
            others = mask(net.consumers[tensor]) & ~(1 << v)
            wide[node] = others
            self._constant -= size
            self._lost.append((1 << graph.outside, others, size))
            if not start:
                flow.left[graph.outside << graph.shift | node] = size
                flow.open[graph.outside] |= 1 << node
        flow.value += graph.push(flow, wide, self._sources, self._sinks)
        self.flow = flow
        self.least = self._constant + flow.value
        self._low, self._high = graph.sides(flow, wide, self._sources, self._sinks)

    def downsets(self) -> tuple[int, int]:
        """Of all downsets with the least live, the smallest one and the largest, as masks."""
        return self._operators(self._low), self._operators(~self._high)

    def if_run(self, w: int, room: int) -> tuple[int, tuple[int, int]]:
        """What it takes that ``w``, in no downset with the least live, has run.

        Args:
            w: The operator.
            room: Bytes; how much more than that it takes does not matter.

        Returns:
            Bytes by which that raises the cut, or more of them if that is within the room, and two
            downsets with which no more is live.
        """
        run = self._low | self._wide[w] | 1 << w
        return self._tried(run, self._sinks, self._operators(run), room)

    def unless_run(self, w: int, room: int) -> tuple[int, tuple[int, int]]:
        """The same where ``w``, in all downsets with the least live, has not run."""
        waiting = self._high | self._descendants[w] | 1 << w
        return self._tried(self._sources, waiting, self._operators(~waiting), room)

    def _tried(
        self, sources: int, sinks: int, downset: int, room: int
    ) -> tuple[int, tuple[int, int]]:
        more = self._live(downset) - self.least
        if more <= room:
            return more, (downset, downset)
        flow = self.flow.copy()
        more = self._graph.push(flow, self._wide, sources, sinks, room)
        if more > room:
            return more, (0, 0)
        run, waiting = self._graph.sides(flow, self._wide, sources, sinks)
        return more, (self._operators(run), self._operators(~waiting))

    def _operators(self, nodes: int) -> int:
        return nodes & (1 << len(self._descendants)) - 1

    def _live(self, downset: int) -> int:
        """Bytes live while the operator runs after a downset."""
        run = downset | 1 << self._graph.outside
        lost = [size for made, readers, size in self._lost if made & run and readers & ~downset]
        return self._constant + self._graph.live(downset) + sum(lost)
