"""Cuts of one operator after the other in a network in which more and more is in order.

The cut of an operator v is the least that is live while it runs (see ``cuts``), here under
precedences that may be more than those of the network. All cuts are of one graph: a node for each
operator, and one for each tensor that several operators read; what must have run are sources,
what cannot have are sinks. A flow that was found under fewer precedences is one under more of them,
too: so it is kept, and only what is missing is pushed.

Sets of nodes are integers, one bit a node. What a node reaches, whatever flows, is one of them: all
that an operator needs at once, however indirectly, so that the ways to the sinks are short.
"""

from collections.abc import Sequence
from itertools import chain, pairwise
from operator import or_

from mcugraph.scheduling.solving.network import OUTSIDE, Network, ancestor_masks, mask
from mcugraph.scheduling.solving.overlay import least_gains

_ENTRY_BYTES = 75  # what is left, the pair of nodes, and their place in the table


class CutFlow:
    """What flows, for one operator.

    Attributes:
        value: Bytes that flow.
        left: Of pairs of nodes, packed into a number: what can still flow from one to the other.
        open: For each node, those to which something can.
    """

    __slots__ = ("left", "open", "value")

    def __init__(self, value: int, left: dict[int, int], open_: list[int]) -> None:
        self.value, self.left, self.open = value, left, open_

    @property
    def memory(self) -> int:
        """Bytes that it takes, about."""
        return _ENTRY_BYTES * len(self.left)

    def copy(self) -> "CutFlow":
        """The same, to go on from."""
        return CutFlow(self.value, self.left.copy(), self.open.copy())


class OrderCuts:
    """A network, as all its cuts have it.

    Attributes:
        ancestors: For each operator, what the network has before it, as a mask.
        walked: How many nodes were walked to look for flows, by all cuts.
    """

    def __init__(self, net: Network) -> None:
        n = len(net.preds)
        self.net = net
        self.ancestors = ancestor_masks(net)
        self.walked = 0
        self.sink = n
        self.outside = n + 1
        self._nodes = n + 2
        # Of each: its producer, its readers, as masks, and bytes.
        self.tensors: list[tuple[int, int, int]] = []
        self.wide: list[int] = [0] * self._nodes  # what each reaches, whatever flows
        tails: list[tuple[int, int, int]] = []
        for size, made, consumers, keep in zip(
            net.sizes, net.producer, net.consumers, net.keep, strict=True
        ):
            tail = self.outside if made == OUTSIDE else made
            self.tensors.append((1 << tail, 1 << self.sink if keep else mask(consumers), size))
            if keep:
                tails.append((tail, self.sink, size))
            elif len(consumers) == 1:
                tails.append((tail, consumers[0], size))
            elif consumers:
                self.wide.append(mask(consumers))
                tails.append((tail, self._nodes, size))
                self._nodes += 1
        # One more node for each input of an operator that an output may lie over.
        most = max((len(overlays) for overlays in net.overlays), default=0)
        self.spare = self._nodes
        self.wide += [0] * most
        self._nodes += most
        self.shift = self._nodes.bit_length()
        left: dict[int, int] = {}
        open_ = [0] * self._nodes
        for tail, head, size in tails:
            key = tail << self.shift | head
            left[key] = left.get(key, 0) + size
            open_[tail] |= 1 << head
        self.empty = CutFlow(0, left, open_)
        self.uncut = sum(net.sizes) + sum([o.saved for ov in net.overlays for o in ov]) + 1


