"""The least that can be live once so many operators have run.

Every order comes to a state of each number of operators, its level. Of all states of a level, some
that must have run and some that cannot have are given; what is live at the least is bounded by
cuts: for any slope s,

    live(S) >= (the least, over all downsets T, of live(T) - s |T|) + s |S|,

and the right side is a minimum cut in which every operator that has not run takes s bytes more, or
less (a Lagrangian relaxation: M. Held and R. M. Karp, "The traveling-salesman problem and minimum
spanning trees: part II", 1971). As a function of s it is concave; the best s is where downsets of
fewer operators than the level and of more cost the same. What is between two such downsets is what
the cuts leave open.

With more operators given, all that flows stays a flow (see ``cut_graph``), for the same slope or a
steeper one.
"""

from mcugraph.scheduling.solving.cut_graph import CutFlow, CutGraph
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network, descendant_masks, highest_cost

_UNIT = 64  # parts of a byte, in which slopes are whole numbers
_LOOK = 5600  # nodes that flows walk, between two looks at the limits
_SLOPES = 4  # that are tried for one cut


class LevelCuts:
    """A network, as all cuts of its levels have it.

    Attributes:
        graph: The graph, in parts of a byte.
        wide: For each node, what it reaches, whatever flows.
        ancestors, descendants: All that run before and after each operator, as masks.
        everything: All operators.
        constant: What is live all the time, in parts of a byte.
        highest: Bytes that no order can need.
    """

    __slots__ = (
        "_seen",
        "ancestors",
        "constant",
        "descendants",
        "everything",
        "graph",
        "highest",
        "wide",
    )

    def __init__(self, net: Network) -> None:
        n = len(net.preds)
        self.graph = CutGraph(net, _UNIT)
        self.ancestors, self.descendants = self.graph.ancestors, descendant_masks(net)
        self.wide = [*self.ancestors, *self.graph.wide[n:]]
        self.everything = (1 << n) - 1
        self.constant = net.constant * _UNIT
        self.highest = highest_cost(net)
        self._seen = 0  # nodes walked until the last look at the limits

    def check(self, limits: Limits) -> None:
        """Look at the limits, as often as flows walked so much since the last time.

        Raises:
            LimitReached: A limit was reached.
        """
        while self._seen + _LOOK <= self.graph.walked:
            self._seen += _LOOK
            limits.check()

    def live(self, downset: int) -> int:
        """What is live after a downset, in parts of a byte."""
        return self.constant + self.graph.live(downset)

    def bytes_live(self, downset: int) -> int:
        """What is live after a downset, in bytes."""
        return self.live(downset) // _UNIT


class LevelCut:
    """A bound of the states of a level of which something is given.

    Args:
        cuts: The network.
        level: How many operators they hold, at least as many as ``run``, and not more than
            ``waiting`` leaves.
        run: What must have run: a downset.
        waiting: What cannot have: all descendants of its operators are in it.
        enough: Bytes; how much more than that they take does not matter.
        start: The cut of fewer operators in ``run`` and ``waiting``.

    Attributes:
        run, waiting: The same.
        least: Bytes that are live in all of them.
        few, many: Downsets within which, and beyond which, there is little to be told: between the
            two is what should be given next. If they are the same, it is the state with the least
            live.
    """

    __slots__ = (
        "_best",
        "_cuts",
        "_enough",
        "_level",
        "_plain",
        "_sinks",
        "_slope",
        "_sources",
        "_tilted",
        "few",
        "many",
        "run",
        "waiting",
    )

    def __init__(
        self,
        cuts: LevelCuts,
        level: int,
        run: int,
        waiting: int,
        enough: int,
        start: "LevelCut | None" = None,
    ) -> None:
        graph = cuts.graph
        self._cuts, self._level, self._enough = cuts, level, enough * _UNIT
        self.run, self.waiting = run, waiting
        self._sources, self._sinks = run | 1 << graph.outside, waiting | 1 << graph.sink
        self.few, self.many = run, cuts.everything & ~waiting
        self._best = 0
        self._plain: CutFlow = (start._plain if start else graph.empty).copy()
        self._tilted = self._plain
        self._slope = 0
        direction = self._pushed(self._plain, 0)
        if direction:
            self._tilt(direction, start)

    @property
    def least(self) -> int:
        """Bytes that are live in all of the states."""
        return -(-self._best // _UNIT)

    @property
    def flows(self) -> tuple[CutFlow, CutFlow]:
        """What flows, without a slope and with one."""
        return self._plain, self._tilted

    def _tilt(self, direction: int, start: "LevelCut | None") -> None:
        """Look for the best slope, first where it was before."""
        if start and start._slope * direction > 0:
            flow, at = start._tilted.copy(), start._slope
            slope = at
        else:
            flow, at = self._plain.copy(), 0
            slope = self._secant()
        for _ in range(_SLOPES):
            if abs(slope) < abs(at):
                flow, at = self._plain.copy(), 0
            self._steepen(flow, slope - at)
            self._tilted, self._slope = flow, slope
            if not self._pushed(flow, slope):
                return
            at, slope = slope, self._secant()
            if slope == at:
                return

    def _secant(self) -> int:
        """The slope at which the two downsets cost the same."""
        few, many, live = self.few, self.many, self._cuts.live
        return (live(many) - live(few)) // (many.bit_count() - few.bit_count())

    def _steepen(self, flow: CutFlow, slope: int) -> None:
        """Let each operator that has not run, or each one that has, cost so much more."""
        graph = self._cuts.graph
        for v in range(len(self._cuts.ancestors)):
            tail, head = (graph.outside, v) if slope > 0 else (v, graph.sink)
            graph.widen(flow, tail, head, abs(slope))

    def _pushed(self, flow: CutFlow, slope: int) -> int:
        """Push what is missing, and take note of what it says.

        Returns:
            What the best slope is: 0, this one, or more is not of interest; 1, a larger one; -1, a
            smaller one.
        """
        cuts, level = self._cuts, self._level
        graph = cuts.graph
        besides = slope * (len(cuts.ancestors) - level) if slope > 0 else -slope * level
        besides -= cuts.constant
        enough = self._enough + besides - flow.value
        flow.value += graph.push(flow, cuts.wide, self._sources, self._sinks, enough)
        self._best = max(self._best, flow.value - besides)
        if self._best > self._enough:
            return 0
        run, waiting = graph.sides(flow, cuts.wide, self._sources, self._sinks)
        few, many = run & cuts.everything, cuts.everything & ~waiting
        if few.bit_count() > level:
            self.many = few
            return -1
        if many.bit_count() < level:
            self.few = many
            return 1
        self.few, self.many = few, many
        return 0