class OrderCut:
    """The cut of one operator.

    Args:
        cuts: The network.
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
        "_cuts",
        "_descendants",
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
        cuts: OrderCuts,
        v: int,
        ancestors: Sequence[int],
        descendants: Sequence[int],
        start: CutFlow | None = None,
    ) -> None:
        net = cuts.net
        self._cuts = cuts
        self._descendants = descendants
        self._wide = wide = [*ancestors, *cuts.wide[len(ancestors) :]]
        self._sources = ancestors[v] | 1 << cuts.outside
        self._sinks = descendants[v] | 1 << v | 1 << cuts.sink
        gains, besides = least_gains(net.overlays[v])
        self._lost: list[tuple[int, int, int]] = []
        self._constant = net.constant + net.step[v] - besides
        flow = start.copy() if start else cuts.empty.copy()
        for node, (tensor, size) in enumerate(gains, cuts.spare):
            others = mask(net.consumers[tensor]) & ~(1 << v)
            wide[node] = others
            self._constant -= size
            self._lost.append((1 << cuts.outside, others, size))
            if not start:
                flow.left[cuts.outside << cuts.shift | node] = size
                flow.open[cuts.outside] |= 1 << node
        flow.value += self._pushed(flow, self._sources, self._sinks)
        self.flow = flow
        self.least = self._constant + flow.value
        self._low, self._high = self._sides(flow, self._sources, self._sinks)

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
        more = self._pushed(flow, sources, sinks, room)
        if more > room:
            return more, (0, 0)
        run, waiting = self._sides(flow, sources, sinks)
        return more, (self._operators(run), self._operators(~waiting))

    def _operators(self, nodes: int) -> int:
        return nodes & (1 << len(self._descendants)) - 1

    def _live(self, downset: int) -> int:
        """Bytes live while the operator runs after a downset."""
        run = downset | 1 << self._cuts.outside
        waiting = ~downset
        return self._constant + sum(
            [
                size
                for made, readers, size in chain(self._cuts.tensors, self._lost)
                if made & run and readers & waiting
            ]
        )

    def _sides(self, flow: CutFlow, sources: int, sinks: int) -> tuple[int, int]:
        """The nodes to which more could flow, and those from which more could flow on."""
        reach = list(map(or_, self._wide, flow.open))
        run = frontier = sources
        while frontier:
            new = 0
            while frontier:
                lowest = frontier & -frontier
                new |= reach[lowest.bit_length() - 1]
                frontier ^= lowest
            frontier = new & ~run
            run |= frontier
        waiting, before = sinks, 0
        rest = [node for node, reached in enumerate(reach) if reached]
        while waiting != before:
            before = waiting
            left = []
            for node in rest:
                if reach[node] & waiting:
                    waiting |= 1 << node
                else:
                    left.append(node)
            rest = left
        return run, waiting

    def _pushed(self, flow: CutFlow, sources: int, sinks: int, enough: int | None = None) -> int:
        """Push as much as possible, or until it is more than ``enough``; tell how much it was."""
        left, open_, wide, shift = flow.left, flow.open, self._wide, self._cuts.shift
        total = 0
        while enough is None or total <= enough:
            seen = frontier = sources
            levels: list[int] = []
            while frontier and not frontier & sinks:
                levels.append(frontier)
                new = 0
                while frontier:
                    lowest = frontier & -frontier
                    node = lowest.bit_length() - 1
                    new |= wide[node] | open_[node]
                    frontier ^= lowest
                frontier = new & ~seen
                seen |= frontier
            self._cuts.walked += seen.bit_count()
            if not frontier:
                break
            levels.append(frontier & sinks)
            last = len(levels) - 1
            if not last:
                return self._cuts.uncut
            path: list[int] = []
            while True:
                depth = len(path)
                if not depth:
                    if not levels[0]:
                        break
                    path.append((levels[0] & -levels[0]).bit_length() - 1)
                    continue
                node = path[-1]
                if depth <= last:
                    following = (wide[node] | open_[node]) & levels[depth]
                    if following:
                        path.append((following & -following).bit_length() - 1)
                    else:
                        levels[depth - 1] &= ~(1 << node)
                        path.pop()
                    continue
                ways = [a << shift | b for a, b in pairwise(path) if not wide[a] >> b & 1]
                if not ways:
                    return self._cuts.uncut
                amount = min([left[way] for way in ways])
                total += amount
                keep = last
                for depth in range(last - 1, -1, -1):
                    a, b = path[depth], path[depth + 1]
                    if not wide[a] >> b & 1:
                        way = a << shift | b
                        left[way] -= amount
                        if not left[way]:
                            open_[a] &= ~(1 << b)
                            keep = depth
                    back = b << shift | a
                    left[back] = left.get(back, 0) + amount
                    open_[b] |= 1 << a
                del path[keep + 1 :]
        return total
